//! A repository with tasks whose work lies in worktrees, and the git processes that a server starts.

use super::Setup;
use super::ground::{demo_agent, home, serve, settled, start};
use super::starts::{executing, status};
use crate::panel::{Home, Panel};
use anyhow::{Context as _, Result, ensure};
use qd_core::command::Command;
use qd_core::ids::{ProjectId, TaskId};
use qd_core::row::RowKind;
use qd_core::status::Status;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Lines of a file.
const LINES: usize = 120;
/// How long a worktree may take that is made ahead.
const MADE_WITHIN: Duration = Duration::from_secs(30);
/// Files of a folder.
const FOLDER: usize = 50;

/// See the module.
pub(super) struct Works {
    pub(super) home: Home,
    pub(super) panel: Panel,
    pub(super) tasks: Vec<TaskId>,
    marks: TempDir,
}

/// Where a file of the repository lies.
pub(super) fn path(file: usize) -> String {
    format!("src/part_{:03}/file_{file:05}.rs", file / FOLDER)
}

/// What it holds where the lines `changed` were written anew by `who`.
pub(super) fn text(file: usize, changed: std::ops::Range<usize>, who: &str) -> String {
    let mut text = String::new();
    for line in 0..LINES {
        let by = if changed.contains(&line) { who } else { "the first" };
        let _ = writeln!(text, "    let value_{line} = compute({file}, {line}); // by {by}");
    }
    text
}

impl Works {
    /// A server with a repository of so many files and tasks.
    pub(super) fn new(setup: &Setup, files: usize, tasks: usize) -> Result<Self> {
        let marks = tempfile::tempdir()?;
        // The first thing that the agent's process does is to say when it is.
        let mark = format!("date +%s%3N > '{}'/$QD_SESSION; {}", marks.path().display(), demo_agent(&setup.qd));
        let home = home(&setup.qd, &mark)?;
        let texts: Vec<(String, String)> = (0..files)
            .map(|file| (path(file), text(file, 0..0, "")))
            .chain((0..tasks).map(|n| (format!("tasks/{n:03}.md"), format!("# Task {n}\n"))))
            .collect();
        let files: Vec<(&str, &[u8])> = texts.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
        let repository = home.repository("deck", &files)?;
        let panel = serve(&home, &[repository.to_str().context("a path that is not UTF-8")?])?;
        let tasks = settled(&panel, tasks)?;
        Ok(Self { home, panel, tasks, marks })
    }

    /// Gives a task a worktree by a session that does nothing; milliseconds from the click until its agent ran.
    pub(super) fn begin(&self, task: TaskId) -> Result<f64> {
        executing(&self.panel, task, self.marks.path())
    }

    /// Waits until the next worktree is made.
    pub(super) fn until_made_ahead(&self) -> Result<()> {
        let spare = self.home.data().join("spares").join(self.project()?.to_string());
        let begun = Instant::now();
        loop {
            // Git locks it until it has all of its files.
            let at = fs::read_to_string(spare.join(".git")).unwrap_or_default();
            let git_dir = at.strip_prefix("gitdir: ").map(|path| PathBuf::from(path.trim()));
            let seconds = |path: PathBuf| path.metadata().map(|meta| meta.mtime()).ok();
            // And it is looked at again in a later second than that.
            if let Some(dir) = git_dir.filter(|dir| !dir.join("locked").exists())
                && seconds(dir.join("index")) > seconds(spare.join("src"))
            {
                return Ok(());
            }
            ensure!(begun.elapsed() < MADE_WITHIN, "no worktree was made ahead within {} s", MADE_WITHIN.as_secs());
            sleep(Duration::from_millis(10));
        }
    }

    /// Gives all tasks worktrees.
    pub(super) fn begin_all(&self) -> Result<()> {
        // So many sessions may run at once.
        for some in self.tasks.chunks(8) {
            let sessions: Vec<_> = some.iter().map(|task| start(*task, "[[demo: quick]]")).collect();
            for session in &sessions {
                self.panel.api.send(&Command::StartSession(session.clone()))?;
            }
            for session in &sessions {
                status(&self.panel, session.id, Status::Completed)?;
            }
        }
        Ok(())
    }

    /// The worktree of a task.
    pub(super) fn worktree(&self, task: TaskId) -> Result<PathBuf> {
        let state = self.panel.api.state()?;
        let branch = state.task(task).and_then(|task| task.branch.clone()).context("the task has no worktree")?;
        Ok(PathBuf::from(branch.path))
    }

    /// The only project.
    pub(super) fn project(&self) -> Result<ProjectId> {
        let state = self.panel.api.state()?;
        state.of_kind(RowKind::Project).next().map(|row| ProjectId(row.key().id)).context("there is no project")
    }

    /// Reads the list of changes; it must have so many files. Milliseconds, and its tree.
    pub(super) fn list(&self, task: TaskId, files: usize) -> Result<(f64, String)> {
        let (took, answer) = self.ask(&format!("/api/v1/tasks/{task}/changes"))?;
        let listed = answer["files"].as_array().map_or(0, Vec::len);
        ensure!(listed == files, "{listed} files are listed in place of {files}");
        Ok((took, answer["tree"].as_str().unwrap_or_default().to_owned()))
    }

    /// Milliseconds until a path was answered, and the answer.
    pub(super) fn ask(&self, path: &str) -> Result<(f64, Value)> {
        let asked = Instant::now();
        let answer = self.panel.api.get(path)?;
        let took = super::commits::milliseconds(asked.elapsed());
        ensure!(answer.status == 200, "{path} was answered with {}: {}", answer.status, answer.text());
        Ok((took, answer.json()))
    }
}

/// Notes every git process of a home, those that git itself starts too.
pub(super) struct Processes(PathBuf);

impl Processes {
    /// From now on.
    pub(super) fn of(home: &Home) -> Result<Self> {
        let folder = home.path("git-processes");
        fs::create_dir(&folder)?;
        // Git writes a file for each process into this folder.
        let config = format!("[trace2]\n\teventTarget = {}\n", folder.display());
        fs::write(home.path(".gitconfig"), config)?;
        Ok(Self(folder))
    }

    /// Those since this was asked last, by their commands.
    pub(super) fn take(&self) -> Result<Vec<String>> {
        let mut commands = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            commands.push(command(&path)?);
            fs::remove_file(path)?;
        }
        Ok(commands)
    }

    /// No more.
    pub(super) fn end(self, home: &Home) -> Result<()> {
        fs::remove_file(home.path(".gitconfig"))?;
        Ok(fs::remove_dir_all(self.0)?)
    }
}

/// What a process said that it is.
fn command(events: &Path) -> Result<String> {
    let text = fs::read_to_string(events)?;
    let names = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let name =
        names.filter(|event| event["event"] == "cmd_name").find_map(|event| Some(event["name"].as_str()?.to_owned()));
    Ok(name.unwrap_or_else(|| "git".to_owned()))
}

/// So many of each.
pub(super) fn tally(commands: &[String]) -> String {
    let mut counts = BTreeMap::new();
    for command in commands {
        *counts.entry(command).or_insert(0_usize) += 1;
    }
    let told: Vec<String> = counts.into_iter().map(|(command, count)| format!("{count} {command}")).collect();
    told.join(", ")
}

/// Waits until the server has done what it does after sessions ended.
pub(super) fn rested(works: &Works, processes: &Processes) -> Result<()> {
    let begun = Instant::now();
    let mut quiet = Instant::now();
    while quiet.elapsed() < Duration::from_secs(3) {
        if !processes.take()?.is_empty() {
            quiet = Instant::now();
        }
        ensure!(begun.elapsed() < Duration::from_mins(2), "git is still asked: {}", works.panel.api.url());
        std::thread::sleep(crate::panel::GLANCE);
    }
    Ok(())
}
