//! What the server itself reports: agents, files, jobs.

use super::step::Kind;
use super::violation::Violated;
use super::world::World;
use qd_core::command::{
    AgentsFound, AttachProject, Command, Configure, ConflictFound, CountChanges, Done, EndSession, JobDone, JobFailed,
    ObserveFile, OnTask, ReportSession, SettleMessage,
};
use qd_core::document;
use qd_core::event::{Activity, Ending, OptionEffect, Request, RequestOption};
use qd_core::ids::{Millis, ProjectId, RequestId, TaskId, v7};
use qd_core::row::{
    Agent, Branch, Changed, Checks, Commit, Fate, How, Job, JobState, Landing, Message, MessageState, Proposal, Qa,
    Reception, Remark, Reverted, Row, RowKind, Session, TakingBack, Task, Trial, Update, Work,
};
use qd_core::status::Status;
use uuid::Uuid;

/// The project of every schedule.
pub const PROJECT: ProjectId = ProjectId(Uuid::from_u128(0x1));

/// Attaches it.
pub fn project() -> Command {
    Command::AttachProject(AttachProject {
        id: PROJECT,
        name: "deck".to_owned(),
        path: "/deck".to_owned(),
        tasks_dir: "tasks".to_owned(),
        branch: Some("main".to_owned()),
        problem: None,
        watched: true,
        demo: false,
        remote: false,
        commits: false,
    })
}

/// An agent that is installed or not.
pub fn agent(name: &str, found: bool) -> Agent {
    Agent { title: name.to_uppercase(), found, scripted: name == "demo", preference: 1, ..Agent::new(name) }
}

fn file(id: TaskId, text: &str) -> Command {
    Command::ObserveFile(ObserveFile {
        id,
        project: PROJECT,
        path: format!("tasks/{id}.md"),
        document: document::describe(text),
        text: Some(text.to_owned()),
        problem: None,
        archived: false,
    })
}

fn branch(session: &Session) -> Branch {
    Branch {
        session: session.id,
        name: "qd/one".to_owned(),
        path: "/w/one".to_owned(),
        base: "0123".to_owned(),
        target: Some("main".to_owned()),
        changed: None,
        discarded: None,
        update: None,
        commit: None,
        draft: None,
        port: None,
        taking_back: None,
        meets: Vec::new(),
    }
}

fn done(job: &Job, a: u16, conflict: bool) -> Option<Done> {
    Some(match &job.work {
        Work::WriteDocument { .. } => Done::Wrote {
            path: format!("tasks/{}.md", job.task),
            document: document::describe("x"),
            text: (a % 2 == 1 && !conflict).then(|| format!("# Merged {a}\n")),
            conflict: conflict.then(|| ConflictFound { theirs: format!("# Theirs {a}\n") }),
        },
        _ if conflict => return None,
        Work::MoveDocument { .. } => Done::Moved { path: format!("tasks/{}.md", job.task) },
        Work::Keep { .. } => Done::Kept {
            landing: Landing {
                target: "main".to_owned(),
                old: "1".to_owned(),
                new: "2".to_owned(),
                at: Millis(1),
                how: How::default(),
                check: None,
                qa: Qa::default(),
                reverted: None,
            },
        },
        Work::CommitDocument { .. } => Done::DocumentCommitted,
        Work::Commit { .. } => Done::Committed {
            commit: Commit { id: "4".to_owned(), subject: "Work".to_owned(), said: String::new(), at: Millis(1) },
        },
        Work::Update => Done::Updated { update: Some(Update { before: "refs/qd/before".to_owned(), at: Millis(1) }) },
        Work::UndoUpdate => Done::UpdateUndone,
        Work::TakeBack => {
            Done::TakingBack { taking: TakingBack { before: "refs/qd/before".to_owned(), at: Millis(1) } }
        }
        Work::Resolve { .. } => Done::Resolved,
        Work::Try => Done::Tried { trial: Trial { head: "1".to_owned(), commit: "5".to_owned(), at: Millis(1) } },
        Work::Untry => Done::Untried,
        Work::Propose { .. } => Done::Proposed { proposal: Box::new(proposal()), commit: None },
        Work::LookAtProposal => Done::ProposalSeen { reception: Box::new(reception()) },
        Work::UndoKeep => Done::Unkept,
        Work::Revert => Done::Reverted { reverted: Reverted { commit: "3".to_owned(), at: Millis(1) } },
        Work::Discard => Done::Discarded { saved: "refs/qd/saved".to_owned() },
        Work::UndoDiscard => Done::Restored {
            branch: Branch {
                session: Uuid::nil().into(),
                name: "qd/one".to_owned(),
                path: "/w/one".to_owned(),
                base: "0123".to_owned(),
                target: Some("main".to_owned()),
                changed: None,
                discarded: None,
                update: None,
                commit: None,
                draft: None,
                port: None,
                taking_back: None,
                meets: Vec::new(),
            },
        },
    })
}

fn proposal() -> Proposal {
    Proposal {
        remote: "origin".to_owned(),
        branch: "qd/one".to_owned(),
        base: "main".to_owned(),
        commit: "6".to_owned(),
        tree: None,
        at: Millis(1),
        link: Some("https://example.org/deck/pull/7".to_owned()),
        number: Some(7),
        note: None,
        said: String::new(),
        reception: None,
        qa: Qa::default(),
    }
}

fn reception() -> Reception {
    let remark = Remark {
        id: "8".to_owned(),
        author: "ann".to_owned(),
        text: "Why?".to_owned(),
        path: None,
        line: None,
        link: None,
        session: None,
    };
    Reception {
        at: Millis(1),
        fate: Fate::Open,
        merge: None,
        checks: Checks::default(),
        approvals: 0,
        objections: 0,
        remarks: vec![remark],
        older: 0,
    }
}

fn asked(id: Uuid, question: bool) -> Request {
    let option = |id: &str| RequestOption {
        id: id.to_owned(),
        label: id.to_owned(),
        effect: OptionEffect::AllowOnce,
        detail: None,
    };
    Request {
        id: RequestId(id),
        title: "May I?".to_owned(),
        detail: None,
        tool: None,
        options: vec![option("yes"), option("no")],
        question,
        takes_note: false,
        input: None,
    }
}

fn chosen<T>(mut all: Vec<T>, n: u16) -> Option<T> {
    let count = all.len();
    (count > 0).then(|| all.swap_remove(usize::from(n) % count))
}

impl World {
    /// What is there when a schedule begins.
    pub(super) fn furnish(&mut self) -> Violated<()> {
        let mut all = vec![
            project(),
            Command::AgentsFound(AgentsFound { agents: vec![agent("demo", true), agent("other", true)], looked: None }),
            Command::Configure(Configure { max_sessions: 3, demo: false }),
        ];
        all.extend((1..4_u128).map(|n| file(TaskId(Uuid::from_u128(0x100 + n)), &format!("# Task {n}\n\n- [ ] a\n"))));
        for command in all {
            self.server.submit(&command, Millis(self.now))?;
        }
        Ok(())
    }

    /// The server reports something. Says whether there was anything to report.
    pub fn report(&mut self, kind: Kind, a: u16, b: u16) -> Violated<bool> {
        let Some(command) = self.report_of(kind, a, b) else { return Ok(false) };
        self.server.submit(&command, Millis(self.now))?;
        Ok(true)
    }

    fn report_of(&mut self, kind: Kind, a: u16, b: u16) -> Option<Command> {
        let now = Millis(self.now);
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&self.random.bytes()[..10]);
        let id = v7(now, bytes);
        let state = self.server.state();
        let sessions = || {
            let all =
                state.of_kind(RowKind::Session).filter_map(|r| if let Row::Session(s) = r { Some(s) } else { None });
            all.filter(|s| s.status.takes_a_place()).collect::<Vec<&Session>>()
        };
        let tasks = || {
            let all = state.of_kind(RowKind::Task).filter_map(|r| if let Row::Task(t) = r { Some(t) } else { None });
            all.collect::<Vec<&Task>>()
        };
        let job = || {
            let all = state.of_kind(RowKind::Job).filter_map(|r| if let Row::Job(j) = r { Some(j) } else { None });
            chosen(all.filter(|j| j.state == JobState::Pending).collect::<Vec<&Job>>(), a)
        };
        Some(match kind {
            Kind::Runs | Kind::Asks => {
                let session = chosen(sessions(), a)?;
                let asks = kind == Kind::Asks;
                Command::ReportSession(ReportSession {
                    id: session.id,
                    attempt: session.attempt,
                    status: if asks { Status::NeedsApproval } else { Status::Running },
                    requests: if asks { vec![asked(id, b.is_multiple_of(2))] } else { Vec::new() },
                    conversation: Some("c".to_owned()),
                    branch: b.is_multiple_of(3).then(|| branch(session)),
                })
            }
            Kind::Ends | Kind::Breaks => {
                let session = chosen(sessions(), a)?;
                let ending = match (kind, b % 2) {
                    (Kind::Ends, _) => Ending::Completed,
                    (_, 0) => Ending::Failed { reason: "It broke.".to_owned(), stderr: None },
                    _ => Ending::Interrupted { why: "It vanished.".to_owned() },
                };
                Command::EndSession(EndSession {
                    id: session.id,
                    attempt: session.attempt,
                    ending,
                    output_end: u64::from(b),
                    activity: Activity::default(),
                    conversation: None,
                })
            }
            Kind::Hears => {
                let all = state
                    .of_kind(RowKind::Message)
                    .filter_map(|r| if let Row::Message(m) = r { Some(m) } else { None });
                let queued: Vec<&Message> = all.filter(|m| m.state == MessageState::Queued).collect();
                let message = chosen(queued, a)?;
                let state = if b.is_multiple_of(4) { MessageState::Unknown } else { MessageState::Delivered };
                Command::SettleMessage(SettleMessage { id: message.id, state })
            }
            Kind::FileFound => file(TaskId(id), &format!("# Found {a}\n")),
            Kind::FileChanged => file(chosen(tasks(), a)?.id, &format!("# Changed {b}\n\n- [x] a\n")),
            Kind::FileGone => Command::ObserveGone(OnTask { id: chosen(tasks(), a)?.id }),
            Kind::JobDone | Kind::JobConflict => {
                let job = job()?;
                Command::JobDone(JobDone { id: job.id, done: done(job, b, kind == Kind::JobConflict)? })
            }
            Kind::JobFailed => Command::JobFailed(JobFailed {
                id: job()?.id,
                reason: "It did not work.".to_owned(),
                files: Vec::new(),
                conflict: false,
            }),
            Kind::Counted => Command::CountChanges(CountChanges {
                task: chosen(tasks(), a)?.id,
                changed: Changed {
                    files: u32::from(b % 3),
                    additions: 1,
                    deletions: 0,
                    tree: format!("{b:040x}"),
                    merging: false,
                    conflicts: Vec::new(),
                },
            }),
            Kind::AgentsFound => {
                let agents = vec![agent("demo", !b.is_multiple_of(3)), agent("other", !a.is_multiple_of(2))];
                Command::AgentsFound(AgentsFound { agents, looked: None })
            }
            Kind::Limited => Command::Configure(Configure { max_sessions: u32::from(a % 4) + 1, demo: false }),
            _ => return None,
        })
    }
}
