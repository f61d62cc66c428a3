//! The reference machine: what may happen to a server, and what must come of it.

use super::deeds::{Act, Body, DEEDS, Deed, Expect, Tie, act, tied};
use super::model::{Desk, Model, Sent};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;
use qd_core::ids::{Mid, Millis, TaskId};
use qd_core::op::RejectCode;

/// A predecessor that is unknown for longer will not come.
const PREDECESSOR_WAIT: u64 = 121_000;

/// One thing that happens. Numbers choose among what there is at that time.
#[derive(Clone, Debug)]
pub enum Transition {
    /// New mutations come in one batch.
    Send(Vec<(Deed, u8)>),
    /// A batch was taken and the server dies before it is settled: it comes again to the next one.
    Killed(Vec<(Deed, u8)>),
    /// One that came before comes again, twice in one batch.
    Again(u8),
    /// One that came before comes with other arguments.
    Altered(u8),
    /// One that comes after one that came before, or requires it.
    Follows(u8, Tie),
    /// One that comes after something that never comes.
    Orphan,
    /// The process dies and another takes its place.
    Crash,
    /// History that is old enough goes.
    Collect,
    AMonthPasses,
    /// Somebody changes a document in an editor; where `true`, the line that the panel changes, too.
    Edit(u8, bool),
    /// Somebody works in a worktree.
    Work(u8),
    /// A server runs until there is nothing to do. It dies at each of these steps, and another goes on; somebody edits a
    /// document beside the first death.
    Serve {
        cuts: Vec<Cut>,
        edit: Option<u8>,
    },
}

/// Where a server dies: at this step, counted from its start.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub step: u32,
    /// Whether the edit happens at the step before, where that is one of a document; else after the death.
    pub in_that_moment: bool,
}

/// What the last transition comes to.
#[derive(Clone, Debug)]
pub enum Todo {
    Nothing,
    /// Batches, one after the other, with the time at which each comes.
    Settle {
        batches: Vec<(Millis, Vec<Act>)>,
        killed: bool,
    },
    Crash,
    Collect,
    Edit(Edit),
    Work {
        task: TaskId,
        file: u32,
    },
    Serve {
        cuts: Vec<Cut>,
        edit: Option<Edit>,
    },
}

/// An edit in an editor: a line more, and the line that the panel changes, too.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    pub document: u32,
    pub line: u32,
    pub both: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct State {
    pub model: Model,
    pub todo: Todo,
}

/// The machine; `SERVED` says whether servers run in it that do jobs.
pub struct Reference<const SERVED: bool>;

impl<const SERVED: bool> ReferenceStateMachine for Reference<SERVED> {
    type State = State;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<State> {
        Just(State { model: Model::new(), todo: Todo::Nothing }).boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Transition> {
        if SERVED { served(&state.model) } else { settled(&state.model) }
    }

    fn apply(mut state: State, transition: &Transition) -> State {
        state.model.now.0 += 1000;
        state.todo = apply(&mut state.model, transition);
        state
    }
}

fn settled(model: &Model) -> BoxedStrategy<Transition> {
    prop_oneof![
        6 => batch(model, 5).prop_map(Transition::Send),
        3 => any::<u8>().prop_map(Transition::Again),
        1 => any::<u8>().prop_map(Transition::Altered),
        2 => (any::<u8>(), tie()).prop_map(|(at, tie)| Transition::Follows(at, tie)),
        1 => Just(Transition::Orphan),
        2 => Just(Transition::Crash),
        1 => Just(Transition::Collect),
        1 => Just(Transition::AMonthPasses),
        1 => batch(model, 3).prop_map(Transition::Killed),
    ]
    .boxed()
}

fn served(model: &Model) -> BoxedStrategy<Transition> {
    let to_do = if model.has_to_do() { 16 } else { 1 };
    let desks = if model.tasks.iter().any(|task| matches!(task.desk, Desk::Stands(_))) { 8 } else { 1 };
    let cut = (prop_oneof![1..10_u32, 1..30_u32], any::<bool>());
    let cuts = prop::collection::vec(cut.prop_map(|(step, in_that_moment)| Cut { step, in_that_moment }), 0..3);
    prop_oneof![
        12 => batch(model, 4).prop_map(Transition::Send),
        to_do => (cuts, any::<Option<u8>>()).prop_map(|(cuts, edit)| Transition::Serve { cuts, edit }),
        4 => (any::<u8>(), any::<bool>()).prop_map(|(at, both)| Transition::Edit(at, both)),
        desks => any::<u8>().prop_map(Transition::Work),
        2 => any::<u8>().prop_map(Transition::Again),
        1 => Just(Transition::Orphan),
        1 => Just(Transition::Collect),
        2 => batch(model, 3).prop_map(Transition::Killed),
    ]
    .boxed()
}

fn tie() -> impl Strategy<Value = Tie> {
    prop_oneof![Just(Tie::After), Just(Tie::Requires)]
}

/// Deeds of which most are such as must be accepted.
fn batch(model: &Model, most: usize) -> BoxedStrategy<Vec<(Deed, u8)>> {
    let any_deed = (select(DEEDS.to_vec()), any::<u8>());
    let deed = prop_oneof![4 => select(likely(model)), 1 => any_deed];
    prop::collection::vec(deed, 1..most).boxed()
}

fn likely(model: &Model) -> Vec<(Deed, u8)> {
    // Few tasks, so that much happens to each.
    let mut deeds = if model.tasks.len() < 4 { vec![(Deed::Create, 0); 2] } else { Vec::new() };
    let at = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    for (n, task) in model.tasks.iter().enumerate() {
        let mut add = |weight, deed, fits| deeds.extend(std::iter::repeat_n((deed, at(n)), weight * usize::from(fits)));
        let free = model.ask(n, true).is_ok();
        add(3, Deed::Start, model.start(n).is_ok());
        add(1, Deed::Save, !task.conflict);
        add(1, Deed::SaveBoth, !task.conflict);
        add(8, Deed::SaveBoth, task.file.as_ref().is_some_and(|file| file.both != task.row.both));
        add(8, Deed::Resolve, task.conflict);
        add(6, Deed::Keep, free && matches!(&task.desk, Desk::Stands(work) if !work.own.is_empty()));
        add(8, Deed::UndoKeep, free && !task.landings.is_empty());
        add(2, Deed::Discard, free && matches!(task.desk, Desk::Stands(_)));
        add(6, Deed::UndoDiscard, free && matches!(task.desk, Desk::Discarded(_)));
    }
    for (n, job) in model.jobs.iter().enumerate() {
        deeds.extend(job.failed.then_some([(Deed::Retry, at(n)), (Deed::Drop, at(n))]).into_iter().flatten());
    }
    if deeds.is_empty() {
        deeds.push((Deed::Unknown, 0));
    }
    for (n, session) in model.sessions.iter().enumerate() {
        deeds.push((if session.is_active() { Deed::Cancel } else { Deed::Delete }, at(n)));
    }
    deeds
}

fn apply(model: &mut Model, transition: &Transition) -> Todo {
    let settle = |model: &Model, acts: Vec<Act>| Todo::Settle { batches: vec![(model.now, acts)], killed: false };
    match transition {
        Transition::Send(deeds) | Transition::Killed(deeds) => {
            let acts: Vec<Act> = deeds.iter().filter_map(|(deed, on)| act(model, *deed, usize::from(*on))).collect();
            let killed = matches!(transition, Transition::Killed(_));
            Todo::Settle { batches: vec![(model.now, acts)], killed }
        }
        Transition::Again(at) => match choose(&model.sent, *at) {
            Some(at) => {
                let expect = repeat(model, at);
                let again = |expect| Act::of("again", model.sent[at].mid, Body::Again, expect);
                settle(model, vec![again(expect), again(expect)])
            }
            None => Todo::Nothing,
        },
        Transition::Altered(at) => match choose(&model.sent, *at) {
            Some(at) => {
                let code = if model.sent[at].kept { RejectCode::MidReuse } else { RejectCode::MutationExpired };
                let altered = Act::of("altered", model.sent[at].mid, Body::Altered, Expect::Refusal(code));
                settle(model, vec![altered])
            }
            None => Todo::Nothing,
        },
        Transition::Follows(at, tie) => match choose(&model.sent, *at).filter(|at| model.sent[*at].kept) {
            Some(at) => {
                let Sent { mid, verdict, .. } = model.sent[at].clone();
                let falls = *tie == Tie::Requires && verdict.is_err();
                let follower = tied(model, (*tie, mid), falls.then_some(RejectCode::Dependency));
                settle(model, vec![follower])
            }
            None => Todo::Nothing,
        },
        Transition::Orphan => {
            let tie = (Tie::After, Mid(model.id(model.now)));
            let then = model.now;
            let mut first = tied(model, tie, Some(RejectCode::PredecessorUnknown));
            let mut later = first.clone();
            first.expect = Expect::TooEarly;
            later.label = "orphan".to_owned();
            model.now.0 += PREDECESSOR_WAIT;
            Todo::Settle { batches: vec![(then, vec![first]), (model.now, vec![later])], killed: false }
        }
        Transition::Crash => Todo::Crash,
        Transition::Collect => {
            model.collected();
            Todo::Collect
        }
        Transition::AMonthPasses => {
            model.a_month_later();
            Todo::Nothing
        }
        Transition::Edit(on, both) => edit(model, *on, *both).map_or(Todo::Nothing, Todo::Edit),
        Transition::Work(on) => work(model, *on),
        Transition::Serve { cuts, edit: on } => {
            let edited = on.and_then(|on| edit_beside(model, on));
            model.served();
            if let Some(edit) = edited {
                for task in model.tasks.iter_mut().filter(|task| task.row.id == edit.document) {
                    let file = task.file.get_or_insert_with(|| task.row.clone());
                    file.editor.push(edit.line);
                    task.row = file.clone();
                }
            }
            Todo::Serve { cuts: cuts.clone(), edit: edited }
        }
    }
}

fn choose<T>(all: &[T], at: u8) -> Option<usize> {
    (!all.is_empty()).then(|| usize::from(at) % all.len())
}

fn repeat(model: &Model, at: usize) -> Expect {
    match model.repeat(at) {
        Err(RejectCode::MutationExpired) => Expect::Refusal(RejectCode::MutationExpired),
        verdict => Expect::Stored(verdict),
    }
}

/// An edit of a document that has a file.
fn edit(model: &mut Model, on: u8, both: bool) -> Option<Edit> {
    let (line, other) = (model.number(), model.number());
    let with_file = |at: &usize| model.is_editable(*at) && model.tasks[*at].file.is_some();
    let editable: Vec<usize> = (0..model.tasks.len()).filter(with_file).collect();
    let at = editable[choose(&editable, on)?];
    let file = model.tasks[at].file.as_mut()?;
    file.editor.push(line);
    if both {
        file.both = other;
    }
    Some(Edit { document: file.id, line, both: both.then_some(other) })
}

/// An edit while a server runs, also of a document whose file is only made by it.
fn edit_beside(model: &mut Model, on: u8) -> Option<Edit> {
    let line = model.number();
    let at = choose(&model.tasks, on).filter(|at| model.is_editable(*at))?;
    Some(Edit { document: model.tasks[at].row.id, line, both: None })
}

fn work(model: &mut Model, on: u8) -> Todo {
    let file = model.number();
    let fits = |at: &usize| model.ask(*at, true).is_ok() && matches!(model.tasks[*at].desk, Desk::Stands(_));
    let desks: Vec<usize> = (0..model.tasks.len()).filter(fits).collect();
    let Some(at) = choose(&desks, on) else { return Todo::Nothing };
    let task = &mut model.tasks[desks[at]];
    let Desk::Stands(work) = &mut task.desk else { return Todo::Nothing };
    work.files.insert(file);
    work.own.insert(file);
    Todo::Work { task: task.id, file }
}
