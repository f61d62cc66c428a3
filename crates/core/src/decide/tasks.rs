//! Commands on tasks and their documents. The text of a version is kept by the store under the mutation's id; the
//! file is written by a job, which merges with whatever the file has by then.

use super::{Context, edit_task, job, not_allowed, project, task};
use crate::command::{CountChanges, CreateTask, ObserveFile, OnTask, Pair, RenameTask, SaveDocument, TellMeetings};
use crate::document;
use crate::ids::Mid;
use crate::op::{Op, Reject, RejectCode};
use crate::row::{Document, Job, Meets, Progress, Row, RowKind, Task, Work};
use crate::state::State;

pub(super) fn create(state: &State, c: &CreateTask, cx: Context) -> Result<Vec<Op>, Reject> {
    if state.task(c.id).is_some() {
        return Err(Reject::new(RejectCode::IdTaken, "A task of this id exists already."));
    }
    let project = project(state, c.project)?;
    if let Some(problem) = &project.problem {
        return Err(not_allowed(format!("No task can be made here: {problem}")));
    }
    if c.text.trim().is_empty() {
        return Err(Reject::new(RejectCode::Invalid, "Write at least a title: the first line becomes it."));
    }
    let text = document::compose(&c.text);
    fits(&text)?;
    let mut row = Task {
        id: c.id,
        ver: 0,
        project: c.project,
        title: String::new(),
        path: None,
        document: Document::default(),
        progress: Progress::default(),
        criteria: Progress::default(),
        problem: None,
        on_branch: true,
        archived: false,
        created: cx.now,
        updated: cx.now,
        conflict: None,
        branch: None,
        landing: None,
        landed_before: Vec::new(),
        trial: None,
        proposal: None,
    };
    take_text(&mut row, &text, cx.mid);
    Ok(vec![Op::put(Row::Task(row)), job(cx, c.id, Work::WriteDocument { version: cx.mid, base: None })])
}

pub(super) fn rename(state: &State, c: &RenameTask, cx: Context) -> Result<Vec<Op>, Reject> {
    if c.title.trim().is_empty() {
        return Err(Reject::new(RejectCode::Invalid, "A task needs a title."));
    }
    save(state, &SaveDocument { id: c.id, base: c.base, text: c.text.clone() }, cx)
}

pub(super) fn save(state: &State, c: &SaveDocument, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = writable(task(state, c.id)?)?;
    if row.conflict.is_some() {
        return Err(not_allowed("This document has an edit that could not be merged. Settle that first."));
    }
    write(row, c, cx)
}

pub(super) fn resolve(state: &State, c: &SaveDocument, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = writable(task(state, c.id)?)?;
    let Some(conflict) = &row.conflict else {
        return Err(not_allowed("There is no conflict to settle (any more)."));
    };
    let base = Some(conflict.theirs);
    let mut settled = row.clone();
    settled.conflict = None;
    let mut ops = write(&settled, &SaveDocument { base, ..c.clone() }, cx)?;
    ops.extend(edit_task(row, |t| t.conflict = None));
    Ok(ops)
}

fn write(row: &Task, c: &SaveDocument, cx: Context) -> Result<Vec<Op>, Reject> {
    fits(&c.text)?;
    let change = edit_task(row, |t| {
        take_text(t, &c.text, cx.mid);
        t.updated = cx.now;
    });
    let write = job(cx, c.id, Work::WriteDocument { version: cx.mid, base: c.base });
    Ok(change.into_iter().chain([write]).collect())
}

pub(super) fn observe(state: &State, c: &ObserveFile, cx: Context) -> Result<Vec<Op>, Reject> {
    project(state, c.project)?;
    let Some(row) = state.task(c.id) else {
        let mut row = Task {
            id: c.id,
            ver: 0,
            project: c.project,
            title: document::title(&document::Reading::default(), Some(&c.path)),
            path: Some(c.path.clone()),
            document: c.document.clone(),
            progress: Progress::default(),
            criteria: Progress::default(),
            problem: c.problem.clone(),
            on_branch: true,
            archived: c.archived,
            created: cx.now,
            updated: cx.now,
            conflict: None,
            branch: None,
            landing: None,
            landed_before: Vec::new(),
            trial: None,
            proposal: None,
        };
        if let Some(text) = &c.text {
            take_text(&mut row, text, cx.mid);
        }
        return Ok(vec![Op::put(Row::Task(row))]);
    };
    // A write that is still to come merges with the file itself; until then what the file has is not the newest.
    let writing = state.jobs_of(c.id).any(|j| matches!(j.work, Work::WriteDocument { .. }));
    let moving = state.jobs_of(c.id).any(Job::moves_document);
    Ok(edit_task(row, |t| {
        t.path = Some(c.path.clone());
        t.on_branch = true;
        // What is being moved is shown where it will be.
        if !moving {
            t.archived = c.archived;
        }
        t.problem.clone_from(&c.problem);
        if !writing && t.document.hash != c.document.hash {
            t.updated = cx.now;
            match &c.text {
                Some(text) => take_text(t, text, cx.mid),
                None => t.document = Document { version: t.document.version, ..c.document.clone() },
            }
        }
    })
    .into_iter()
    .collect())
}

pub(super) fn gone(state: &State, c: &OnTask) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.id)?;
    // A task whose file is still to be made was never there.
    if row.path.is_none() {
        return Ok(Vec::new());
    }
    Ok(edit_task(row, |t| t.on_branch = false).into_iter().collect())
}

pub(super) fn count(state: &State, c: &CountChanges) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.task)?;
    Ok(edit_task(row, |t| {
        if let Some(branch) = &mut t.branch {
            branch.changed = Some(c.changed.clone());
        }
    })
    .into_iter()
    .collect())
}

pub(super) fn meetings(state: &State, c: &TellMeetings) -> Vec<Op> {
    let tasks =
        state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(task) = row { Some(task) } else { None });
    let told = |task: &Task| {
        let met = c.pairs.iter().filter_map(|Pair { tasks: [one, other], files, conflicts }| {
            let task = match task.id {
                id if id == *one => *other,
                id if id == *other => *one,
                _ => return None,
            };
            Some(Meets { task, files: *files, conflicts: *conflicts })
        });
        let mut met: Vec<Meets> = met.collect();
        met.sort();
        edit_task(task, |t| {
            if let Some(branch) = &mut t.branch {
                branch.meets = met;
            }
        })
    };
    tasks.filter(|task| task.project == c.project).filter_map(told).collect()
}

/// Whether the rows say all of this already.
pub fn are_told(state: &State, c: &TellMeetings) -> bool {
    meetings(state, c).is_empty()
}

/// What the file of a task has after a job wrote it.
pub(super) fn wrote(row: &Task, version: Mid, path: &str, text: Option<&str>, cx: Context) -> Vec<Op> {
    edit_task(row, |t| {
        t.path = Some(path.to_owned());
        // A later save is on its way: it merges with this text itself.
        if let Some(text) = text.filter(|_| row.document.version == Some(version)) {
            take_text(t, text, cx.mid);
        }
    })
    .into_iter()
    .collect()
}

/// Makes `text` the document of `row`, as the version `version`.
pub(super) fn take_text(row: &mut Task, text: &str, version: Mid) {
    let reading = document::read(text);
    row.title = document::title(&reading, row.path.as_deref());
    row.progress = reading.progress;
    row.criteria = reading.criteria;
    row.document = Document { version: Some(version), ..document::describe(text) };
}

fn fits(text: &str) -> Result<(), Reject> {
    if text.len() > document::MAX_BYTES {
        let message =
            format!("A task document may have up to {} bytes; this one has {}.", document::MAX_BYTES, text.len());
        return Err(Reject::new(RejectCode::TooLarge, message));
    }
    Ok(())
}

pub(super) fn writable(row: &Task) -> Result<&Task, Reject> {
    if let Some(problem) = &row.problem {
        return Err(not_allowed(format!("This document is not written: {problem}")));
    }
    if !row.on_branch {
        return Err(not_allowed("This task's file is not on the branch that is checked out."));
    }
    Ok(row)
}
