//! `qd worktrees` and `qd open`.

use super::Context;
use crate::client::find;
use crate::exit::Error;
use crate::say;
use qd_wire::{OpenWorktree, Opener, OtherFolder, WorktreeRow, WorktreesAnswer};

/// List the worktrees of all tasks: how large they are and what only they hold. `qd discard` saves and removes one.
#[derive(clap::Args)]
pub struct Worktrees {}

impl Worktrees {
    /// Does it.
    pub fn run(context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let WorktreesAnswer { worktrees, others, .. } = client.get("/worktrees")?;
        if context.json {
            worktrees.iter().for_each(say::json);
            others.iter().for_each(say::json);
            return Ok(());
        }
        let title = |row: &WorktreeRow| state.task(row.task.into()).map_or_else(String::new, |task| task.title.clone());
        let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let rows: Vec<Vec<String>> = worktrees
            .iter()
            .map(|row| {
                let place = row.problem.clone().unwrap_or_else(|| row.path.clone());
                let commits = format!("{} / {}", count(row.ahead), count(row.behind));
                vec![
                    find::short(row.task),
                    title(row),
                    size(row.size, row.size_whole),
                    row.dirty.to_string(),
                    commits,
                    row.unmerged.to_string(),
                    place,
                ]
            })
            .collect();
        say::table(&["task", "title", "size", "changed", "ahead / behind", "only here", "folder"], &rows);
        for OtherFolder { path, size: bytes, size_whole, ahead } in others {
            let what = if ahead { "made ahead for the next task" } else { "of no task" };
            say::line(format_args!("{path} ({}): {what}", size(bytes, size_whole)));
        }
        Ok(())
    }
}

fn size(bytes: u64, whole: bool) -> String {
    format!("{}{} MB", if whole { "" } else { "≥ " }, bytes.div_ceil(1_000_000))
}

/// Open the worktree of a task in an editor or a terminal, where the server runs.
#[derive(clap::Args)]
pub struct Open {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// With what: a name in `[open]` of the configuration. Without it, what there is is listed.
    #[arg(long, value_name = "NAME")]
    with: Option<String>,
}

impl Open {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let task = find::task(&client.state()?, &self.task)?.id;
        let Some(with) = self.with else {
            let WorktreesAnswer { openers, .. } = client.get("/worktrees")?;
            for opener in openers {
                say::line(opener.name);
            }
            return Ok(());
        };
        let _: Opener = client.post(&format!("/tasks/{task}/open"), &OpenWorktree { with })?;
        Ok(())
    }
}
