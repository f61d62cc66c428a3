//! Claims about settling mutations: once each, in order, over crashes.

use super::*;
use qd_core::command::{AttachProject, CreateTask};
use qd_core::ids::{ProjectId, TaskId, v7};
use qd_store::SqliteStore;

const NOW: Millis = Millis(1_763_800_000_000);

struct Bench {
    workspace: Option<Workspace>,
    dir: tempfile::TempDir,
    next: u8,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Self { workspace: None, dir, next: 0 };
        bench.reopen();
        let project = AttachProject {
            id: project(),
            name: "deck".into(),
            path: "/deck".into(),
            tasks_dir: "tasks".into(),
            branch: None,
            problem: None,
            watched: true,
            demo: false,
            remote: false,
            commits: false,
        };
        let mid = bench.mid();
        bench.settle(&[submission(&Mutation::new(mid, &Command::AttachProject(project)), Actor::Server)], NOW);
        bench
    }

    /// What a crash leaves: the handle is gone, the files are opened again.
    fn reopen(&mut self) {
        self.workspace = None;
        self.workspace = Some(Workspace::load(Box::new(SqliteStore::open(self.dir.path()).unwrap())).unwrap());
    }

    fn mid(&mut self) -> Mid {
        self.next += 1;
        Mid(v7(NOW, [self.next; 10]))
    }

    fn settle(&mut self, batch: &[Submission], now: Millis) -> Vec<Answer> {
        self.workspace.as_mut().unwrap().settle(batch, now, &mut || 7).unwrap().answers
    }

    fn send(&mut self, mutation: &Mutation) -> Answer {
        self.send_at(mutation, NOW)
    }

    fn send_at(&mut self, mutation: &Mutation, now: Millis) -> Answer {
        self.settle(&[submission(mutation, Actor::Person)], now).remove(0)
    }

    fn tasks(&self) -> usize {
        self.workspace.as_ref().unwrap().state().of_kind(qd_core::row::RowKind::Task).count()
    }
}

fn project() -> ProjectId {
    ProjectId(v7(NOW, [200; 10]))
}

fn submission(mutation: &Mutation, actor: Actor) -> Submission {
    Submission { mutation: mutation.clone(), actor, refuse: None }
}

fn create(mid: Mid, n: u8, text: &str) -> Mutation {
    let id = TaskId(v7(NOW, [n; 10]));
    Mutation::new(mid, &Command::CreateTask(CreateTask { id, project: project(), text: text.into() }))
}

fn code(answer: Answer) -> Option<RejectCode> {
    match answer {
        Answer::Settled(outcome) => outcome.err.map(|e| e.code),
        Answer::TooEarly => panic!("not settled"),
    }
}

#[test]
fn the_same_mutation_is_done_once_over_a_crash() {
    let mut b = Bench::new();
    let m = create(b.mid(), 1, "One");
    let first = b.send(&m);
    assert_eq!(b.send(&m), first);
    b.reopen();
    assert_eq!(b.send(&m), first);
    assert_eq!(b.tasks(), 1);
    let twice = [submission(&m, Actor::Person), submission(&m, Actor::Person)];
    assert_eq!(b.settle(&twice, NOW), vec![first.clone(), first]);
}

#[test]
fn the_same_id_with_other_arguments_is_refused() {
    let mut b = Bench::new();
    let mid = b.mid();
    b.send(&create(mid, 1, "One"));
    assert_eq!(code(b.send(&create(mid, 2, "Two"))), Some(RejectCode::MidReuse));
    assert_eq!(b.tasks(), 1);
}

#[test]
fn a_mutation_waits_for_what_it_comes_after_but_not_for_ever() {
    let mut b = Bench::new();
    let (first, second) = (b.mid(), b.mid());
    let late = Mutation { after: Some(first), ..create(second, 2, "Two") };
    assert_eq!(b.send(&late), Answer::TooEarly);
    b.send(&create(first, 1, "One"));
    assert_eq!(code(b.send(&late)), None);

    let orphan = Mutation { after: Some(Mid(v7(NOW, [99; 10]))), ..create(b.mid(), 3, "Three") };
    assert_eq!(b.send(&orphan), Answer::TooEarly);
    let later = Millis(NOW.0 + PREDECESSOR_WAIT);
    assert_eq!(code(b.send_at(&orphan, later)), Some(RejectCode::PredecessorUnknown));
}

#[test]
fn what_depends_on_a_refused_one_is_refused() {
    let mut b = Bench::new();
    let (first, second) = (b.mid(), b.mid());
    b.send(&create(first, 1, "  "));
    let depends = Mutation { requires: Some(first), ..create(second, 2, "Two") };
    assert_eq!(code(b.send(&depends)), Some(RejectCode::Dependency));
    let ordered = Mutation { after: Some(first), ..create(b.mid(), 3, "Three") };
    assert_eq!(code(b.send(&ordered)), None);
}

#[test]
fn too_old_and_from_the_future_are_never_done() {
    let mut b = Bench::new();
    let m = create(b.mid(), 1, "One");
    assert_eq!(code(b.send_at(&m, Millis(NOW.0 + 31 * DAY))), Some(RejectCode::MutationExpired));
    assert_eq!(code(b.send_at(&m, Millis(NOW.0 - 2 * DAY))), Some(RejectCode::Clock));
    let slow = Mutation { age_ms: Some(120_001), max_age_ms: Some(120_000), ..m };
    assert_eq!(code(b.send(&slow)), Some(RejectCode::TooLate));
    assert_eq!(b.tasks(), 0);
}

#[test]
fn what_nobody_understands_is_refused_and_recorded() {
    let mut b = Bench::new();
    let head = b.workspace.as_ref().unwrap().head();
    let mut m = create(b.mid(), 1, "One");
    m.name = "make_coffee".into();
    assert_eq!(code(b.send(&m)), Some(RejectCode::Invalid));
    assert_eq!(b.workspace.as_ref().unwrap().head().seq, head.seq + 1);
}
