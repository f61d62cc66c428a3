//! Words to the terminal: results on standard output, everything else on standard error.

use crate::exit::Error;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write as _};

/// A line on standard output, at once. A reader that went away is no error.
pub fn line(text: impl std::fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Text without an end of line on standard output.
pub fn piece(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A JSON object on a line of standard output.
pub fn json(value: &impl Serialize) {
    line(serde_json::to_string(value).unwrap_or_default());
}

/// A remark on standard error.
pub fn remark(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Why the command ends, on standard error.
pub fn error(error: &Error, as_json: bool) {
    if as_json {
        let code = match error {
            Error::Refused { code, .. } => json!(code),
            _ => Value::Null,
        };
        remark(json!({ "error": error.name(), "code": code, "message": error.to_string() }));
    } else {
        remark(format_args!("qd: {error}"));
    }
}

/// The widest cell of a table.
const WIDEST: usize = 60;

/// A table with columns as wide as they need to be; the last one takes what it takes.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let head: Vec<String> = head.iter().map(|cell| cell.to_uppercase()).collect();
    for row in std::iter::once(&head).chain(&rows) {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(cells.join("  ").trim_end());
    }
}

/// One line of at most [`WIDEST`] characters.
fn cut(cell: &str) -> String {
    let line = cell.replace(['\n', '\r', '\t'], " ");
    if line.chars().count() <= WIDEST {
        return line;
    }
    line.chars().take(WIDEST - 1).chain(['…']).collect()
}
