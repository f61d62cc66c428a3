//! Measures the release build and prints the table.

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use qd_testkit::bench::{Part, Report, Scale, Setup, machine, run};
use qd_testkit::panel::built_qd;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Measure the program against its targets.
#[derive(Parser)]
struct Bench {
    /// Measure only this, or what begins with it.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
    /// Write the results there as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The program; else the one built beside this one.
    #[arg(long, value_name = "FILE")]
    qd: Option<PathBuf>,
    /// Everything small: to see whether the bench itself works.
    #[arg(long)]
    small: bool,
    /// Be an agent that the bench measures with.
    #[arg(long, hide = true)]
    play: Option<Part>,
    /// How many events that agent has.
    #[arg(long, hide = true, default_value_t = 0)]
    events: usize,
}

fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn main() -> Result<()> {
    let bench = Bench::parse();
    if let Some(part) = bench.play {
        return part.play(bench.events);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the workspace has no folder")?;
    let scale = if bench.small { Scale::SMALL } else { Scale::FULL };
    let qd = bench.qd.map_or_else(built_qd, Ok)?;
    let setup = Setup { qd, root: root.to_owned(), scale, only: bench.only };
    let machine = machine();
    say(&machine);
    let (results, failed) = run(&setup, &mut |figure| say(figure))?;
    let missed = results.iter().filter(|figure| !figure.met).count();
    say(format_args!("{} met, {missed} missed", results.len() - missed));
    if let Some(file) = bench.json {
        let report = Report { commit: commit(root), machine, results };
        std::fs::write(&file, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("{} can't be written", file.display()))?;
    }
    for error in &failed {
        say(format_args!("{error:#}"));
    }
    ensure!(failed.is_empty(), "{} parts could not be measured", failed.len());
    Ok(())
}

/// The commit that is checked out, and whether anything differs from it.
#[expect(clippy::disallowed_methods, reason = "the testkit runs real programs")]
fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).current_dir(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let changed = git(&["status", "--porcelain"]).is_some_and(|lines| !lines.is_empty());
    if changed { format!("{head} with changes") } else { head }
}
