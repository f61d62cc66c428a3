//! `.quarterdeck/demo-script.json` in the working directory: what the demo agent does for a task.
//!
//! ```json
//! { "version": 1, "tasks": { "tasks/x.md": [
//!     {"say": "text"},
//!     {"edit": {"path": "src/lib.rs", "find": "old", "replace": "new"}},
//!     {"run": "cargo test --quiet"},
//!     {"tick": 1}
//! ] } }
//! ```
//!
//! `edit` replaces the place where `find` stands; where it does not stand the edit was made before. An empty `find`
//! makes a new file. `tick` counts the document's boxes from 1; one right
//! behind a `run` is ticked only where the command succeeded.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Where the script lies in the working directory.
pub const FILE: &str = ".quarterdeck/demo-script.json";

#[derive(Deserialize)]
struct Script {
    tasks: BTreeMap<String, Vec<Step>>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Says something.
    Say(String),
    /// Edits a file.
    Edit(Edit),
    /// Runs a command line by `sh -c`.
    Run(String),
    /// Ticks a box of the task document; the first is 1.
    Tick(usize),
}

/// An edit of a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Edit {
    /// The file, relative to the working directory.
    pub path: String,
    /// What is replaced; empty makes the file.
    pub find: String,
    /// What stands there afterwards.
    pub replace: String,
}

/// The steps for a task: of the script, where it names the task, else steps that leave a note in a file.
pub fn steps(cwd: &Path, document: &str, text: &str) -> Vec<Step> {
    written(cwd, document).unwrap_or_else(|| plain(document, text))
}

fn written(cwd: &Path, document: &str) -> Option<Vec<Step>> {
    let script = std::fs::read(cwd.join(FILE)).ok()?;
    let mut script: Script = serde_json::from_slice(&script).ok()?;
    script.tasks.remove(document)
}

fn plain(document: &str, text: &str) -> Vec<Step> {
    let name = document.rsplit('/').next().unwrap_or(document).trim_end_matches(".md");
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(name);
    let boxes = super::files::boxes(text);
    let mut notes: Vec<_> = boxes.iter().map(|(_, words)| format!("- {words}")).collect();
    if notes.is_empty() {
        notes.push("- (the task has no boxes)".to_owned());
    }
    let notes = notes.join("\n");
    let note = format!(
        "# {title}\n\nLeft by the demo agent (scripted, no model). A real agent would do this here:\n\n{notes}\n"
    );
    let edit = Edit { path: format!("demo-notes/{name}.md"), find: String::new(), replace: note };
    let mut steps = vec![
        Step::Say(format!("I leave a note about *{title}* where a real agent would change the code.\n\n")),
        Step::Edit(edit),
    ];
    steps.extend((1..=boxes.len()).map(Step::Tick));
    steps.push(Step::Run("git status --short".to_owned()));
    steps
}
