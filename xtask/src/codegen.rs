//! `cargo xtask codegen`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::shell::{Run, cargo, say};
use crate::workspace;

/// Where the page finds its types, below the root.
const PLACE: &str = "ui/src/lib/generated/types.ts";

/// Make the page's TypeScript types from the Rust types of `core`, `wire` and `client`.
#[derive(clap::Args)]
pub struct Codegen {
    /// Write nothing; fail if the types in the repository are not these.
    #[arg(long)]
    check: bool,
}

impl Codegen {
    pub fn run(self) -> Result<()> {
        if self.check { check() } else { write() }
    }
}

/// Fails if the types in the repository are stale.
pub fn check() -> Result<()> {
    let fresh = compact(&declarations()?);
    let kept = fs::read_to_string(place()).unwrap_or_default();
    let line = first_difference(&kept, &fresh);
    ensure!(line.is_none(), "{PLACE} is stale from line {}: run `cargo xtask codegen`", line.unwrap_or(0));
    Ok(())
}

fn write() -> Result<()> {
    let fresh = compact(&declarations()?);
    let place = place();
    if fs::read_to_string(&place).is_ok_and(|kept| kept == fresh) {
        return Ok(());
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&place, fresh).with_context(|| format!("cannot write {PLACE}"))?;
    say(format_args!("{PLACE} is new"));
    Ok(())
}

fn place() -> PathBuf {
    workspace::root().join(PLACE)
}

fn declarations() -> Result<String> {
    let mut example = cargo();
    example.args(["run", "--quiet", "--package", "xtask", "--example", "typescript"]);
    example.read().context("the types were not exported")
}

/// Comments of one line on one line, and no blanks at the ends of lines.
fn compact(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut compact = String::new();
    let mut rest = lines.as_slice();
    loop {
        match rest {
            ["/**", comment, " */", after @ ..] => {
                compact.push_str("/** ");
                compact.push_str(comment.trim_start_matches(" * "));
                compact.push_str(" */\n");
                rest = after;
            }
            [line, after @ ..] => {
                compact.push_str(line);
                compact.push('\n');
                rest = after;
            }
            [] => return compact,
        }
    }
}

/// The number of the first line, from 1, that is not the same in both.
fn first_difference(kept: &str, fresh: &str) -> Option<usize> {
    if kept == fresh {
        return None;
    }
    let same = kept.lines().zip(fresh.lines()).take_while(|(kept, fresh)| kept == fresh);
    Some(same.count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_comments_take_one_line() {
        let text = "/**\n * Short.\n */\nexport type A = { \n/**\n * Long,\n * so long.\n */\nb: C, };\n";
        let expected = "/** Short. */\nexport type A = {\n/**\n * Long,\n * so long.\n */\nb: C, };\n";
        assert_eq!(compact(text), expected);
    }

    #[test]
    fn the_first_stale_line_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
    }
}
