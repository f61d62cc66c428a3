//! Where a session goes on from: what its origin's output says of the conversation up to there, and the worktree, which
//! goes back to before that message.

use super::prepare::Unprepared;
use crate::engine::Engine;
use crate::host::{HostSpec, Moments, moments};
use crate::receipts;
use crate::step::{self, Step};
use crate::work;
use qd_agents::driver::Fork;
use qd_core::event::{Event, EventBody};
use qd_core::ids::{MessageId, SessionId};
use qd_core::row::{Branch, Files, GoesOn, Session};
use qd_git::{BackError, Head, KeptIndex};
use qd_store::{OutputError, Outputs};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

/// So much of what was said is told again, in bytes; the end of it counts.
const TOLD: usize = 60_000;
/// So many origins of origins are followed.
const CHAIN: usize = 20;

/// What the outputs of a session say, up to a message.
#[derive(Debug, Default, PartialEq)]
struct Past {
    conversation: Option<String>,
    /// The one that is open, where nothing was said in it.
    opened: Option<String>,
    /// The last point that the agent told.
    point: Option<String>,
    /// Whether something was said to the agent.
    begun: bool,
    told: String,
    /// Whether the message was found.
    found: bool,
    agent_speaks: bool,
}

impl Past {
    /// Takes a line; true where it is the message.
    fn line(&mut self, line: &[u8], until: Option<MessageId>) -> bool {
        let Ok(event) = serde_json::from_slice::<Event>(line) else { return false };
        match event.body {
            EventBody::Prompt { message, .. } if Some(message) == until => {
                self.found = true;
                return true;
            }
            EventBody::Prompt { text, .. } => {
                self.begun = true;
                // One that was opened and not spoken in yet has nothing to go on from.
                let opened = self.opened.take().filter(|id| self.conversation.as_ref() != Some(id));
                if opened.is_some() {
                    (self.conversation, self.point) = (opened, None);
                }
                self.agent_speaks = false;
                self.told.push_str("\n\nThe person said:\n\n");
                self.told.push_str(text.trim());
            }
            EventBody::Text { text } => {
                if !std::mem::replace(&mut self.agent_speaks, true) {
                    self.told.push_str("\n\nYou said:\n\n");
                }
                self.told.push_str(&text);
            }
            EventBody::Tool(tool) => {
                if let Some(title) = tool.title.filter(|title| !title.is_empty()) {
                    self.agent_speaks = false;
                    let _ = write!(self.told, "\n\n(You did: {title})");
                }
            }
            EventBody::Conversation { id } => self.opened = Some(id),
            EventBody::Point { at } => self.point = Some(at),
            _ => {}
        }
        false
    }

    fn read(&mut self, mut lines: impl BufRead, until: Option<MessageId>) -> io::Result<()> {
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if self.line(&line, until) {
                return Ok(());
            }
            line.clear();
        }
        Ok(())
    }
}

/// A session and how far it counts.
struct Link {
    session: SessionId,
    attempts: u32,
    until: Option<MessageId>,
}

/// The sessions that `from` goes back to, the first one first.
fn chain(engine: &Engine, from: GoesOn) -> Vec<Link> {
    let mut links = Vec::new();
    let mut next = Some(from);
    while let Some(GoesOn { session, message, .. }) = next.filter(|_| links.len() < CHAIN) {
        let row = engine.read(|state| state.session(session).cloned());
        links.push(Link { session, attempts: row.as_ref().map_or(0, |row| row.attempt), until: message });
        next = row.and_then(|row| row.origin);
    }
    links.reverse();
    links
}

/// What the conversation of `row` goes on from; none where it has no past.
pub(super) async fn fork(engine: &Engine, row: &Session, cwd: &Path) -> Result<Option<Fork>, Unprepared> {
    let Some(from) = row.origin else { return Ok(None) };
    let links = chain(engine, from);
    let cwd = cwd.to_owned();
    let config = engine.config().clone();
    let read = move || -> Result<(Past, bool), OutputError> {
        let outputs = Outputs::new(&config.data_dir);
        let mut past = Past::default();
        let mut here = true;
        for Link { session, attempts, until } in &links {
            past.found = until.is_none();
            for attempt in 1..=*attempts {
                past.read(outputs.whole(*session, attempt)?, *until)?;
                // Agents keep conversations by the folder that they were held in.
                here = HostSpec::written(&config.run_dir(*session, attempt)).is_ok_and(|(spec, _)| spec.cwd == cwd);
                if past.found && until.is_some() {
                    break;
                }
            }
        }
        Ok((past, here))
    };
    let unread = |why: String| Unprepared::Refused(format!("What was said before could not be read: {why}."));
    let (past, here) = match tokio::task::spawn_blocking(read).await {
        Ok(read) => read.map_err(|error| unread(error.to_string()))?,
        Err(_) => return Err(Unprepared::NotWanted),
    };
    if !past.found {
        let why = "That message did not reach the agent, or its session was removed. Choose another one.";
        return Err(Unprepared::Refused(why.to_owned()));
    }
    if !past.begun {
        return Ok(None);
    }
    let whole = from.message.is_none();
    let conversation = past.conversation.filter(|_| here && (whole || past.point.is_some()));
    let at = past.point.filter(|_| conversation.is_some() && !whole);
    Ok(Some(Fork { conversation, at, told: last(past.told.trim(), TOLD) }))
}

fn last(text: &str, bytes: usize) -> String {
    let from = (text.len().saturating_sub(bytes)..=text.len()).find(|at| text.is_char_boundary(*at));
    let cut = text.get(from.unwrap_or_default()..).unwrap_or_default();
    if cut.len() < text.len() { format!("(The beginning is left out.) {cut}") } else { cut.to_owned() }
}

/// A going back of a worktree that has begun; gone with its session.
#[derive(Serialize, Deserialize)]
struct Begun {
    kept_at: String,
    done: bool,
    /// Repositories that were left as they are.
    left: Vec<String>,
}

fn receipt(session: SessionId) -> String {
    format!("{session}.back")
}

/// Takes the worktree of a session back to where it goes on from, once. Gives what there is to say of it.
pub(super) async fn go_back(engine: &Engine, row: &Session, branch: &Branch) -> Result<Vec<String>, Unprepared> {
    let Some(GoesOn { session, message: Some(message), files: Files::Back }) = row.origin else {
        return Ok(Vec::new());
    };
    let earlier = receipts::load::<Begun>(engine, &receipt(row.id));
    let begun = match earlier {
        Some(begun) if begun.done && row.attempt > 1 => return Ok(Vec::new()),
        Some(begun) if begun.done => begun,
        _ => go(engine, row, branch, (session, message)).await.map_err(Unprepared::Refused)?,
    };
    let kept = &begun.kept_at;
    let mut remarks = vec![format!(
        "The worktree went back to before that message. What was there is kept at {kept}: `git diff {kept}` shows it, \
         `git restore --source {kept} --worktree .` brings it back."
    )];
    if !begun.left.is_empty() {
        remarks.push(format!("Repositories inside the worktree were left as they are: {}.", begun.left.join(", ")));
    }
    Ok(remarks)
}

async fn go(engine: &Engine, row: &Session, branch: &Branch, to: (SessionId, MessageId)) -> Result<Begun, String> {
    let project =
        engine.read(|state| state.project(row.project).cloned()).ok_or("The project is not open any more.")?;
    let repo = engine.repo(&project).await.map_err(|error| format!("The repository can't be opened: {error}."))?;
    let moment = repo.moment(&moments::reference(to.0, to.1)).await.map_err(|error| error.to_string())?;
    let mut moment = moment.ok_or("The worktree was not saved before that message, so it can't go back to it.")?;
    // A worktree that was discarded since is another one now, on a branch of its own.
    if let Head::Branch { name, .. } = &mut moment.head
        && matches!(repo.resolve(&format!("refs/heads/{name}")).await, Ok(None))
    {
        name.clone_from(&branch.name);
    }
    let mut begun =
        Begun { kept_at: format!("refs/quarterdeck/kept/{}/{}", to.0, row.id), done: false, left: Vec::new() };
    let unwritten = |error: io::Error| format!("The data directory can't be written: {}", crate::files::advice(&error));
    let folder = Moments::folder(&engine.config().runs().join(row.id.to_string()));
    std::fs::create_dir_all(&folder).map_err(unwritten)?;
    receipts::store(engine, &receipt(row.id), &begun).map_err(unwritten)?;
    let index = KeptIndex::in_folder(folder);
    let documents = work::documents(&project);
    let worktree = Path::new(&branch.path);
    step::passed(Step::BackBegun);
    let went = match repo.go_back(worktree, &index, &moment, &begun.kept_at, &documents).await {
        Ok(went) => went,
        Err(error) => {
            if !matches!(error, BackError::Git(_)) {
                receipts::remove(engine, &receipt(row.id));
            }
            return Err(refusal(error));
        }
    };
    step::passed(Step::BackDone);
    begun.done = true;
    begun.left = went.left.iter().map(ToString::to_string).collect();
    receipts::store(engine, &receipt(row.id), &begun).map_err(unwritten)?;
    engine.count_changes(row.task).await;
    Ok(begun)
}

/// A going back that was cut off is finished although its session will not begin: half of it would be neither.
pub(super) async fn finish(engine: &Engine, row: &Session) {
    let begun = receipts::load::<Begun>(engine, &receipt(row.id)).is_some_and(|begun| !begun.done);
    let branch = engine.read(|state| state.task(row.task).and_then(|task| task.branch.clone()));
    if let Some(branch) = branch.filter(|_| begun)
        && let Err(Unprepared::Refused(why)) = go_back(engine, row, &branch).await
    {
        tracing::warn!(session.id = %row.id, why, "a worktree could not be taken back to the end");
    }
}

/// How the worktree is saved before each message of `row`.
pub(super) fn moments(engine: &Engine, row: &Session) -> Option<Moments> {
    let root = engine.read(|state| state.project(row.project).map(|project| PathBuf::from(&project.path)))?;
    engine.git_setup(root, Moments::folder(&engine.config().runs().join(row.id.to_string()))).ok()
}

/// Lets go what was saved for a session that was removed.
pub(super) async fn forget(engine: &Engine, session: SessionId) {
    receipts::remove(engine, &receipt(session));
    let run = engine.config().run_dir(session, 1);
    let Some(setup) = HostSpec::written(&run).ok().and_then(|(spec, _)| spec.moments) else { return };
    let forgotten = match qd_git::Repo::open(&setup.root, setup.git_env()).await {
        Ok(repo) => repo.forget_moments(&moments::references(session)).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = forgotten {
        tracing::warn!(session.id = %session, error, "what was saved for a deleted session could not be let go");
    }
}

fn refusal(error: BackError) -> String {
    match error {
        BackError::NotLinked { path } => {
            format!("{} is not a worktree of this repository, so it is left alone.", path.display())
        }
        BackError::InTheWay { paths } => {
            let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
            format!(
                "Ignored files lie where files were then: {}. Move them away, then send it again.",
                paths.join(", ")
            )
        }
        BackError::BranchElsewhere { branch, checkout } => {
            format!(
                "The branch {branch} is checked out at {}. Check another one out there, then send it again.",
                checkout.display()
            )
        }
        BackError::Git(error) => format!("The worktree did not go back: {error}. Mend that, then send it again."),
    }
}
