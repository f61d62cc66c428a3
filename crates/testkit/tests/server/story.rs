//! One long story with every kind of job and start in it, in which the server dies at the first step of each, at the
//! second of each, and so on until there is none left.

use super::bench::{Bench, STORY, Server};
use super::deeds::Deed;
use super::reference::{Cut, Reference, State, Transition};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use qd_engine::step::Step;

type Machine = Server<true>;

/// More steps than any job has.
const MANY: u32 = 100;

/// What is asked for before each run of the server, on documents …
fn documents() -> Vec<Vec<Transition>> {
    vec![
        vec![send(Deed::Create)],
        vec![Transition::Edit(0, false), send(Deed::Save)],
        vec![Transition::Edit(0, true), send(Deed::SaveBoth)],
        vec![send(Deed::Resolve)],
    ]
}

/// … and on the work of a task.
fn work() -> Vec<Vec<Transition>> {
    vec![
        vec![send(Deed::Start)],
        vec![Transition::Work(0), send(Deed::Keep)],
        vec![send(Deed::UndoKeep)],
        vec![send(Deed::Discard)],
        vec![send(Deed::UndoDiscard)],
    ]
}

fn send(deed: Deed) -> Transition {
    Transition::Send(vec![(deed, 0)])
}

/// See the module.
pub fn every_step() {
    let all = [documents(), work()].concat();
    let beyond = (1..MANY).find(|&step| !tell(&all, Cut { step, in_that_moment: false }));
    assert!(beyond > Some(10), "no job has {beyond:?} steps");
    // Once more with an editor that saves at the very step before.
    let beyond = (1..MANY).find(|&step| !tell(&documents(), Cut { step, in_that_moment: true }));
    assert!(beyond > Some(5), "no write has {beyond:?} steps");
    eprintln!("{STORY}");
    let of_git = ["update-ref", "worktree add", "worktree remove", "read-tree", "checkout-index"];
    // Going back to an earlier message has a test of its own.
    let steps = Step::ALL.into_iter().filter(|step| !matches!(step, Step::BackBegun | Step::BackDone));
    let steps = steps.map(|step| format!("death at {step:?}"));
    let steps = steps.chain(of_git.map(|command| format!("death at git {command}"))).chain(["edit at a step".into()]);
    STORY.assert(steps, 1);
}

/// Tells the story; whether a server died in it.
fn tell(chapters: &[Vec<Transition>], cut: Cut) -> bool {
    let init = <Reference<true> as ReferenceStateMachine>::init_state();
    let mut expected: State = init.new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let mut bench = Machine::init_test(&expected);
    bench.tally = &STORY;
    for chapter in chapters {
        let serve = Transition::Serve { cuts: vec![cut], edit: Some(0) };
        for transition in chapter.iter().cloned().chain([serve]) {
            (expected, bench) = next(expected, bench, transition);
        }
    }
    let died = bench.deaths > 0;
    Machine::teardown(bench, expected);
    died
}

fn next(expected: State, bench: Bench, transition: Transition) -> (State, Bench) {
    let expected = Reference::<true>::apply(expected, &transition);
    let bench = Machine::apply(bench, &expected, transition);
    Machine::check_invariants(&bench, &expected);
    (expected, bench)
}
