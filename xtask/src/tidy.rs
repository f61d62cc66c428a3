//! `cargo xtask tidy`.

mod crates;
mod figures;
mod rules;
mod source;
mod symbols;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, bail};

use crate::shell::{Run, say, tool};
use crate::workspace;
use rules::Breach;
use source::Source;

/// Check the rules that no compiler checks, and print the figures.
///
/// Files are not too large and say what they are for; only `proc` spawns, only
/// `store` knows SQL, only `server` knows axum, only `agents` knows a vendor;
/// crates depend on what the architecture says; tests do not sleep; features
/// of the page do not import each other.
#[derive(clap::Args)]
pub struct Tidy {}

/// Runs the command.
pub fn run() -> Result<()> {
    let sources = sources()?;
    let (figures, mut breaches) = figures::measure(&sources);
    for line in figures {
        say(line);
    }
    for source in &sources {
        breaches.extend(rules::check(source));
        let manifest = source.path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml"));
        if let Some(name) = manifest.filter(|name| !name.contains('/')) {
            breaches.extend(crates::check(name, &source.text)?);
        }
    }
    breaches.extend(symbols::check(&sources));
    for Breach { path, line, rule } in &breaches {
        say(format_args!("{path}:{line}: {rule}"));
    }
    if !breaches.is_empty() {
        bail!("{} places break a rule", breaches.len());
    }
    Ok(())
}

/// The text files that are, or could be, committed. What is generated and what
/// users see as their project, the demo's template, is not ours to judge.
fn sources() -> Result<Vec<Source>> {
    const NOT_OURS: [&str; 3] = ["crates/engine/demo/", "ui/src/lib/generated/", "ui/src/wasm/"];
    let mut git = tool("git");
    let listed = git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).read()?;
    let paths = listed.split('\0').filter(|path| !path.is_empty());
    let ours = paths.filter(|path| !NOT_OURS.iter().any(|folder| path.starts_with(folder)));
    // A file that is listed and gone was deleted, one that is not UTF-8 is no text.
    let texts = ours.filter_map(|path| Some((path, fs::read_to_string(workspace::root().join(path)).ok()?)));
    let mut sources: Vec<Source> = texts.map(|(path, text)| Source::new(path, &text)).collect();
    let of_tests: BTreeSet<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in sources.iter_mut().filter(|source| of_tests.contains(&source.path)) {
        source.is_test.fill(true);
    }
    Ok(sources)
}
