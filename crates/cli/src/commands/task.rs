//! `qd task new | list | show`.

use super::Context;
use crate::client::{Client, Sending, find};
use crate::exit::Error;
use crate::say;
use qd_core::command::{Command, CreateTask};
use qd_core::derive;
use qd_core::ids::ProjectId;
use qd_core::row::{self, Progress, Row, RowKind};
use qd_core::state::State;
use qd_wire::DocumentText;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::PathBuf;

/// Make, list and read tasks.
#[derive(clap::Args)]
pub struct Task {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a task. The first line is its title, the rest its description.
    New {
        /// The text; `-` reads it from standard input.
        text: String,
        /// The project it belongs to: a folder in it. Else the one of the current folder, or the only one.
        #[arg(long, value_name = "DIR")]
        project: Option<PathBuf>,
        #[command(flatten)]
        sending: Sending,
    },
    /// List tasks, what needs you first.
    List {
        /// With those that are archived.
        #[arg(long)]
        all: bool,
    },
    /// Show a task with its document.
    Show {
        /// The task: its id or a part of it, its file, or words of its title.
        task: String,
    },
}

impl Task {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        match self.action {
            Action::New { text, project, sending } => new(&client, &state, text, project, &sending, context.json),
            Action::List { all } => {
                list(&state, all, context.json);
                Ok(())
            }
            Action::Show { task } => show(&client, &state, find::task(&state, &task)?, context.json),
        }
    }
}

fn new(
    client: &Client,
    state: &State,
    text: String,
    dir: Option<PathBuf>,
    sending: &Sending,
    as_json: bool,
) -> Result<(), Error> {
    let project = project(state, dir)?;
    let text = if text == "-" { read_input()? } else { text };
    let id = sending.id();
    let command = Command::CreateTask(CreateTask { id: id.into(), project, text });
    client.send(id, "task", &command, as_json)
}

fn read_input() -> Result<String, Error> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(Error::failed)?;
    Ok(text)
}

/// The project that holds `dir` or the current folder; else the only one.
fn project(state: &State, dir: Option<PathBuf>) -> Result<ProjectId, Error> {
    let projects: Vec<&row::Project> = state
        .of_kind(RowKind::Project)
        .filter_map(|row| if let Row::Project(p) = row { Some(p) } else { None })
        .collect();
    let named = dir.is_some();
    let here = dir.unwrap_or_else(|| PathBuf::from(".")).canonicalize().map_err(Error::failed)?;
    // Of projects inside each other the innermost is meant.
    let around = projects.iter().filter(|p| here.starts_with(&p.path)).max_by_key(|p| p.path.len());
    match (around, &projects[..]) {
        (Some(project), _) => Ok(project.id),
        (None, [only]) if !named => Ok(only.id),
        _ => Err(Error::NotFound {
            what: "project",
            name: here.display().to_string(),
            hint: "Open it with `qd serve DIR`, or name one with --project",
        }),
    }
}

fn list(state: &State, all: bool, as_json: bool) {
    let mut tasks: Vec<&row::Task> = find::tasks(state).filter(|t| all || !t.archived).collect();
    tasks.sort_by_key(|t| (derive::attention(state, t), std::cmp::Reverse(t.updated)));
    if as_json {
        for task in tasks {
            say::json(&described(state, task));
        }
        return;
    }
    let rows: Vec<Vec<String>> = tasks
        .iter()
        .map(|t| vec![find::short(t.id.0), word(&derive::attention(state, t)), progress(t.progress), t.title.clone()])
        .collect();
    say::table(&["id", "attention", "progress", "title"], &rows);
}

fn show(client: &Client, state: &State, task: &row::Task, as_json: bool) -> Result<(), Error> {
    let document: DocumentText = client.get(&format!("/tasks/{}/document", task.id))?;
    if as_json {
        let mut described = described(state, task);
        described["document"] = json!(document);
        say::json(&described);
        return Ok(());
    }
    say::line(format_args!("{}  {}  {}", task.id, word(&derive::phase(state, task)), progress(task.progress)));
    if let Some(path) = &task.path {
        say::line(path);
    }
    say::line("");
    say::line(document.text.trim_end());
    Ok(())
}

/// A task as `--json` shows it: its row, its phase and what it wants.
fn described(state: &State, task: &row::Task) -> Value {
    let mut value = json!(task);
    value["phase"] = json!(derive::phase(state, task));
    value["attention"] = json!(derive::attention(state, task));
    value
}

fn progress(progress: Progress) -> String {
    if progress.total == 0 { "–".to_owned() } else { format!("{}/{}", progress.done, progress.total) }
}

fn word(value: &impl serde::Serialize) -> String {
    json!(value).as_str().unwrap_or_default().replace('_', " ")
}
