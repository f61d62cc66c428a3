//! Claims about `decide`: what each command does, and what it refuses.

mod agents;
mod archive;
mod comments;
mod landing;
mod proposing;
mod retry;

use super::*;
use crate::command::*;
use crate::event::{Activity, Ending, OptionEffect, Request, RequestOption};
use crate::ids::*;
use crate::op::RejectCode;
use crate::row::*;
use crate::status::{Kind, Status};
use uuid::Uuid;

/// A workspace in memory: applies what `decide` says.
struct Bench {
    state: State,
    seq: u64,
}

fn id<T: From<Uuid>>(n: u128) -> T {
    T::from(Uuid::from_u128(n))
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self { state: State::default(), seq: 0 };
        bench.server(&Command::AttachProject(AttachProject {
            id: id(1),
            name: "deck".into(),
            path: "/deck".into(),
            tasks_dir: "tasks".into(),
            branch: Some("main".into()),
            problem: None,
            watched: true,
            demo: false,
            remote: false,
            commits: false,
        }));
        let agent = Agent { title: "Demo".into(), found: true, scripted: true, preference: 9, ..Agent::new("demo") };
        bench.server(&Command::AgentsFound(AgentsFound { agents: vec![agent], looked: None }));
        bench.observe(2, "# One\n- [ ] a\n");
        bench
    }

    fn as_actor(&mut self, actor: Actor, command: &Command) -> Result<Vec<Op>, Reject> {
        self.seq += 1;
        let cx = Context { mid: id(1000 + u128::from(self.seq)), now: Millis(self.seq), actor };
        let ops = decide(&self.state, command, cx)?;
        for op in &ops {
            self.state.apply(op, self.seq).unwrap();
        }
        Ok(ops)
    }

    fn server(&mut self, command: &Command) -> Vec<Op> {
        self.as_actor(Actor::Server, command).unwrap()
    }

    fn person(&mut self, command: &Command) -> Result<Vec<Op>, Reject> {
        self.as_actor(Actor::Person, command)
    }

    fn observe(&mut self, task: u128, text: &str) {
        self.server(&Command::ObserveFile(ObserveFile {
            id: id(task),
            project: id(1),
            path: format!("tasks/{task}.md"),
            document: crate::document::describe(text),
            text: Some(text.into()),
            problem: None,
            archived: false,
        }));
    }

    fn start(&mut self, session: u128, kind: Kind) -> Result<Vec<Op>, Reject> {
        self.person(&Command::StartSession(StartSession {
            id: id(session),
            task: id(2),
            kind,
            start: Start::default(),
        }))
    }

    fn report(&mut self, session: u128, status: Status, requests: Vec<Request>) {
        let attempt = self.session(session).attempt;
        self.server(&Command::ReportSession(ReportSession {
            id: id(session),
            attempt,
            status,
            requests,
            conversation: None,
            branch: None,
        }));
    }

    fn end(&mut self, session: u128, ending: Ending) {
        let attempt = self.session(session).attempt;
        self.server(&Command::EndSession(EndSession {
            id: id(session),
            attempt,
            ending,
            output_end: 10,
            activity: Activity::default(),
            conversation: None,
        }));
    }

    fn session(&self, session: u128) -> &Session {
        self.state.session(id(session)).unwrap()
    }

    fn task(&self) -> &Task {
        self.state.task(id(2)).unwrap()
    }
}

fn request(n: u128) -> Request {
    let allow =
        RequestOption { id: "yes".into(), label: "Allow".into(), effect: OptionEffect::AllowOnce, detail: None };
    Request {
        id: id(n),
        title: "Run cargo test".into(),
        detail: None,
        tool: None,
        options: vec![allow],
        question: false,
        takes_note: false,
        input: None,
    }
}

fn code(result: Result<Vec<Op>, Reject>) -> RejectCode {
    result.unwrap_err().code
}

#[test]
fn second_click_starts_nothing() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    assert_eq!(b.session(10).status, Status::Starting);
    assert_eq!(code(b.start(10, Kind::Implement)), RejectCode::IdTaken);
    assert_eq!(code(b.start(11, Kind::Implement)), RejectCode::TaskBusy);
    b.end(10, Ending::Completed);
    b.start(11, Kind::Implement).unwrap();
}

#[test]
fn a_start_counts_from_the_click_unless_its_clock_is_off() {
    let mut b = Bench::new();
    b.seq = 1_000_000;
    let mut start = |task, at, salt| {
        b.observe(task, "# T\n");
        let id = SessionId(v7(Millis(at), [salt; 10]));
        b.person(&Command::StartSession(StartSession {
            id,
            task: super::tests::id(task),
            kind: Kind::Implement,
            start: Start::default(),
        }))
        .unwrap();
        (b.state.session(id).unwrap().created.0, b.seq)
    };
    assert_eq!(start(20, 995_000, 1).0, 995_000);
    let (ahead, now) = start(21, 9_000_000, 2);
    assert_eq!(ahead, now);
    let (stale, now) = start(22, 1_000, 3);
    assert_eq!(stale, now);
}

#[test]
fn a_start_beyond_the_limit_waits_and_takes_the_place_that_gets_free() {
    let mut b = Bench::new();
    b.server(&Command::Configure(Configure { max_sessions: 1, demo: false }));
    b.observe(3, "# Two\n");
    b.start(10, Kind::Implement).unwrap();
    b.person(&Command::StartSession(StartSession {
        id: id(11),
        task: id(3),
        kind: Kind::Implement,
        start: Start::default(),
    }))
    .unwrap();
    assert_eq!(b.session(11).status, Status::Queued);
    b.end(10, Ending::Completed);
    assert_eq!(b.session(11).status, Status::Starting);
}

#[test]
fn the_scripted_agent_is_never_preferred() {
    let mut b = Bench::new();
    let mut real = b.state.agent(AgentId::named("demo")).unwrap().clone();
    (real.id, real.name, real.scripted, real.preference) = (AgentId::named("zeta"), "zeta".into(), false, 99);
    let demo = b.state.agent(AgentId::named("demo")).unwrap().clone();
    b.server(&Command::AgentsFound(AgentsFound { agents: vec![demo, real], looked: None }));
    b.start(10, Kind::Implement).unwrap();
    assert_eq!(b.session(10).agent, "zeta");
    let start = Start { agent: Some("nobody".into()), ..Start::default() };
    let refused = b.person(&Command::StartSession(StartSession { id: id(12), task: id(2), kind: Kind::Review, start }));
    assert_eq!(code(refused), RejectCode::AgentMissing);
}

#[test]
fn an_answer_is_given_once_and_a_late_report_does_not_ask_again() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.report(10, Status::NeedsApproval, vec![request(50)]);
    assert_eq!(b.session(10).status, Status::NeedsApproval);
    let answer = |n| Command::AnswerRequest(AnswerRequest::new(id(n), id(10), id(50), "yes"));
    b.person(&answer(60)).unwrap();
    assert_eq!(b.session(10).status, Status::Running);
    assert_eq!(code(b.person(&answer(61))), RejectCode::NotAllowed);
    b.report(10, Status::NeedsApproval, vec![request(50)]);
    assert_eq!(b.session(10).status, Status::Running);
    assert!(b.session(10).requests.is_empty());
}

#[test]
fn an_interrupt_withdraws_what_is_asked_and_a_late_report_does_not_ask_again() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    let interrupt = |n| Command::InterruptTurn(InterruptTurn { id: id(n), session: id(10) });
    assert_eq!(code(b.person(&interrupt(60))), RejectCode::NotAllowed);
    b.report(10, Status::NeedsApproval, vec![request(50)]);
    b.person(&interrupt(60)).unwrap();
    b.report(10, Status::NeedsApproval, vec![request(50)]);
    assert_eq!((b.session(10).status, b.session(10).requests.len()), (Status::Running, 0));
    b.server(&Command::SettleMessage(SettleMessage { id: id(60), state: MessageState::Delivered }));
    b.report(10, Status::NeedsApproval, vec![request(51)]);
    assert_eq!(b.session(10).status, Status::NeedsApproval, "the next turn asks again");
}

#[test]
fn a_message_behind_an_interrupt_goes_on_although_the_turn_ended_cancelled() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.report(10, Status::Running, vec![]);
    b.person(&Command::InterruptTurn(InterruptTurn { id: id(60), session: id(10) })).unwrap();
    b.person(&Command::SendMessage(SendMessage::new(id(70), id(10), "rather this"))).unwrap();
    b.server(&Command::SettleMessage(SettleMessage { id: id(60), state: MessageState::Delivered }));
    b.end(10, Ending::Cancelled);
    assert_eq!((b.session(10).attempt, b.session(10).status), (2, Status::Starting));
}

#[test]
fn words_and_edited_input_are_taken_only_where_the_agent_hears_them() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.report(10, Status::NeedsApproval, vec![request(50)]);
    let with = |note: Option<&str>, input: Option<serde_json::Value>| {
        let plain = AnswerRequest::new(id(60), id(10), id(50), "yes");
        Command::AnswerRequest(AnswerRequest { note: note.map(str::to_owned), input, ..plain })
    };
    assert_eq!(code(b.person(&with(Some("because"), None))), RejectCode::Invalid);
    assert_eq!(code(b.person(&with(None, Some(serde_json::json!({}))))), RejectCode::Invalid);
    let input = Some(serde_json::json!({ "command": "ls" }));
    b.report(10, Status::NeedsApproval, vec![Request { takes_note: true, input: input.clone(), ..request(50) }]);
    b.person(&with(Some("because"), input)).unwrap();
    assert_eq!(b.session(10).status, Status::Running);
}

#[test]
fn a_cancelled_session_ends_cancelled_whatever_its_process_did() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.person(&Command::CancelSession(OnSession { id: id(10) })).unwrap();
    b.report(10, Status::Running, vec![]);
    assert_eq!(b.session(10).status, Status::Cancelling);
    b.end(10, Ending::Failed { reason: "exit 143".into(), stderr: None });
    assert_eq!(b.session(10).status, Status::Cancelled);
}

#[test]
fn a_message_to_an_ended_session_makes_one_more_attempt() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.end(10, Ending::Completed);
    let send = |n| Command::SendMessage(SendMessage::new(id(n), id(10), "more"));
    b.person(&send(70)).unwrap();
    assert_eq!((b.session(10).attempt, b.session(10).status), (2, Status::Starting));
    b.person(&send(71)).unwrap();
    assert_eq!(b.session(10).attempt, 2);
    b.server(&Command::SettleMessage(SettleMessage { id: id(70), state: MessageState::Delivered }));
    b.end(10, Ending::Completed);
    assert_eq!((b.session(10).attempt, b.session(10).status), (3, Status::Starting), "the queued message is not lost");
    b.end(10, Ending::Interrupted { why: "gone".into() });
    assert_eq!(b.session(10).status, Status::Interrupted);
    assert!(matches!(b.state.message(id(71)).unwrap().state, MessageState::Failed { .. }));
}

#[test]
fn a_report_of_an_earlier_attempt_is_ignored() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.end(10, Ending::Completed);
    b.person(&Command::SendMessage(SendMessage::new(id(70), id(10), "more"))).unwrap();
    let late = EndSession {
        id: id(10),
        attempt: 1,
        ending: Ending::Completed,
        output_end: 1,
        activity: Activity::default(),
        conversation: None,
    };
    assert!(b.server(&Command::EndSession(late)).is_empty());
    assert_eq!(b.session(10).status, Status::Starting);
}

#[test]
fn a_save_shows_its_title_and_boxes_at_once_and_stands_until_the_file_has_it() {
    let mut b = Bench::new();
    let base = b.task().document.version;
    let save = SaveDocument { id: id(2), base, text: "# Other\n- [x] a\n".into() };
    b.person(&Command::SaveDocument(save)).unwrap();
    let version = b.task().document.version.unwrap();
    assert_eq!((b.task().title.as_str(), b.task().progress.done), ("Other", 1));
    // The watcher still sees the old file: it does not undo what was saved.
    b.observe(2, "# One\n- [ ] a\n");
    assert_eq!(b.task().title, "Other");
    let done = Done::Wrote {
        path: "tasks/2.md".into(),
        document: Document::default(),
        text: Some("# Merged\n".into()),
        conflict: None,
    };
    b.server(&Command::JobDone(JobDone { id: version, done }));
    assert_eq!(b.task().title, "Merged");
    assert_eq!(b.state.jobs_of(id(2)).count(), 0);
}

#[test]
fn a_save_that_can_not_be_merged_keeps_both_sides() {
    let mut b = Bench::new();
    let base = b.task().document.version;
    b.person(&Command::SaveDocument(SaveDocument { id: id(2), base, text: "# Mine\n".into() })).unwrap();
    let yours = b.task().document.version.unwrap();
    let conflict = Some(ConflictFound { theirs: "# Theirs\n".into() });
    let done = Done::Wrote { path: "tasks/2.md".into(), document: Document::default(), text: None, conflict };
    b.server(&Command::JobDone(JobDone { id: yours, done }));
    assert_eq!(b.task().title, "Theirs");
    let shown = b.task().conflict.clone().unwrap();
    assert_eq!((shown.yours, Some(shown.theirs)), (yours, b.task().document.version));
    let save = SaveDocument { id: id(2), base: None, text: "# Both\n".into() };
    assert_eq!(code(b.person(&Command::SaveDocument(save.clone()))), RejectCode::NotAllowed);
    b.person(&Command::ResolveConflict(save)).unwrap();
    assert_eq!((b.task().title.as_str(), &b.task().conflict), ("Both", &None));
}

#[test]
fn a_failed_job_stays_with_its_reason_and_can_be_tried_again() {
    let mut b = Bench::new();
    b.person(&Command::CreateTask(CreateTask { id: id(5), project: id(1), text: "New\nbody".into() })).unwrap();
    let job = b.state.jobs_of(id(5)).next().unwrap().id;
    b.server(&Command::JobFailed(JobFailed { id: job, reason: "disk full".into(), files: vec![], conflict: false }));
    assert!(b.state.task(id(5)).is_some());
    b.person(&Command::RetryJob(OnJob { id: job })).unwrap();
    assert_eq!(b.state.job(job).unwrap().state, JobState::Pending);
    assert_eq!(code(b.person(&Command::DropJob(OnJob { id: job }))), RejectCode::NotAllowed);
    b.server(&Command::JobFailed(JobFailed { id: job, reason: "disk full".into(), files: vec![], conflict: false }));
    b.person(&Command::DropJob(OnJob { id: job })).unwrap();
    assert!(b.state.task(id(5)).is_none());
}

#[test]
fn only_the_server_reports() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    let forged = ReportSession {
        id: id(10),
        attempt: 1,
        status: Status::Running,
        requests: vec![],
        conversation: None,
        branch: None,
    };
    assert_eq!(code(b.person(&Command::ReportSession(forged))), RejectCode::Forbidden);
}

#[test]
fn verify_needs_something_to_verify() {
    let mut b = Bench::new();
    assert_eq!(code(b.start(10, Kind::Verify)), RejectCode::NotAllowed);
}

#[test]
fn the_rank_of_an_attempt_never_falls() {
    for from in Status::ALL {
        for to in Status::ALL {
            assert!(!from.may_become(to) || to.rank() >= from.rank(), "{from:?} -> {to:?}");
        }
    }
    let table: Vec<String> = Status::ALL
        .iter()
        .map(|from| {
            let to: Vec<String> =
                Status::ALL.iter().filter(|to| from.may_become(**to)).map(|to| format!("{to:?}")).collect();
            format!("{from:?} -> {}", to.join(" "))
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn what_goes_on_later_waits_for_its_time_takes_no_place_and_begins_with_it() {
    let mut b = Bench::new();
    b.server(&Command::Configure(Configure { max_sessions: 1, demo: false }));
    b.observe(3, "# Two\n");
    b.start(10, Kind::Implement).unwrap();
    let at = Millis(b.seq + 20);
    let send = |at| Command::SendMessage(SendMessage { at: Some(at), ..SendMessage::new(id(70), id(10), "Go on.") });
    assert_eq!(code(b.person(&send(at))), RejectCode::NotAllowed, "it runs");
    b.end(10, Ending::Failed { reason: "limit".into(), stderr: None });
    assert_eq!(code(b.person(&send(Millis(at.0 + 9 * 24 * 3_600_000)))), RejectCode::Invalid);
    b.person(&send(at)).unwrap();
    let waits = b.session(10);
    assert_eq!((waits.status, waits.attempt, waits.not_before), (Status::Queued, 2, Some(at)));
    b.server(&Command::TakePlaces(TakePlaces {}));
    assert_eq!(b.session(10).status, Status::Queued, "it is not time");

    let other = StartSession { id: id(11), task: id(3), kind: Kind::Implement, start: Start::default() };
    b.person(&Command::StartSession(other)).unwrap();
    assert_eq!(b.session(11).status, Status::Starting, "who waits for a time keeps nobody out");
    b.seq = at.0;
    b.server(&Command::TakePlaces(TakePlaces {}));
    let queued = b.session(10);
    assert_eq!((queued.status, queued.not_before), (Status::Queued, None), "the place is taken");
    b.end(11, Ending::Completed);
    assert_eq!(b.session(10).status, Status::Starting);
}
