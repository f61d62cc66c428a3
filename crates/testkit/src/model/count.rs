//! What the schedules reached: how often each kind of step befell something, and each pair of faults in one schedule.

use super::plan::faults;
use super::step::{Group, Kind};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Count {
    lengths: Vec<usize>,
    kinds: BTreeMap<Kind, u64>,
    pairs: BTreeMap<(Kind, Kind), u64>,
}

impl Count {
    /// Takes in the steps of a schedule that befell something.
    pub fn schedule(&mut self, steps: &[Kind]) {
        self.lengths.push(steps.len());
        for kind in steps {
            *self.kinds.entry(*kind).or_default() += 1;
        }
        let mut faults: Vec<Kind> = steps.iter().copied().filter(|kind| kind.group() == Group::Fault).collect();
        faults.sort_unstable();
        let twice: Vec<Kind> = faults.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
        faults.dedup();
        for (at, first) in faults.iter().enumerate() {
            if twice.contains(first) {
                *self.pairs.entry((*first, *first)).or_default() += 1;
            }
            for second in &faults[at + 1..] {
                *self.pairs.entry((*first, *second)).or_default() += 1;
            }
        }
    }

    /// Adds what another run reached.
    pub fn add(&mut self, other: Self) {
        self.lengths.extend(other.lengths);
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        for (pair, count) in other.pairs {
            *self.pairs.entry(pair).or_default() += count;
        }
    }

    /// How many schedules there were.
    pub fn schedules(&self) -> usize {
        self.lengths.len()
    }

    /// The median of the steps that befell something.
    pub fn median(&self) -> usize {
        let mut lengths = self.lengths.clone();
        lengths.sort_unstable();
        lengths.get(lengths.len() / 2).copied().unwrap_or_default()
    }

    /// The kinds and pairs that were reached less often than `least`.
    pub fn missing(&self, least: u64) -> Vec<String> {
        let kinds =
            Kind::ALL.iter().map(|kind| (format!("{kind:?}"), self.kinds.get(kind).copied().unwrap_or_default()));
        let pairs = pairs().map(|pair| (format!("{:?} and {:?}", pair.0, pair.1), self.pair(pair)));
        kinds.chain(pairs).filter(|(_, count)| *count < least).map(|(name, count)| format!("{name}: {count}")).collect()
    }

    fn pair(&self, pair: (Kind, Kind)) -> u64 {
        self.pairs.get(&pair).copied().unwrap_or_default()
    }

    /// The table: the kinds, then the pairs of faults, each fault a line with its partners.
    pub fn table(&self) -> Vec<String> {
        let steps: usize = self.lengths.iter().sum();
        let head = format!("{} schedules, {steps} steps, median {}", self.schedules(), self.median());
        let kinds = Kind::ALL.iter().map(|kind| {
            let count = self.kinds.get(kind).copied().unwrap_or_default();
            format!("  {:<8} {:<16} {count:>9}", format!("{:?}", kind.group()), format!("{kind:?}"))
        });
        let partners = faults().map(|first| {
            let of = faults().map(|second| self.pair((first.min(second), first.max(second))));
            let counts: Vec<String> = of.map(|count| format!("{count:>7}")).collect();
            format!("  {:<14}{}", format!("{first:?}"), counts.join(""))
        });
        let least = pairs().map(|pair| self.pair(pair)).min().unwrap_or_default();
        let pairs = format!("pairs of faults in one schedule (columns in the order of the lines), least {least}:");
        std::iter::once(head).chain(kinds).chain([pairs]).chain(partners).collect()
    }
}

/// Every pair of faults, each with itself too.
fn pairs() -> impl Iterator<Item = (Kind, Kind)> {
    faults().flat_map(|first| faults().filter(move |second| first <= *second).map(move |second| (first, second)))
}
