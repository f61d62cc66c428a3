//! One sequence: what everybody does, in which order, and what must hold after each act.

use super::deck::{Deck, Files, NAMES, lines, write};
use super::process::{Orders, Told, mint, serve};
use qd_core::command::{
    ArchiveTask, Command, CommitWork, KeepWork, OnJob, OnTask, ResolveFile, StartSession, UpdateWork,
};
use qd_core::derive::in_conflict;
use qd_core::ids::{Mid, SessionId, TaskId};
use qd_core::row::{How, Job, JobState, Row, Side, Start, Task, Work};
use qd_core::status::Kind;
use qd_testkit::random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use tempfile::TempDir;

/// Acts of a sequence.
const ACTS: u64 = 10;
/// A server has about so many steps in one job.
const STEPS: u64 = 14;

/// See the module.
pub struct Sequence {
    random: Random,
    theme: u64,
    deck: Deck,
    _folder: TempDir,
    rows: Vec<Row>,
    /// Contents that stood in a worktree when a job began that moves it.
    saved: BTreeSet<String>,
    /// What the user wrote in their checkout and committed nowhere; none where they deleted it.
    dirty: BTreeMap<String, Option<Vec<u8>>>,
    /// The state of the checkout before a trial.
    before_trial: Option<(String, Files)>,
    /// Whether history was taken off the branch by the user.
    rewritten: bool,
    tally: BTreeMap<String, u32>,
}

impl Sequence {
    pub fn new(seed: u64) -> Self {
        let folder = TempDir::with_prefix("qd-lost-").unwrap();
        let deck = Deck::new(folder.path());
        Self {
            random: Random::new(seed),
            theme: seed % 3,
            deck,
            _folder: folder,
            rows: Vec::new(),
            saved: BTreeSet::new(),
            dirty: BTreeMap::new(),
            before_trial: None,
            rewritten: false,
            tally: BTreeMap::new(),
        }
    }

    /// How often what happened.
    pub fn play(mut self) -> BTreeMap<String, u32> {
        self.serve(Vec::new(), None);
        for task in self.tasks() {
            self.send(&start(task.id));
        }
        for _ in 0..ACTS {
            self.act();
        }
        // Once more with nothing to do: it changes nothing.
        let before = (self.deck.refs(), self.worlds());
        self.serve(Vec::new(), None);
        self.holds();
        assert_eq!((self.deck.refs(), self.worlds()), before, "a server that had nothing to do changed something");
        self.tally
    }

    fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    fn tasks(&self) -> Vec<Task> {
        self.rows.iter().filter_map(|row| if let Row::Task(task) = row { Some(task.clone()) } else { None }).collect()
    }

    fn jobs(&self) -> Vec<Job> {
        self.rows.iter().filter_map(|row| if let Row::Job(job) = row { Some(job.clone()) } else { None }).collect()
    }

    /// Worktrees that stand, by task.
    fn worktrees(&self) -> BTreeMap<TaskId, PathBuf> {
        let branches = self.tasks().into_iter().filter_map(|task| Some((task.id, task.branch?)));
        let standing = branches.filter(|(_, branch)| branch.discarded.is_none());
        standing.map(|(task, branch)| (task, PathBuf::from(branch.path))).collect()
    }

    fn worlds(&self) -> Vec<Files> {
        let roots = self.worktrees().into_values().chain([self.deck.root()]);
        roots.map(|root| self.deck.files(&root)).collect()
    }

    fn act(&mut self) {
        match self.random.below(20) {
            0..=4 => self.edit(),
            5 | 6 => self.push(),
            7 => self.dirty_checkout(),
            8 => self.tidy_checkout(),
            _ => {
                if let Some(command) = self.command() {
                    self.send(&command);
                }
            }
        }
    }

    /// An agent works in a worktree.
    fn edit(&mut self) {
        let all: Vec<PathBuf> = self.worktrees().into_values().collect();
        let Some(worktree) = all.get(self.below(all.len())) else { return };
        for _ in 0..=self.random.below(3) {
            let name = NAMES[self.below(NAMES.len())];
            let number = self.random.draw() % 1000;
            match self.random.below(9) {
                0..=2 => write(worktree, name, lines(number).as_bytes()),
                3 => write(worktree, &format!("new/{number}.txt"), lines(number).as_bytes()),
                4 => drop(fs::remove_file(worktree.join(name))),
                5 => drop(fs::rename(worktree.join(name), worktree.join(format!("moved{number}")))),
                6 => {
                    let mode = fs::Permissions::from_mode(if number.is_multiple_of(2) { 0o755 } else { 0o644 });
                    let _ = fs::set_permissions(worktree.join(name), mode);
                }
                7 => write(worktree, "image.bin", &number.to_le_bytes()),
                _ => {
                    let _ = self.deck.try_git(worktree, &["add", "-A"]);
                    if number.is_multiple_of(2) {
                        let _ = self.deck.try_git(worktree, &["commit", "-q", "-m", "By the agent"]);
                    }
                }
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).unwrap()
    }

    /// Somebody pushes onto the branch: their commit is made elsewhere, and the user pulls it, or not.
    fn push(&mut self) {
        let root = self.deck.root();
        if !self.deck.status(&root).is_empty() || self.before_trial.is_some() {
            return;
        }
        let name = NAMES[self.below(NAMES.len())];
        let number = self.random.draw() % 1000;
        if self.random.below(8) == 0 && self.deck.try_git(&root, &["rev-parse", "-q", "--verify", "HEAD~1"]).is_ok() {
            // Not a fast-forward: what was last there is taken off.
            self.deck.git(&root, &["update-ref", "refs/heads/rescued", "HEAD"]);
            self.deck.git(&root, &["reset", "-q", "--hard", "HEAD~1"]);
            self.rewritten = true;
        }
        write(&root, name, lines(number).as_bytes());
        self.deck.git(&root, &["add", "--", ".", ":!tasks"]);
        let _ = self.deck.try_git(&root, &["commit", "-q", "-m", "From outside"]);
        self.count("push from outside");
    }

    /// The user begins something of their own in their checkout.
    fn dirty_checkout(&mut self) {
        let root = self.deck.root();
        if self.before_trial.is_some() {
            return;
        }
        let number = self.random.draw() % 1000;
        let name =
            if number.is_multiple_of(3) { format!("notes{number}") } else { NAMES[self.below(NAMES.len())].to_owned() };
        let bytes = format!("{}of the user\n", lines(number));
        write(&root, &name, bytes.as_bytes());
        if number.is_multiple_of(2) {
            let _ = self.deck.try_git(&root, &["add", "--", &name]);
        }
        self.dirty.insert(name, Some(bytes.into_bytes()));
        self.count("dirty checkout");
    }

    /// They put it away.
    fn tidy_checkout(&mut self) {
        let root = self.deck.root();
        if self.before_trial.is_some() {
            return;
        }
        let names: Vec<String> = std::mem::take(&mut self.dirty).into_keys().collect();
        for name in names {
            let _ = self.deck.try_git(&root, &["reset", "-q", "--", &name]);
            if self.deck.try_git(&root, &["checkout", "-q", "--", &name]).is_err() {
                let _ = fs::remove_file(root.join(&name));
            }
        }
    }

    /// What a person asks the panel for.
    fn command(&mut self) -> Option<Command> {
        let tasks = self.tasks();
        // What is open is closed first, most of the time.
        let open = tasks.iter().find(|task| in_conflict(task)).filter(|_| self.random.below(3) > 0);
        let task = open.or(tasks.get(self.below(tasks.len())))?.clone();
        let on = || OnTask { id: task.id };
        if let Some(job) = self.jobs().into_iter().find(|job| job.task == task.id) {
            let conflict = matches!(job.state, JobState::Failed { conflict: true, .. });
            return Some(match self.random.below(4) {
                0..=2 if conflict && job.work == Work::Revert => Command::TakeBack(update_of(task.id)),
                0..=2 if conflict => update(task.id),
                0..=2 => Command::RetryJob(OnJob { id: job.id }),
                _ => Command::DropJob(OnJob { id: job.id }),
            });
        }
        let branch = task.branch.as_ref().filter(|branch| branch.discarded.is_none());
        let conflicts = branch.and_then(|branch| branch.changed.as_ref()).map(|changed| changed.conflicts.clone());
        if let Some(path) = conflicts.unwrap_or_default().first()
            && self.random.below(5) > 0
        {
            let side = [Side::Ours, Side::Theirs, Side::AsItIs][self.below(3)];
            return Some(Command::ResolveFile(ResolveFile { id: task.id, path: path.clone(), side }));
        }
        let how = [How::Squash, How::Squash, How::Merge, How::Rebase][self.below(4)];
        if task.archived && self.random.below(3) > 0 {
            return Some(Command::RestoreTask(on()));
        }
        if task.trial.is_some() && self.random.below(2) == 0 {
            return Some(Command::UntryWork(on()));
        }
        let landed = task.landed().is_some();
        let taking_back = branch.is_some_and(|branch| branch.taking_back.is_some());
        let updated = taking_back || branch.is_some_and(|branch| branch.update.is_some());
        // Each sequence goes one way more often than others.
        let dice =
            if self.random.below(2) == 0 { self.theme * 3 + self.random.below(3) } else { self.random.below(20) };
        Some(match dice {
            // Few sequences come so far.
            0..=8 if landed && !taking_back => match self.random.below(3) {
                0 => Command::UndoKeep(on()),
                1 => Command::RevertWork(on()),
                _ => Command::TakeBack(update_of(task.id)),
            },
            _ if branch.is_none() => Command::UndoDiscard(on()),
            3 | 4 | 17 if updated => Command::UndoUpdate(on()),
            3..=4 => update(task.id),
            6 if task.trial.is_some() => Command::UntryWork(on()),
            6 | 7 => Command::TryWork(on()),
            0..=8 => Command::KeepWork(KeepWork { id: task.id, message: "Work".into(), how }),
            9 | 10 => Command::DiscardWork(on()),
            11..=13 => {
                Command::CommitWork(CommitWork { id: task.id, message: "Part".into(), files: None, hunks: Vec::new() })
            }
            14 => Command::ArchiveTask(ArchiveTask { id: task.id, anyway: true }),
            _ => start(task.id),
        })
    }

    /// Sends it to a server that may die of it, and has the next one finish.
    fn send(&mut self, command: &Command) {
        let (name, _) = command.to_wire();
        let worktree = self.saves(command).and_then(|task| self.worktrees().remove(&task));
        let stood = worktree.map(|worktree| self.deck.blobs(&self.deck.files(&worktree)));
        let before = (self.deck.status(&self.deck.root()), self.deck.files(&self.deck.root()));
        let before_jobs: BTreeSet<Mid> = self.jobs().into_iter().map(|job| job.id).collect();
        let mid = Mid(mint());
        let cut = (self.random.below(2) == 0).then(|| 1 + self.below(usize::try_from(STEPS).unwrap()));
        let accepted = self.serve(vec![(mid, command.clone())], cut);
        if accepted {
            self.saved.extend(stood.into_iter().flatten());
        }
        self.holds();
        self.tell(&name, accepted, mid);
        match command {
            Command::TryWork(_)
                if self.tasks().iter().any(|task| task.trial.is_some()) && self.before_trial.is_none() =>
            {
                self.before_trial = Some(before);
            }
            _ => {}
        }
        if self.tasks().iter().all(|task| task.trial.is_none())
            && let Some(before) = self.before_trial.take()
            && !(before_jobs.len() > self.jobs().len() && name == "drop_job")
        {
            let now = (self.deck.status(&self.deck.root()), self.deck.files(&self.deck.root()));
            assert_eq!(now, before, "the trial left something behind");
        }
    }

    /// The task whose worktree is saved before this is done.
    fn saves(&self, command: &Command) -> Option<TaskId> {
        match command {
            Command::KeepWork(c) => Some(c.id),
            Command::DiscardWork(c) | Command::UndoUpdate(c) => Some(c.id),
            // A worktree that was discarded is saved already.
            Command::UpdateWork(c) | Command::TakeBack(c) => Some(c.id),
            Command::ResolveFile(c) => Some(c.id),
            Command::RetryJob(c) => {
                let job = self.jobs().into_iter().find(|job| job.id == c.id)?;
                let saves = [Work::Update, Work::UndoUpdate, Work::TakeBack, Work::Discard].contains(&job.work);
                (saves || matches!(job.work, Work::Keep { .. } | Work::Resolve { .. })).then_some(job.task)
            }
            _ => None,
        }
    }

    fn tell(&mut self, name: &str, accepted: bool, mid: Mid) {
        if !accepted {
            return;
        }
        let short = name.trim_end_matches("_work").trim_end_matches("_file").trim_end_matches("_task");
        match self.jobs().into_iter().find(|job| job.id == mid).map(|job| job.state) {
            Some(JobState::Failed { conflict, .. }) => {
                self.count(&format!("{short} failed"));
                if conflict {
                    self.count("conflict");
                }
            }
            Some(JobState::Pending) => panic!("a job is left pending"),
            None => self.count(&format!("{short} done")),
        }
        if matches!(name, "archive_task" | "restore_task") {
            self.count(short);
        }
    }

    /// Whether what was sent was accepted.
    fn serve(&mut self, commands: Vec<(Mid, Command)>, cut: Option<usize>) -> bool {
        let mut orders = Orders { case: self.deck.case.clone(), commands, cut };
        let told = serve(&orders).unwrap_or_else(|| {
            self.count("death");
            orders.cut = None;
            serve(&orders).unwrap()
        });
        let Told { rows, refused } = told;
        self.rows = rows;
        refused.is_empty()
    }

    /// What holds after each act.
    fn holds(&self) {
        let mut there = self.deck.reachable();
        if !self.saved.is_subset(&there) {
            for files in self.worlds() {
                there.extend(self.deck.blobs(&files));
            }
        }
        let lost: Vec<&String> = self.saved.difference(&there).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        for (name, bytes) in &self.dirty {
            assert_eq!(fs::read(self.deck.root().join(name)).ok(), *bytes, "{name} of the user");
        }
        self.deck.git(&self.deck.root(), &["fsck", "--connectivity-only", "--no-dangling"]);
        for task in self.tasks() {
            self.is_true(&task);
        }
        assert!(!self.deck.root().join(".git/index.lock").exists(), "a lock is left");
        assert!(
            self.jobs()
                .iter()
                .all(|job| job.state != JobState::Pending || matches!(job.work, Work::WriteDocument { .. }))
        );
    }

    /// What the row of a task says of git.
    fn is_true(&self, task: &Task) {
        let root = self.deck.root();
        if let Some(branch) = &task.branch {
            let stands = PathBuf::from(&branch.path).join(".git").exists();
            assert_eq!(stands, branch.discarded.is_none(), "{branch:?}");
            if let Some(saved) = &branch.discarded {
                self.deck.git(&root, &["rev-parse", "-q", "--verify", saved]);
            }
        }
        if let Some(landing) = task.landed() {
            let on_it = self.deck.try_git(&root, &["merge-base", "--is-ancestor", &landing.new, &landing.target]);
            assert!(on_it.is_ok() || self.rewritten, "{landing:?} is not on its branch");
        }
    }
}

fn start(task: TaskId) -> Command {
    let start = Start { agent: Some("demo".into()), ..Start::default() };
    Command::StartSession(StartSession { id: SessionId(mint()), task, kind: Kind::Implement, start })
}

fn update(id: TaskId) -> Command {
    Command::UpdateWork(update_of(id))
}

fn update_of(id: TaskId) -> Box<UpdateWork> {
    Box::new(UpdateWork { id, session: None, start: Start::default() })
}
