//! `qd worktrees`.

use super::Context;
use crate::client::find;
use crate::exit::Error;
use crate::say;
use qd_wire::WorktreeRow;

/// List the worktrees of all tasks: how large they are and what only they hold. `qd discard` saves and removes one.
#[derive(clap::Args)]
pub struct Worktrees {}

impl Worktrees {
    /// Does it.
    pub fn run(context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let all: Vec<WorktreeRow> = client.get("/worktrees")?;
        if context.json {
            all.iter().for_each(say::json);
            return Ok(());
        }
        let title = |row: &WorktreeRow| state.task(row.task.into()).map_or_else(String::new, |task| task.title.clone());
        let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|row| {
                let size = format!("{}{} MB", if row.size_whole { "" } else { "≥ " }, row.size.div_ceil(1_000_000));
                let place = row.problem.clone().unwrap_or_else(|| row.path.clone());
                let commits = format!("{} / {}", count(row.ahead), count(row.behind));
                vec![
                    find::short(row.task),
                    title(row),
                    size,
                    row.dirty.to_string(),
                    commits,
                    row.unmerged.to_string(),
                    place,
                ]
            })
            .collect();
        say::table(&["task", "title", "size", "changed", "ahead / behind", "only here", "folder"], &rows);
        Ok(())
    }
}
