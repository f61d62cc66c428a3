//! How far the outputs of sessions are known to go, for those who follow them. Kept only while somebody listens.

use qd_core::ids::SessionId;
use qd_core::row::Session;
use qd_store::{Known, OutputOffset};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// See the module.
#[derive(Default)]
pub(super) struct Heard {
    listened: Mutex<HashMap<SessionId, watch::Sender<Known>>>,
}

impl Heard {
    /// Listens to a session. `row` reads what is known of it.
    pub(super) fn listen(&self, session: SessionId, row: impl FnOnce() -> Option<Session>) -> watch::Receiver<Known> {
        let mut listened = self.locked();
        // Read under the lock: whoever refreshes later has a row that is at least as new.
        let Some(row) = row() else {
            return watch::Sender::new(Known::default()).subscribe();
        };
        if let Some(known) = listened.get(&session) {
            // Whoever has heard of another attempt by the log must not be told that the one before it ended.
            take(known, &row);
            return known.subscribe();
        }
        let (sender, receiver) = watch::channel(told(&row, Known::default()));
        listened.insert(session, sender);
        receiver
    }

    /// The host of an attempt reports that its output is readable up to `byte`.
    pub(super) fn appended(&self, session: SessionId, attempt: u32, byte: u64) {
        if let Some(known) = self.locked().get(&session) {
            let end = OutputOffset { attempt, byte };
            known.send_if_modified(|known| {
                let news = end > known.end;
                if news {
                    *known = Known { end, ended: known.ended && attempt == known.end.attempt };
                }
                news
            });
        }
    }

    /// Takes over what the rows say; forgets sessions that nobody listens to or that are gone.
    pub(super) fn refresh(&self, row: impl Fn(SessionId) -> Option<Session>) {
        self.locked().retain(|session, known| {
            if known.is_closed() {
                return false;
            }
            let Some(row) = row(*session) else { return false };
            take(known, &row);
            true
        });
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<SessionId, watch::Sender<Known>>> {
        self.listened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes over what the row says.
fn take(known: &watch::Sender<Known>, row: &Session) {
    known.send_if_modified(|known| {
        let next = told(row, *known);
        let news = next != *known;
        *known = next;
        news
    });
}

/// What the row says, where `known` was known before.
fn told(row: &Session, known: Known) -> Known {
    if !row.status.is_ended() {
        let begun = OutputOffset { attempt: row.attempt, byte: 0 };
        return Known { end: known.end.max(begun), ended: false };
    }
    // An attempt that never began has left no folder that could be read up to its end.
    let end = match row.output_end.unwrap_or(0) {
        0 => OutputOffset::default(),
        byte => OutputOffset { attempt: row.attempt, byte },
    };
    Known { end, ended: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qd_core::ids::{Millis, ProjectId, TaskId};
    use qd_core::status::{Kind, Status};
    use uuid::Uuid;

    fn session(status: Status, attempt: u32, output_end: Option<u64>) -> Session {
        Session {
            id: SessionId(Uuid::nil()),
            ver: 1,
            project: ProjectId(Uuid::nil()),
            task: TaskId(Uuid::nil()),
            kind: Kind::Implement,
            agent: "demo".to_owned(),
            model: None,
            instructions: String::new(),
            spent: None,
            adopted: None,
            resolves: None,
            origin: None,
            permission: qd_core::row::Permission::default(),
            status,
            attempt,
            created: Millis(1),
            since: Millis(1),
            not_before: None,
            ended: None,
            ending: None,
            requests: Vec::new(),
            conversation: None,
            output_end,
            activity: None,
            seen: false,
        }
    }

    fn at(attempt: u32, byte: u64) -> OutputOffset {
        OutputOffset { attempt, byte }
    }

    #[test]
    fn a_listener_hears_of_output_then_of_the_end_then_of_the_next_attempt() {
        let heard = Heard::default();
        let row = session(Status::Running, 1, None);
        let known = heard.listen(row.id, || Some(row.clone()));
        assert_eq!(*known.borrow(), Known { end: at(1, 0), ended: false });
        heard.appended(row.id, 1, 50);
        heard.appended(row.id, 1, 40);
        assert_eq!(*known.borrow(), Known { end: at(1, 50), ended: false });
        heard.refresh(|_| Some(session(Status::Completed, 1, Some(70))));
        assert_eq!(*known.borrow(), Known { end: at(1, 70), ended: true });
        heard.refresh(|_| Some(session(Status::Starting, 2, None)));
        assert_eq!(*known.borrow(), Known { end: at(2, 0), ended: false });
    }

    #[test]
    fn who_listens_after_the_next_attempt_began_is_not_told_the_end_of_the_one_before() {
        let heard = Heard::default();
        let ended = session(Status::Completed, 1, Some(70));
        let _first = heard.listen(ended.id, || Some(ended.clone()));
        let known = heard.listen(ended.id, || Some(session(Status::Starting, 2, None)));
        assert_eq!(*known.borrow(), Known { end: at(2, 0), ended: false });
    }

    #[test]
    fn a_session_that_never_began_ends_at_the_beginning() {
        let row = session(Status::Cancelled, 1, None);
        let known = Heard::default().listen(row.id, || Some(row.clone()));
        assert_eq!(*known.borrow(), Known { end: OutputOffset::default(), ended: true });
    }

    #[test]
    fn a_deleted_session_lets_its_listeners_go() {
        let heard = Heard::default();
        let row = session(Status::Completed, 1, Some(9));
        let known = heard.listen(row.id, || Some(row.clone()));
        heard.refresh(|_| None);
        assert!(known.has_changed().is_err());
        assert!(heard.listen(row.id, || None).has_changed().is_err());
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let heard = Heard::default();
        let row = session(Status::Running, 1, None);
        drop(heard.listen(row.id, || Some(row.clone())));
        heard.refresh(|_| Some(row.clone()));
        assert!(heard.locked().is_empty());
    }
}
