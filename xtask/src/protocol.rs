//! The proofs of the optimistic protocol that run many schedules: the model test, the mutants that it must find, the
//! replay in WebAssembly.
//!
//! They run in a copy of the crates that the model needs, built alone: quicker to build than the workspace, quicker to
//! run than its tests, and with the dependencies' features as the page has them, so that native code and WebAssembly can
//! be compared byte for byte.
//!
//! The model must find each mutant by the name of what it breaks; else the model proves nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use crate::copy::{self, Files, Mutant};
use crate::shell::{Run, cargo, say, tool};
use crate::workspace;

/// Schedules of the model, how often at least each kind of step and pair of faults comes in them, schedules on the store
/// of the product, and recorded ones that are replayed in WebAssembly.
struct Counts {
    schedules: u32,
    least: u32,
    sqlite: u32,
    replayed: u32,
}

const FULL: Counts = Counts { schedules: 200_000, least: 1_000, sqlite: 10_000, replayed: 2_000 };
const TENTH: Counts = Counts { schedules: 20_000, least: 100, sqlite: 1_000, replayed: 200 };
/// A mutant is looked for on so many schedules, always the same.
const SCHEDULES: &str = "20000";
/// Crates that are copied as they are.
const WHOLE: [&str; 4] = ["core", "wire", "client", "store"];
/// Files of crates of which the model needs no more, with what they depend on. Building the rest takes minutes.
const PARTS: [Part; 2] = [
    Part {
        name: "engine",
        files: &["src/workspace.rs"],
        lib: "//! The workspace alone.\npub mod workspace;\n",
        dependencies: &["qd-core", "qd-store", "qd-wire", "serde_json", "sha2", "uuid"],
        rest: "",
    },
    Part {
        name: "testkit",
        files: &["src/memory.rs", "src/random.rs", "src/model.rs", "src/model", "src/bin/model.rs"],
        lib: "//! The model alone.\npub mod memory;\npub mod model;\npub mod random;\n",
        dependencies: &[
            "anyhow",
            "clap",
            "qd-client",
            "qd-core",
            "qd-engine",
            "qd-store",
            "qd-wire",
            "serde",
            "serde_json",
            "sha2",
            "tempfile",
            "thiserror",
            "uuid",
        ],
        // A name of its own: it must never stand where the real one is looked for.
        rest: "\n[[bin]]\nname = \"mutant\"\npath = \"src/bin/model.rs\"\n",
    },
];

struct Part {
    name: &'static str,
    files: &'static [&'static str],
    lib: &'static str,
    dependencies: &'static [&'static str],
    rest: &'static str,
}

/// A tenth of the full counts, with a new seed.
pub fn tenth() -> Result<()> {
    let tree = prepare()?;
    model_test(&tree, &TENTH)?;
    replay_in(&tree, &TENTH)?;
    // Last: what they leave behind is no more than the sources again.
    find_mutants(&tree)
}

/// The model test in full, with a new seed or the arguments that are given.
pub fn model(args: &[String]) -> Result<()> {
    let tree = prepare()?;
    if args.is_empty() { model_test(&tree, &FULL) } else { program(&tree).args(args).run() }
}

/// Every mutant.
pub fn mutants() -> Result<()> {
    find_mutants(&prepare()?)
}

/// The replay in full.
pub fn replay() -> Result<()> {
    replay_in(&prepare()?, &FULL)
}

/// The copy, built.
fn prepare() -> Result<PathBuf> {
    let tree = workspace::target().join("protocol");
    refresh(&tree)?;
    build(&tree)?;
    Ok(tree)
}

#[expect(clippy::disallowed_methods, reason = "only a seed is made of it, and that is printed")]
fn new_seed() -> Result<String> {
    Ok((SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 1_000_000 * 1_000_000).to_string())
}

fn model_test(tree: &Path, counts: &Counts) -> Result<()> {
    let seed = new_seed()?;
    let (count, least) = (counts.schedules.to_string(), counts.least.to_string());
    program(tree).args(["--seed", &seed, "--count", &count, "--least", &least, "--table"]).run()?;
    program(tree).args(["--seed", &seed, "--count", &counts.sqlite.to_string(), "--sqlite"]).run()
}

fn replay_in(tree: &Path, counts: &Counts) -> Result<()> {
    let (seed, count) = (new_seed()?, counts.replayed.to_string());
    let mut tape = program(tree);
    tape.args(["--seed", &seed, "--count", &count, "--tape"]).stdout(Stdio::piped());
    let mut recorder = tape.spawn().context("cannot start the model")?;
    let recording = recorder.stdout.take().context("the model has no output")?;
    let replayed = tool("node").args(["crates/testkit/replay.mjs", &count]).stdin(recording).run();
    ensure!(recorder.wait()?.success(), "the model failed on seed {seed} while it recorded");
    replayed.with_context(|| format!("the recording from seed {seed} on"))
}

fn find_mutants(tree: &Path) -> Result<()> {
    let all = Mutant::all()?;
    let mut alive = Vec::new();
    for mutant in &all {
        let start = Instant::now();
        let found = try_one(tree, mutant)?;
        let word = if found { "broken" } else { "NOT FOUND" };
        let seconds = start.elapsed().as_secs_f64();
        say(format_args!("{:<26} {:<4} {word:<9} {seconds:>5.0} s", mutant.name, mutant.breaks));
        if !found {
            alive.push(mutant.name.as_str());
        }
    }
    ensure!(alive.is_empty(), "not found by the model: {}", alive.join(", "));
    say(format_args!("all {} mutants were found", all.len()));
    Ok(())
}

fn try_one(tree: &Path, mutant: &Mutant) -> Result<bool> {
    mutant.apply(tree)?;
    let mut arguments = vec!["--count", SCHEDULES, "--expect", &mutant.breaks];
    arguments.extend(mutant.arguments.iter().map(String::as_str));
    build(tree).with_context(|| format!("the mutant {} does not compile", mutant.name))?;
    let found = program(tree).args(&arguments).read().is_ok();
    refresh(tree)?;
    Ok(found)
}

fn build(tree: &Path) -> Result<()> {
    let mut build = cargo();
    build.current_dir(tree).args(["build", "--quiet", "--package", "qd-testkit", "--bin", "mutant"]);
    // One file after the other changes, also where all else is built but once.
    build.env("CARGO_INCREMENTAL", "1");
    // A mutant may leave something unused.
    build.env("RUSTFLAGS", "--cap-lints=allow").env("CARGO_TARGET_DIR", tree.join("target")).read().map(drop)
}

fn program(tree: &Path) -> Command {
    tool(tree.join("target/debug/mutant"))
}

/// Makes the copy current.
fn refresh(tree: &Path) -> Result<()> {
    let whole = WHOLE.iter().flat_map(|name| [format!("crates/{name}/src"), format!("crates/{name}/Cargo.toml")]);
    let parts = PARTS.iter().flat_map(|part| part.files.iter().map(|file| format!("crates/{}/{file}", part.name)));
    let names: Vec<String> = whole.chain(parts).chain(["Cargo.lock".to_owned()]).collect();
    let mut files = Files::of_workspace(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    for part in &PARTS {
        files.put(format!("crates/{}/src/lib.rs", part.name), part.lib);
        files.put(format!("crates/{}/Cargo.toml", part.name), manifest(part));
    }
    files.put("Cargo.toml", workspace_manifest()?);
    files.write(tree, &[], "")
}

fn manifest(part: &Part) -> String {
    format!(
        "[package]\nname = \"qd-{}\"\nversion = \"0.0.0\"\nedition.workspace = true\n\n[dependencies]\n{}.workspace = true\n{}",
        part.name,
        part.dependencies.join(".workspace = true\n"),
        part.rest
    )
}

/// The workspace's own, with fewer members and code that is quick enough to run many schedules.
fn workspace_manifest() -> Result<String> {
    let names = WHOLE.iter().copied().chain(PARTS.iter().map(|part| part.name));
    let members: Vec<String> = names.map(|name| format!("crates/{name}")).collect();
    let mut manifest = copy::manifest(&members)?;
    let quick: toml::Table = "[dev]\nopt-level = 1\ndebug = false\n".parse()?;
    manifest.insert("profile".to_owned(), quick.into());
    Ok(manifest.to_string())
}
