//! Runs the model test of the optimistic protocol. Prints its seed; a failure prints the seed, the invariant and the
//! smallest schedule that breaks it.

use anyhow::{Result, bail};
use clap::Parser;
use qd_testkit::model::count::Count;
use qd_testkit::model::disk::Ground;
use qd_testkit::model::plan::schedule;
use qd_testkit::model::shrink::shrink;
use qd_testkit::model::step::Step;
use qd_testkit::model::{Failure, record, run_on, trace};
use std::io::{BufWriter, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The model test of the optimistic protocol.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Args {
    /// The first seed; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many schedules.
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// Run these steps in the world of the seed instead of its schedule (`Kind:a:b`, separated by spaces).
    #[arg(long)]
    steps: Option<String>,
    /// Fail unless every kind of step and every pair of faults was reached so often.
    #[arg(long)]
    least: Option<u64>,
    /// Print what was reached.
    #[arg(long)]
    table: bool,
    /// Write what the cores were told and answered, one JSON object a line.
    #[arg(long)]
    tape: bool,
    /// Print what the cores are told and answer.
    #[arg(long)]
    trace: bool,
    /// The server keeps its data in `SQLite` instead of in memory.
    #[arg(long)]
    sqlite: bool,
    /// Succeed as soon as this promise is found broken, fail where it never is.
    #[arg(long)]
    expect: Option<String>,
}

impl Args {
    fn ground(&self) -> Ground {
        if self.sqlite { Ground::Sqlite } else { Ground::Memory }
    }
}

fn main() -> ExitCode {
    match work(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What was found, and nothing of where it was found: that is always here.
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn work(args: &Args) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout());
    if args.tape {
        return tape(args, &mut out);
    }
    if args.steps.is_some() || args.trace {
        let steps = match &args.steps {
            Some(text) => text.split_whitespace().map(str::parse).collect::<Result<Vec<Step>, _>>()?,
            None => schedule(args.seed),
        };
        let done = if args.trace {
            trace(args.seed, &steps)
        } else {
            run_on(args.ground(), args.seed, &steps, &mut Count::default())
        };
        return match done {
            Ok(()) => Ok(()),
            Err(failure) => bail!("{}", failure.violation),
        };
    }
    let (count, failure) = run_all(args);
    if args.table {
        for line in count.table() {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    match (failure, &args.expect) {
        (Some((seed, failure)), Some(name)) => {
            writeln!(out, "seed {seed} breaks {name}: {}", failure.violation)?;
            Ok(())
        }
        (None, Some(name)) => bail!("{} schedules from seed {} on, and {name} was never broken", args.count, args.seed),
        (Some((seed, failure)), None) => {
            eprintln!("seed {seed}: {}; making it smaller", failure.violation);
            let (steps, failure) = shrink(args.ground(), seed, &schedule(seed), &failure);
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            bail!("seed {seed}: {}\n--seed {seed} --steps \"{}\"", failure.violation, steps.join(" "))
        }
        (None, None) => {
            let missing = count.missing(args.least.unwrap_or_default());
            if !missing.is_empty() {
                bail!("not reached often enough:\n{}", missing.join("\n"));
            }
            writeln!(out, "{} schedules from seed {}, median {} steps", count.schedules(), args.seed, count.median())?;
            Ok(())
        }
    }
}

fn tape(args: &Args, out: &mut impl std::io::Write) -> Result<()> {
    for seed in args.seed..args.seed + args.count {
        match record(seed, &schedule(seed)) {
            Ok(tape) => {
                for line in tape.lines {
                    writeln!(out, "{line}")?;
                }
                writeln!(out, "{{\"end\":{seed}}}")?;
            }
            Err(failure) => bail!("seed {seed}: {}", failure.violation),
        }
    }
    Ok(())
}

/// Runs all schedules on all processors; stops at the first failure that counts.
fn run_all(args: &Args) -> (Count, Option<(u64, Failure)>) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8) as u64;
    let stop = AtomicBool::new(false);
    let results: Vec<(Count, Option<(u64, Failure)>)> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|thread| {
                let stop = &stop;
                scope.spawn(move || {
                    let mut count = Count::default();
                    let mut found = None;
                    for seed in
                        (args.seed + thread..args.seed + args.count).step_by(usize::try_from(threads).unwrap_or(1))
                    {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let Err(failure) = run_on(args.ground(), seed, &schedule(seed), &mut count) else { continue };
                        if args.expect.as_ref().is_none_or(|name| name == failure.violation.invariant) {
                            stop.store(true, Ordering::Relaxed);
                            found = Some((seed, failure));
                        }
                    }
                    (count, found)
                })
            })
            .collect();
        all.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut sum = Count::default();
    let mut failures = Vec::new();
    for (count, failure) in results {
        sum.add(count);
        failures.extend(failure);
    }
    (sum, failures.into_iter().min_by_key(|(seed, _)| *seed))
}
