//! Results: what was measured, what was wanted, and how both are told.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Measured {
    /// Of many: the median and the one that 99 % do not exceed.
    Spread {
        /// The median.
        p50: f64,
        /// What 99 % do not exceed.
        p99: f64,
    },
    /// One value.
    Value {
        /// It.
        value: f64,
    },
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// No more than this.
    Most(f64),
    /// No less than this.
    Least(f64),
    /// The median and the 99th percentile no more than these.
    Spread(f64, f64),
    /// The median no more than this.
    Median(f64),
}

impl Limit {
    fn is_met(self, measured: Measured) -> bool {
        match (self, measured) {
            (Self::Most(most), Measured::Value { value }) => value <= most,
            (Self::Least(least), Measured::Value { value }) => value >= least,
            (Self::Spread(middle, high), Measured::Spread { p50, p99 }) => p50 <= middle && p99 <= high,
            (Self::Median(middle) | Self::Most(middle), Measured::Spread { p50, .. }) => p50 <= middle,
            (Self::Least(least), Measured::Spread { p50, .. }) => p50 >= least,
            (Self::Spread(middle, _) | Self::Median(middle), Measured::Value { value }) => value <= middle,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Most(most) => write!(f, "≤ {most}"),
            Self::Least(least) => write!(f, "≥ {least}"),
            Self::Spread(p50, p99) => write!(f, "p50 ≤ {p50}, p99 ≤ {p99}"),
            Self::Median(p50) => write!(f, "p50 ≤ {p50}"),
        }
    }
}

/// A result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Its name, which stays.
    pub id: String,
    /// What it tells.
    pub what: String,
    /// In what it is measured.
    pub unit: String,
    /// The result.
    #[serde(flatten)]
    pub measured: Measured,
    /// What is wanted.
    pub target: String,
    /// Whether the result is what is wanted.
    pub met: bool,
    /// How it was measured, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Figure {
    /// Judges what was measured.
    pub fn new(id: &str, what: &str, unit: &str, limit: Limit, measured: Measured) -> Self {
        let (id, what, unit) = (id.to_owned(), what.to_owned(), unit.to_owned());
        Self { id, what, unit, measured, target: limit.to_string(), met: limit.is_met(measured), note: None }
    }

    /// Judges one value.
    pub fn value(id: &str, what: &str, unit: &str, limit: Limit, value: f64) -> Self {
        Self::new(id, what, unit, limit, Measured::Value { value: rounded(value) })
    }

    /// Judges many samples by their percentiles.
    pub fn spread(id: &str, what: &str, unit: &str, limit: Limit, samples: &[f64]) -> Result<Self> {
        let none = || format!("{id} has no samples");
        let (p50, p99) = (percentile(samples, 50).with_context(none)?, percentile(samples, 99).with_context(none)?);
        let measured = Measured::Spread { p50: rounded(p50), p99: rounded(p99) };
        Ok(Self::new(id, what, unit, limit, measured).with_note(&format!("{} samples", samples.len())))
    }

    /// Adds to how it was measured.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.note = Some(self.note.map_or_else(|| note.to_owned(), |before| format!("{before}; {note}")));
        self
    }

    fn shown(&self) -> String {
        match self.measured {
            Measured::Spread { p50, p99 } => format!("p50 {p50}, p99 {p99}"),
            Measured::Value { value } => value.to_string(),
        }
    }
}

/// To three digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The smallest sample that `percent` of all do not exceed.
pub fn percentile(samples: &[f64], percent: usize) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was measured.
    pub commit: String,
    /// On what.
    pub machine: String,
    /// The results.
    pub results: Vec<Figure>,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = if self.met { "met   " } else { "MISSED" };
        let shown = format!("{} {}", self.shown(), self.unit);
        write!(f, "{met} {:<24} {shown:<30} {:<26} {}", self.id, self.target, self.what)?;
        self.note.as_ref().map_or(Ok(()), |note| write!(f, " ({note})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let samples: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(percentile(&samples, 50), Some(100.0));
        assert_eq!(percentile(&samples, 99), Some(198.0));
        assert_eq!(percentile(&[7.0], 99), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_spread_is_met_only_where_both_ends_are() {
        let figure = |p50, p99| Figure::new("a", "", "ms", Limit::Spread(1.0, 4.0), Measured::Spread { p50, p99 }).met;
        assert!(figure(1.0, 4.0));
        assert!(!figure(1.1, 2.0));
        assert!(!figure(0.5, 4.1));
    }

    #[test]
    fn a_result_has_the_form_that_is_promised() {
        let figure = Figure::value("size.binary", "binary", "MB", Limit::Most(30.0), 12.34567);
        let json = serde_json::to_string(&figure).unwrap();
        assert_eq!(
            json,
            r#"{"id":"size.binary","what":"binary","unit":"MB","value":12.346,"target":"≤ 30","met":true}"#
        );
    }
}
