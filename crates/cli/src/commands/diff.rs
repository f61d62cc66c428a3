//! `qd diff`.

use super::Context;
use crate::client::find;
use crate::exit::Error;
use crate::say;
use qd_wire::ChangesAnswer;
use std::io;

/// Print what the work on a task changed, as a patch that `git apply` takes. With --json the files, one a line.
#[derive(clap::Args)]
pub struct Diff {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The files with their counts instead.
    #[arg(long)]
    stat: bool,
}

impl Diff {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let task = find::task(&client.state()?, &self.task)?.id;
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
