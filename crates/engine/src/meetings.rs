//! Keeps what the rows say of works that change the same files: a little after one of them changed, and nothing while
//! nothing does. What stands in the rows when the engine starts is believed until then.

use crate::engine::Engine;
use qd_core::command::{Command, Pair, TellMeetings};
use qd_core::ids::{ProjectId, TaskId};
use qd_core::row::{Row, RowKind};
use qd_core::state::State;
use qd_wire::Meeting;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What changes within this time is looked at together.
const TOGETHER: Duration = Duration::from_secs(1);
/// After it looked it rests so many times as long as that took.
const REST: u32 = 10;

/// The works of a project that are looked at: each with its tree.
type Works = BTreeMap<TaskId, String>;

impl Engine {
    /// Does it until the engine ends.
    pub(crate) fn watch_meetings(&self) {
        let engine = self.clone();
        let shutdown = self.inner.shutdown.clone();
        self.inner.tasks.spawn(async move {
            shutdown.run_until_cancelled(engine.keep_meetings()).await;
        });
    }

    async fn keep_meetings(&self) {
        let mut head = self.head();
        let mut known = self.read(works);
        loop {
            if head.changed().await.is_err() {
                return;
            }
            tokio::time::sleep(TOGETHER).await;
            head.mark_unchanged();
            let now = self.read(works);
            let began = Instant::now();
            let all: BTreeSet<ProjectId> = now.keys().chain(known.keys()).copied().collect();
            for project in all.iter().filter(|project| now.get(project) != known.get(project)) {
                self.tell_meetings(*project, now.get(project).map_or(0, BTreeMap::len)).await;
            }
            known = now;
            tokio::time::sleep(began.elapsed() * REST).await;
        }
    }

    async fn tell_meetings(&self, project: ProjectId, works: usize) {
        let meetings = if works < 2 { Vec::new() } else { self.radar(project).await.unwrap_or_default() };
        let pair = |Meeting { tasks, files, conflicts }: Meeting| Pair {
            tasks: tasks.map(TaskId),
            files: crate::work::narrow(files.len() as u64),
            conflicts: crate::work::narrow(conflicts.len() as u64),
        };
        let command = TellMeetings { project, pairs: meetings.into_iter().map(pair).collect() };
        if self.read(|state| qd_core::decide::are_told(state, &command)) {
            return;
        }
        let cause = crate::time::mint(&*self.config().clock).to_string();
        self.report(Command::TellMeetings(command), &["meetings", &cause]).await;
    }
}

fn works(state: &State) -> BTreeMap<ProjectId, Works> {
    let mut works: BTreeMap<ProjectId, Works> = BTreeMap::new();
    for row in state.of_kind(RowKind::Task) {
        let Row::Task(task) = row else { continue };
        let changed = task.standing().and_then(|branch| branch.changed.as_ref()).filter(|changed| changed.files > 0);
        if let Some(changed) = changed {
            works.entry(task.project).or_default().insert(task.id, changed.tree.clone());
        }
    }
    works
}
