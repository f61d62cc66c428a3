//! From what a person writes to the row that is meant: an id, the beginning or the end of one, a file, a title.

use crate::environment::absolute;
use crate::exit::Error;
use qd_core::row::{Job, Row, RowKind, Session, Task};
use qd_core::state::State;
use std::path::Path;
use uuid::Uuid;

/// Fewer characters of an id are not looked at: they would be words of a title.
const LEAST: usize = 4;

/// The short form of an id: its end, as ids made at one time begin alike.
pub fn short(id: impl Into<Uuid>) -> String {
    let text = id.into().simple().to_string();
    text[text.len() - 8..].to_owned()
}

fn is_id(id: Uuid, written: &str) -> bool {
    let written: String = written.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let id = id.simple().to_string();
    written.len() >= LEAST && (id.starts_with(&written) || id.ends_with(&written))
}

/// All tasks.
pub fn tasks(state: &State) -> impl Iterator<Item = &Task> {
    state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(t) = row { Some(t) } else { None })
}

/// All sessions.
pub fn sessions(state: &State) -> impl Iterator<Item = &Session> {
    state.of_kind(RowKind::Session).filter_map(|row| if let Row::Session(s) = row { Some(s) } else { None })
}

/// The task that is meant by `written`: its file, its id, its title, or a part of its title.
pub fn task<'a>(state: &'a State, written: &str) -> Result<&'a Task, Error> {
    let file = absolute(Path::new(written)).ok().and_then(|path| path.canonicalize().ok());
    let is_file = |t: &Task| {
        let Some(path) = &t.path else { return false };
        let place = state.project(t.project).map(|project| Path::new(&project.path).join(path));
        path == written || (file.is_some() && file == place)
    };
    let lower = written.to_lowercase();
    let part = |t: &Task| t.title.to_lowercase().contains(&lower);
    let ways: [&dyn Fn(&Task) -> bool; 5] = [
        &is_file,
        &|t| is_id(t.id.0, written),
        &|t| t.title.to_lowercase() == lower,
        &|t| !t.archived && part(t),
        // What was put away is meant only where nothing else is.
        &part,
    ];
    for way in ways {
        let found: Vec<&Task> = tasks(state).filter(|t| way(t)).collect();
        match found[..] {
            [] => {}
            [task] => return Ok(task),
            _ => return Err(ambiguous("task", written, &found, |t| format!("{} {:?}", short(t.id.0), t.title))),
        }
    }
    Err(Error::NotFound { what: "task", name: written.to_owned(), hint: "`qd task list` shows all" })
}

/// The session that is meant by `written`: its id, or a part of it.
pub fn session<'a>(state: &'a State, written: &str) -> Result<&'a Session, Error> {
    let found: Vec<&Session> = sessions(state).filter(|s| is_id(s.id.0, written)).collect();
    match found[..] {
        [] => Err(Error::NotFound { what: "session", name: written.to_owned(), hint: "`qd sessions --all` shows all" }),
        [session] => Ok(session),
        _ => Err(ambiguous("session", written, &found, |s| short(s.id.0))),
    }
}

/// The job that is meant by `written`: its id or a part of it, else the only one of the task that is meant.
pub fn job<'a>(state: &'a State, written: &str) -> Result<&'a Job, Error> {
    let all = || state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(j) = row { Some(j) } else { None });
    let mut found: Vec<&Job> = all().filter(|job| is_id(job.id.0, written)).collect();
    if found.is_empty()
        && let Ok(task) = task(state, written)
    {
        found = state.jobs_of(task.id).collect();
    }
    match found[..] {
        [] => Err(Error::NotFound { what: "job", name: written.to_owned(), hint: "`qd jobs` shows all" }),
        [job] => Ok(job),
        _ => Err(ambiguous("job", written, &found, |job| short(job.id.0))),
    }
}

fn ambiguous<T>(what: &'static str, name: &str, found: &[&T], describe: impl Fn(&T) -> String) -> Error {
    let examples: Vec<String> = found.iter().take(3).map(|t| describe(t)).collect();
    Error::Ambiguous { what, name: name.to_owned(), count: found.len(), examples: examples.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qd_core::ids::{Millis, ProjectId};
    use qd_core::row::{Document, Progress};

    fn made(id: u128, title: &str, path: &str) -> Row {
        Row::Task(Task {
            id: Uuid::from_u128(id).into(),
            ver: 1,
            project: ProjectId(Uuid::nil()),
            title: title.to_owned(),
            path: Some(path.to_owned()),
            document: Document::default(),
            progress: Progress::default(),
            criteria: Progress::default(),
            problem: None,
            on_branch: true,
            archived: false,
            created: Millis(0),
            updated: Millis(0),
            conflict: None,
            branch: None,
            landing: None,
            landed_before: Vec::new(),
            trial: None,
            proposal: None,
        })
    }

    fn found(written: &str) -> Result<String, String> {
        let rows = [
            made(0x0199_0000_0000_7000_8000_0000_aaaa_0001, "Fix the login", "tasks/fix-the-login.md"),
            made(0x0199_0000_0000_7000_8000_0000_aaaa_0002, "Fix the logout", "tasks/fix-the-logout.md"),
            made(0x0199_0000_0000_7000_8000_0000_bbbb_0003, "Login", "tasks/login.md"),
        ];
        let state: State = rows.into_iter().collect();
        task(&state, written).map(|t| t.title.clone()).map_err(|e| format!("{:?}", e.exit()))
    }

    #[test]
    fn a_task_is_named_by_file_id_title_or_a_part_that_only_it_has() {
        for (written, title) in [
            ("tasks/login.md", "Login"),
            ("aaaa0001", "Fix the login"),
            ("AAAA-0002", "Fix the logout"),
            ("01990000-0000-7000-8000-0000bbbb0003", "Login"),
            ("login", "Login"),
            ("LOGOUT", "Fix the logout"),
        ] {
            assert_eq!(found(written), Ok(title.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_names_none_or_several_is_not_guessed() {
        for written in ["Fix", "0199", "nothing", "tasks/gone.md"] {
            assert_eq!(found(written), Err("NotFound".to_owned()), "{written}");
        }
    }
}
