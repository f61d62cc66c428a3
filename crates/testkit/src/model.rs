//! The model test of the optimistic protocol: the real client, hub and journal in tabs of a modelled browser, the real
//! workspace behind a modelled network, on schedules that follow from a seed. After every commit of every tab the
//! invariants of the protocol are checked.
//!
//! Must not know: real time, threads, I/O.

mod cli;
pub mod count;
pub mod disk;
mod eyes;
mod fault;
mod heal;
mod history;
mod network;
mod person;
pub mod plan;
pub mod report;
mod server;
pub mod shrink;
pub mod step;
pub mod tape;
pub mod violation;
mod world;

use count::Count;
use disk::Ground;
use step::{Group, Step};
use tape::Tape;
use violation::{Violated, Violation};
use world::World;

/// A promise that a schedule broke.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which.
    pub violation: Violation,
    /// After how many steps: all of them where it was found when the network had healed.
    pub steps: usize,
}

/// Runs a schedule in the world of a seed and says which of its steps befell something.
pub fn run(seed: u64, steps: &[Step], count: &mut Count) -> Result<(), Failure> {
    run_on(Ground::Memory, seed, steps, count)
}

/// The same, with the server on the store that is named.
pub fn run_on(ground: Ground, seed: u64, steps: &[Step], count: &mut Count) -> Result<(), Failure> {
    play(ground, seed, steps, count, None).map(drop)
}

/// Runs a schedule and prints what the cores are told and answer.
pub fn trace(seed: u64, steps: &[Step]) -> Result<(), Failure> {
    let tape = Tape { aloud: true, ..Tape::default() };
    play(Ground::Memory, seed, steps, &mut Count::default(), Some(tape)).map(drop)
}

/// Runs a schedule and records what the cores were told and answered.
pub fn record(seed: u64, steps: &[Step]) -> Result<Tape, Failure> {
    let tape = play(Ground::Memory, seed, steps, &mut Count::default(), Some(Tape::default()))?;
    Ok(tape.unwrap_or_default())
}

fn play(
    ground: Ground,
    seed: u64,
    steps: &[Step],
    count: &mut Count,
    tape: Option<Tape>,
) -> Result<Option<Tape>, Failure> {
    let mut done = 0;
    let failed = |violation, steps| Failure { violation, steps };
    let mut world = World::new(seed, ground, tape).map_err(|v| failed(v, done))?;
    let mut effective = Vec::with_capacity(steps.len());
    for step in steps {
        done += 1;
        if let Some(tape) = world.tape.as_mut() {
            tape.step(*step);
        }
        if take(&mut world, *step).map_err(|v| failed(v, done))? {
            effective.push(step.kind);
        }
    }
    world.heal().map_err(|v| failed(v, done))?;
    count.schedule(&effective);
    Ok(world.tape)
}

fn take(world: &mut World, Step { kind, a, b }: Step) -> Violated<bool> {
    match kind.group() {
        Group::Person if kind == step::Kind::ByCli => Ok(world.act_by_cli(a, b)),
        Group::Person => world.act(kind, a, b),
        Group::Server => world.report(kind, a, b),
        Group::Network => world.deliver(kind, a, b),
        Group::Fault => world.fail(kind, a, b),
        Group::Time => {
            let moment = u64::from(a);
            match kind {
                step::Kind::Moment => world.pass(moment)?,
                step::Kind::Seconds => world.pass(moment * 5)?,
                _ => {
                    for _ in 0..8 {
                        world.calm()?;
                        world.pass(5_000)?;
                    }
                }
            }
            Ok(true)
        }
    }
}
