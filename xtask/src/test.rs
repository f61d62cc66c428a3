//! `cargo xtask test`.

pub mod agents;
pub mod browser;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::shell::{Run, cargo, say};
use crate::{codegen, page, protocol, shell, tidy, variant, wasm};

/// Install what the tests need and run everything that CI runs.
///
/// On Debian with root this installs Chromium. Every step runs, even after
/// one failed, unless it needs the result of that one.
#[derive(clap::Args)]
pub struct Test {
    /// Run only these steps (and what they need).
    #[arg(value_name = "STEP")]
    only: Vec<String>,
    /// List the steps.
    #[arg(long)]
    list: bool,
}

/// Something that passes or fails.
struct Step {
    name: &'static str,
    /// Steps without whose result this one cannot run.
    needs: &'static [&'static str],
    run: fn() -> Result<()>,
}

const fn step(name: &'static str, needs: &'static [&'static str], run: fn() -> Result<()>) -> Step {
    Step { name, needs, run }
}

/// In the order in which a mistake shows soonest.
const STEPS: &[Step] = &[
    step("format", &[], || cargo().args(["fmt", "--all", "--check"]).run()),
    step("tidy", &[], tidy::run),
    step("packages", &[], page::install),
    step("wasm", &["packages"], wasm::build),
    step("codegen", &[], codegen::check),
    step("page-types", &["packages", "wasm"], || page::script("typecheck")),
    step("page-lint", &["packages"], || page::script("lint")),
    step("page-tests", &["packages", "wasm"], || page::script("test")),
    step("page-build", &["packages", "wasm"], page::build),
    step("clippy", &["page-build"], || {
        cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"]).run()
    }),
    step("protocol", &["packages", "wasm"], protocol::tenth),
    step("agents", &[], agents::install),
    step("rust-tests", &["page-build", "agents"], || {
        cargo().args(["test", "--quiet", "--workspace", "--no-fail-fast"]).run()
    }),
    step("binary", &["page-build"], || {
        // Of the whole workspace, as the tests: with the same features nothing compiles twice.
        cargo().args(["build", "--quiet", "--workspace", "--bins"]).run()
    }),
    step("browser", &[], browser::install),
    step("browser-tests", &["packages", "binary", "browser", "agents"], || page::script("e2e")),
    step("walk", &["packages", "binary", "browser"], variant::walk),
    step("page-mutants", &["packages", "binary", "browser"], variant::page_mutants),
];

/// How a step ended.
#[derive(Debug, PartialEq)]
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    NotRun { for_want_of: &'static str },
}

impl Test {
    pub fn run(self) -> Result<()> {
        if self.list {
            for step in STEPS {
                say(step.name);
            }
            return Ok(());
        }
        shell::require("git")?;
        if let Ok(free) = shell::tool("df").args(["-h", "--output=avail", "."]).read() {
            say(format_args!(
                "{} free on this disk; all steps together take 7 GB",
                free.lines().last().unwrap_or("?").trim()
            ));
        }
        let outcomes = run_all(&chosen(STEPS, &self.only)?);
        let failed = outcomes.iter().filter(|(_, outcome)| !matches!(outcome, Outcome::Passed(_))).count();
        table(&outcomes).iter().for_each(say);
        say(format_args!("{} passed, {failed} failed", outcomes.len() - failed));
        if failed > 0 {
            // Not as an error: the sum is the last line.
            std::process::exit(1);
        }
        Ok(())
    }
}

/// The named steps and, before each, what it needs; all when none is named.
fn chosen<'a>(steps: &'a [Step], names: &[String]) -> Result<Vec<&'a Step>> {
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(unknown) = wanted.iter().find(|name| !steps.iter().any(|step| step.name == **name)) {
        bail!("there is no step `{unknown}`: see `cargo xtask test --list`");
    }
    let mut next = 0;
    while let Some(name) = wanted.get(next) {
        let needs = steps.iter().filter(|step| step.name == *name).flat_map(|step| step.needs);
        wanted.extend(needs.collect::<Vec<_>>());
        next += 1;
    }
    Ok(steps.iter().filter(|step| names.is_empty() || wanted.contains(&step.name)).collect())
}

fn run_all(steps: &[&Step]) -> Vec<(&'static str, Outcome)> {
    let mut outcomes: Vec<(&'static str, Outcome)> = Vec::new();
    for step in steps {
        let missing =
            step.needs.iter().copied().find(|need| {
                outcomes.iter().any(|(name, outcome)| name == need && !matches!(outcome, Outcome::Passed(_)))
            });
        let outcome = match missing {
            Some(for_want_of) => Outcome::NotRun { for_want_of },
            None => run_one(step),
        };
        outcomes.push((step.name, outcome));
    }
    outcomes
}

fn run_one(step: &Step) -> Outcome {
    say(format_args!("\n== {}", step.name));
    let start = Instant::now();
    match (step.run)() {
        Ok(()) => Outcome::Passed(start.elapsed()),
        Err(error) => {
            say(format_args!("{}: {error:#}", step.name));
            Outcome::Failed(start.elapsed())
        }
    }
}

fn table(outcomes: &[(&'static str, Outcome)]) -> Vec<String> {
    let lines = outcomes.iter().map(|(name, outcome)| match outcome {
        Outcome::Passed(time) => format!("{name:<14} passed {:>8.1} s", time.as_secs_f64()),
        Outcome::Failed(time) => format!("{name:<14} FAILED {:>8.1} s", time.as_secs_f64()),
        Outcome::NotRun { for_want_of } => format!("{name:<14} NOT RUN, for want of {for_want_of}"),
    });
    std::iter::once(String::new()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &[Step] = &[
        step("breaks", &[], || bail!("broken")),
        step("works", &[], || Ok(())),
        step("needs-both", &["works", "breaks"], || Ok(())),
        step("needs-that", &["needs-both"], || Ok(())),
    ];

    #[test]
    fn a_step_that_lacks_its_needs_is_not_run_and_the_others_are() {
        let outcomes = run_all(&SOME.iter().collect::<Vec<_>>());
        assert!(matches!(outcomes[0].1, Outcome::Failed(_)));
        assert!(matches!(outcomes[1].1, Outcome::Passed(_)));
        assert_eq!(outcomes[2].1, Outcome::NotRun { for_want_of: "breaks" });
        assert_eq!(outcomes[3].1, Outcome::NotRun { for_want_of: "needs-both" });
    }

    #[test]
    fn a_named_step_brings_what_it_needs() {
        let names = |only: &str| -> Vec<&str> {
            chosen(SOME, &[only.to_owned()]).unwrap().iter().map(|step| step.name).collect()
        };
        assert_eq!(names("works"), ["works"]);
        assert_eq!(names("needs-that"), ["breaks", "works", "needs-both", "needs-that"]);
        assert!(chosen(SOME, &["other".to_owned()]).is_err());
    }

    #[test]
    fn every_need_is_an_earlier_step() {
        for (place, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(STEPS[..place].iter().any(|earlier| earlier.name == *need), "{need}");
            }
        }
    }
}
