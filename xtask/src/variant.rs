//! Proofs that need another product than the one that is shipped, built in a copy.
//!
//! - **The walk.** `ARCHITECTURE.md` walks a click on Implement through the code. In the copy every function that it names
//!   reports that it was passed; a real click in a real browser must pass them in the order of the text.
//! - **Mutants in the page.** The browser's scenarios against a page built with a fault must go red, by an assertion that
//!   names an invariant, and stay green on the page as it is, served the same way.

mod places;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::copy::{self, Files, Mutant};
use crate::shell::{Run, cargo, npm, say, tool};
use crate::{wasm, workspace};

/// What the page and the binary are built of.
const SOURCES: [&str; 3] = ["crates", "ui", "Cargo.lock"];
/// Made in the copy, from its own sources.
const GENERATED: &str = "ui/src/wasm";
/// The names of the copies.
const WALK: &str = "walk";
const MUTANT: &str = "mutant";
/// Where the walk's functions write to, in the copy.
const TRACE: &str = "trace";
/// The module that hears of them, and where it stands in the copy.
const REPORT: (&str, &str) = ("crates/core/src/walk.rs", include_str!("variant/report.txt"));

/// Mutants that a browser can see, each with the scenario of `faults.e2e.ts` that must see it. The others need schedules
/// that no browser gets into reliably: the model finds them.
const SEEN: [(&str, &str); 3] = [
    ("drop-on-200", "a_reply_that_comes_before_its_record_changes_nothing_until_the_record_is_there"),
    ("snapshot-clears-pending", "a_snapshot_takes_no_click_away"),
    ("older-snapshot-installed", "a_snapshot_that_comes_late_takes_nothing_back"),
];

/// The traced click.
pub fn walk() -> Result<()> {
    let tree = tree(WALK);
    let document = fs::read_to_string(workspace::root().join("ARCHITECTURE.md"))?;
    let places = places::of_walk(&document)?;
    write(&reporting(&places, &tree.join(TRACE))?, &tree)?;
    build_page(&tree, WALK)?;
    let binary = format!("qd-{WALK}");
    let mut build = cargo();
    // Of the whole workspace, as the real binary, so that the features of the dependencies are the same.
    build.args(["build", "--quiet", "--workspace", "--bin", &binary]);
    build.current_dir(&tree).env("CARGO_TARGET_DIR", workspace::target()).run()?;
    fs::write(tree.join("places"), places.join("\n"))?;
    fs::write(tree.join(TRACE), "")?;
    let mut click = e2e(&["walk"]);
    click.env("QD_WALK", &tree).env("QD_BIN", workspace::target().join("debug").join(&binary));
    click.run()
}

/// The sources, in which every place reports that it was passed: in the page to the test, elsewhere to the file `trace`.
fn reporting(places: &[String], trace: &Path) -> Result<Files> {
    let mut files = sources(WALK)?;
    for place in places {
        if let Some((file, symbol)) = place.split_once("::") {
            files.edit(file, |text| places::report(text, place, symbol))?;
        }
    }
    files.put(REPORT.0, REPORT.1.replace("TRACE", &trace.display().to_string()));
    let of_core = "\nextern crate self as qd_core;\npub mod walk;\n";
    files.edit("crates/core/src/lib.rs", |text| Ok(format!("{text}{of_core}")))?;
    files.edit("crates/core/Cargo.toml", |text| {
        replace(text, "[dependencies]", "[dependencies]\nwasm-bindgen.workspace = true")
    })?;
    Ok(files)
}

/// Every mutant that a browser can see.
pub fn page_mutants() -> Result<()> {
    let all = Mutant::all()?;
    let scenarios = SEEN.map(|(_, scenario)| scenario).join("|");
    e2e(&["faults", "-t", &scenarios])
        .env("QD_PAGE", workspace::root().join("ui/dist"))
        .run()
        .context("the page as it is")?;
    let tree = tree(MUTANT);
    let files = sources(MUTANT)?;
    for (name, scenario) in SEEN {
        let start = Instant::now();
        let mutant = all.iter().find(|mutant| mutant.name == name).with_context(|| format!("there is no {name}"))?;
        write(&files, &tree)?;
        mutant.apply(&tree)?;
        build_page(&tree, MUTANT)?;
        let told = must_go_red(&tree, scenario).with_context(|| format!("{name} in {scenario}"))?;
        say(format_args!("{name:<26} {:<4} {:>4.0} s  {told}", mutant.breaks, start.elapsed().as_secs_f64()));
    }
    Ok(())
}

fn tree(name: &str) -> PathBuf {
    workspace::target().join("variant").join(name)
}

/// The sources of the copy `name`. It is built in the folder of the workspace's own builds, so that dependencies compile
/// once, and must never stand for the real thing there: its crates have a version of their own, and what cargo names
/// without one has a name of its own.
fn sources(name: &str) -> Result<Files> {
    let mut files = Files::of_workspace(&SOURCES)?;
    for folder in [GENERATED, "ui/e2e", "ui/bench", "crates/testkit/tests"] {
        files.remove(folder);
    }
    let mut manifest = copy::manifest(&["crates/*".to_owned()])?;
    let package = manifest.get_mut("workspace").and_then(|workspace| workspace.get_mut("package"));
    let package = package.and_then(toml::Value::as_table_mut).context("Cargo.toml says nothing about packages")?;
    package.insert("version".to_owned(), format!("0.0.0-{name}").into());
    files.put("Cargo.toml", manifest.to_string());
    files.edit("crates/cli/Cargo.toml", |text| {
        replace(text, "[[bin]]\nname = \"qd\"", &format!("[[bin]]\nname = \"qd-{name}\""))
    })?;
    files.edit("crates/web/Cargo.toml", |text| {
        replace(text, "[lib]", &format!("[lib]\nname = \"{}\"", library(name)))
    })?;
    Ok(files)
}

/// The name of the copy's library for the page.
fn library(name: &str) -> String {
    format!("qd_web_{name}")
}

fn replace(text: &str, was: &str, becomes: &str) -> Result<String> {
    ensure!(text.contains(was), "there is no `{was}`");
    Ok(text.replacen(was, becomes, 1))
}

fn write(files: &Files, tree: &Path) -> Result<()> {
    files.write(tree, &["crates", "ui/src"], GENERATED)?;
    // A repository of its own: what the one around it ignores is passed over by the build of the page.
    tool("git").args(["init", "--quiet"]).arg(tree).read()?;
    let packages = tree.join("ui/node_modules");
    if !packages.exists() {
        std::os::unix::fs::symlink(workspace::root().join("ui/node_modules"), packages)?;
    }
    Ok(())
}

/// Builds the WebAssembly and the page of a copy into its `ui/dist`.
fn build_page(tree: &Path, name: &str) -> Result<()> {
    wasm::build_copy(tree, &library(name))?;
    npm(["run", "--silent", "build", "--", "--logLevel=warn"]).current_dir(tree).run()
}

fn e2e(arguments: &[&str]) -> Command {
    let mut command = npm(["run", "--silent", "e2e", "--", "--reporter=default"]);
    command.args(arguments);
    command
}

/// Runs a scenario on the page of `tree`; gives the assertion that found the fault. A time-out finds nothing, nor does
/// what was never meant to.
fn must_go_red(tree: &Path, scenario: &str) -> Result<String> {
    let mut test = e2e(&["faults", "-t", scenario]);
    test.env("QD_PAGE", tree.join("ui/dist")).env("NO_COLOR", "1").stdin(Stdio::null());
    let run = test.output()?;
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    ensure!(!run.status.success(), "the scenario does not see it");
    let mut assertions = said.lines().filter_map(|line| line.trim_start().strip_prefix("AssertionError: "));
    match assertions.find(|told| names_an_invariant(told)) {
        Some(told) => Ok(told.to_owned()),
        None => bail!("the scenario went red for another reason\n{said}"),
    }
}

/// Whether an assertion is about one of the invariants: `… (I1): …`.
fn names_an_invariant(told: &str) -> bool {
    told.split("(I").skip(1).any(|rest| {
        let digits = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        digits.len() < rest.len() && digits.starts_with(')')
    })
}

#[cfg(test)]
mod tests {
    use super::names_an_invariant;

    #[test]
    fn only_an_invariant_is_a_reason() {
        assert!(names_an_invariant("frames without the card (I1): expected 4 to be +0"));
        assert!(!names_an_invariant("expected (Inf) to be 1"));
        assert!(!names_an_invariant("one session on the server: expected [] to have a length of 1"));
    }
}
