//! `qd comment`.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{AddComment, Command, SendComments};
use qd_core::ids::{MessageId, SessionId};
use qd_core::row::{Place, Start};
use qd_core::status::Status;
use qd_engine::time::{SystemClock, mint};
use qd_wire::FileLines;

/// Comment on what the work on a task changed. Comments wait until --send sends all of them together.
#[derive(clap::Args)]
pub struct Comment {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The changed file, and the lines in it: `src/lib.rs`, `src/lib.rs:12` or `src/lib.rs:12-14`.
    #[arg(requires = "text", required_unless_present = "send")]
    place: Option<String>,
    /// What there is to say.
    #[arg(conflicts_with = "send")]
    text: Option<String>,
    /// Send the comments that wait: to the session that runs on the task, else to a new one.
    #[arg(long)]
    send: bool,
    /// With --send: what is said beside them.
    #[arg(long, default_value = "", hide_default_value = true, requires = "send")]
    note: String,
    #[command(flatten)]
    sending: Sending,
}

impl Comment {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let task = find::task(&state, &self.task)?.id;
        let id = self.sending.id();
        if let (Some(place), Some(text)) = (&self.place, self.text) {
            let mut place = place_of(place);
            if place.from > 0 {
                let (from, behind) = (place.from, place.to.saturating_add(1));
                let path = crate::client::query(&place.path);
                let lines = format!("/tasks/{task}/changes/lines?path={path}&from={from}&to={behind}");
                place.quote = client.get::<FileLines>(&lines)?.lines.join("\n");
            }
            let command = Command::AddComment(Box::new(AddComment { id: id.into(), task, place, text }));
            return client.send(id, "comment", &command, context.json);
        }
        let goes_on = |status: Status| status.is_active() && status != Status::Cancelling;
        let running = state.sessions_of(task).rfind(|session| goes_on(session.status)).map(|session| session.id);
        let command = SendComments {
            task,
            session: running.unwrap_or(SessionId(id)),
            message: MessageId(mint(&SystemClock)),
            note: self.note,
            start: Start::default(),
        };
        client.send(command.session.0, "session", &Command::SendComments(Box::new(command)), context.json)
    }
}

/// `path`, `path:12` or `path:12-14`. A file may have a colon in its name: what is no number belongs to it.
fn place_of(written: &str) -> Place {
    let whole = |path: &str| Place { path: path.to_owned(), old: false, from: 0, to: 0, quote: String::new() };
    let lines = written.rsplit_once(':').and_then(|(path, lines)| {
        let (from, to) = lines.split_once('-').unwrap_or((lines, lines));
        Some(Place { from: from.parse().ok().filter(|from| *from > 0)?, to: to.parse().ok()?, ..whole(path) })
    });
    lines.unwrap_or_else(|| whole(written))
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn lines_are_told_behind_the_last_colon() {
        let told = |written| {
            let place = place_of(written);
            (place.path, place.from, place.to)
        };
        assert_eq!(told("a/b.rs"), ("a/b.rs".to_owned(), 0, 0));
        assert_eq!(told("a/b.rs:12"), ("a/b.rs".to_owned(), 12, 12));
        assert_eq!(told("a:b.rs:12-14"), ("a:b.rs".to_owned(), 12, 14));
        assert_eq!(told("a:b"), ("a:b".to_owned(), 0, 0));
    }
}
