//! `qd diff`.

use super::Context;
use crate::client::find;
use crate::exit::Error;
use crate::say;
use qd_wire::{ChangesAnswer, LineSide, UncommittedHunk};
use std::io;

/// Print what the work on a task changed, as a patch that `git apply` takes. With --json the files, one a line.
#[derive(clap::Args)]
pub struct Diff {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The files with their counts instead.
    #[arg(long)]
    stat: bool,
    /// The parts of a file that are in no commit yet, with the numbers that `qd commit --part` takes.
    #[arg(long, value_name = "FILE", conflicts_with = "stat")]
    parts: Option<String>,
}

impl Diff {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let task = find::task(&client.state()?, &self.task)?.id;
        if let Some(path) = &self.parts {
            print(&client.uncommitted(task, path)?, context.json);
            return Ok(());
        }
        if !self.stat && !context.json {
            return client.copy(&format!("/tasks/{task}/changes/patch"), &mut io::stdout().lock());
        }
        let ChangesAnswer { files, .. } = client.get(&format!("/tasks/{task}/changes"))?;
        if context.json {
            files.iter().for_each(say::json);
            return Ok(());
        }
        let rows: Vec<Vec<String>> = files
            .into_iter()
            .map(|file| {
                let [added, removed] = [file.additions, file.deletions].map(|lines| lines.to_string());
                let [added, removed] = if file.binary { ["-".to_owned(), "-".to_owned()] } else { [added, removed] };
                let path = file.old_path.map_or(file.path.clone(), |old| format!("{old} → {}", file.path));
                vec![added, removed, path]
            })
            .collect();
        say::table(&["added", "removed", "file"], &rows);
        Ok(())
    }
}

fn print(parts: &[UncommittedHunk], as_json: bool) {
    if as_json {
        parts.iter().for_each(say::json);
        return;
    }
    for (number, UncommittedHunk { hunk, .. }) in (1..).zip(parts) {
        say::line(format_args!("{number}: line {} {}", hunk.new, hunk.heading));
        for line in &hunk.lines {
            let sign = match line.side {
                LineSide::Both => ' ',
                LineSide::Old => '-',
                LineSide::New => '+',
            };
            say::line(format_args!("{sign}{}", line.text));
        }
    }
}
