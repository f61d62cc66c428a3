//! Opening a worktree in the person's own editor or terminal: as the configuration says, or what is found where the server
//! has a screen.

use crate::engine::Engine;
use qd_core::ids::TaskId;
use qd_proc::{Exit, Spawn, SpawnError, try_detached};
use qd_wire::Opener;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What is looked for where nothing is configured: the first of each that is there, and how it is told the folder that it
/// is started in.
const KNOWN: [(&str, &[(&str, &str)]); 2] = [
    ("Editor", &[("code", " ."), ("cursor", " ."), ("zed", " ."), ("subl", " .")]),
    ("Terminal", &[("x-terminal-emulator", ""), ("gnome-terminal", ""), ("konsole", ""), ("kitty", ""), ("xterm", "")]),
];
/// What begins so is an address, opened by the page.
const SCHEME: &str = "://";
/// A command that fails does so within this.
const FAILS_WITHIN: Duration = Duration::from_millis(1500);

/// Why a worktree was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such task, or it has no worktree.
    #[error("This task has no worktree (any more).")]
    NoWorktree,
    /// Nothing of that name is known.
    #[error("There is no `{0}` to open it with. Name a command in [open] of the configuration.")]
    NoOpener(String),
    /// It is opened by the page.
    #[error("`{0}` is an address: open it in a browser.")]
    Address(String),
    /// It did not start, or ended with an error.
    #[error("`{command}` could not open it: {said}")]
    Failed {
        /// The command.
        command: String,
        /// How it ended, and what it said.
        said: String,
    },
}

impl Engine {
    /// What worktrees can be opened with.
    pub(crate) fn openers(&self) -> Vec<Opener> {
        let address = |command: &String| command.contains(SCHEME).then(|| command.clone());
        self.known_openers()
            .iter()
            .map(|(name, command)| Opener { name: name.clone(), address: address(command) })
            .collect()
    }

    fn known_openers(&self) -> BTreeMap<String, String> {
        let config = self.config();
        let screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| config.env.contains_key(*name));
        if !config.openers.is_empty() || !screen {
            return config.openers.clone();
        }
        let around = self.surroundings();
        let found = KNOWN.iter().filter_map(|(name, programs)| {
            let (program, folder) = programs.iter().find(|(program, _)| around.find(program).is_some())?;
            Some(((*name).to_owned(), format!("{program}{folder}")))
        });
        found.collect()
    }

    /// Opens the worktree of a task. What it was opened with goes on when the server ends.
    pub async fn open_worktree(&self, task: TaskId, with: &str) -> Result<(), OpenError> {
        let path = self.read(|state| Some(state.task(task)?.standing()?.path.clone())).ok_or(OpenError::NoWorktree)?;
        let mut known = self.known_openers();
        let command = known.remove(with).ok_or_else(|| OpenError::NoOpener(with.to_owned()))?;
        if command.contains(SCHEME) {
            return Err(OpenError::Address(command));
        }
        let log = self.config().data_dir.join("opened.log");
        // What earlier ones said is of no use; one that still writes goes on with its own file.
        let _ = fs::remove_file(&log);
        let spawn = Spawn::new("/bin/sh").args(["-c", &command]).envs(&self.config().env).cwd(Path::new(&path));
        let said = match try_detached(&spawn, &log, FAILS_WITHIN).await {
            Ok(None | Some(Exit::Code(0))) => return Ok(()),
            Ok(Some(exit)) => format!("it {exit}. {}", last_line(&log)),
            Err(SpawnError::CwdMissing { .. }) => return Err(OpenError::NoWorktree),
            Err(error) => error.to_string(),
        };
        Err(OpenError::Failed { command, said: said.trim_end().to_owned() })
    }
}

fn last_line(log: &Path) -> String {
    let said = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&said).lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}
