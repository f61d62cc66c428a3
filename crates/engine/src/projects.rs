//! Opening folders as projects: what a folder is, why nothing can be started in it, and the one task per project that
//! looks after its files (see `files`).
//!
//! Invariant: a folder whose tasks can be read is attached, with the reason where sessions can't run in it.

use crate::engine::Engine;
use crate::files::ProjectFiles;
use crate::host::Moments;
use qd_core::command::{AttachProject, Command};
use qd_core::ids::{ProjectId, of_cause};
use qd_core::row::{Project, Row, RowKind};
use qd_git::repo::OpenError;
use qd_git::{GitEnv, GitError, Head, Repo};
use std::collections::HashMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Variables of the environment that git gets besides HOME and PATH, where they are set.
const GIT_VARIABLES: [&str; 11] = [
    "EMAIL",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "LOGNAME",
    "SSH_AUTH_SOCK",
    "USER",
    "XDG_CONFIG_HOME",
];

/// Further ones for whatever goes over the network: proxies, certificates, who answers for a password.
const NETWORK_VARIABLES: [&str; 27] = [
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "GH_CONFIG_DIR",
    "GH_ENTERPRISE_TOKEN",
    "GH_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITHUB_TOKEN",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GNUPGHOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSH_ASKPASS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Why a folder can't be opened at all.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// There is no such folder.
    #[error("There is no folder {}.", path.display())]
    Missing {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It is a file.
    #[error("{} is not a folder. Name the folder of a git repository.", path.display())]
    NotAFolder {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It may not be read.
    #[error("{} may not be read by this user.", path.display())]
    NoPermission {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It is a repository without a checkout.
    #[error("{} is a bare repository: it has no files to work on. Open a clone or a worktree of it.", path.display())]
    Bare {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It is inside `.git`.
    #[error("{} is inside a git directory. Open the folder that holds it.", path.display())]
    InsideGitDirectory {
        /// As it was asked for.
        path: PathBuf,
    },
    /// Its path is not text.
    #[error("The path {} is not UTF-8, so it can't be shown or stored. Rename the folder.", path.display())]
    NotText {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It can't be looked at.
    #[error("{} can't be opened: {source}", path.display())]
    Io {
        /// As it was asked for.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be stored.
    #[error("The project could not be stored. The server's log says why.")]
    NotStored,
}

/// What a folder turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The top of the checkout, else the folder itself; links resolved.
    pub root: PathBuf,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// Why nothing can be started in it.
    pub problem: Option<String>,
    /// Whether it has a remote repository.
    pub remote: bool,
}

/// The projects whose files are looked after, each with the way to have them looked at now.
#[derive(Default)]
pub(crate) struct OpenProjects(Mutex<HashMap<ProjectId, Arc<Notify>>>);

impl OpenProjects {
    /// The signal of a project that was not looked after before; `None` (and a look) where it was.
    fn open(&self, project: ProjectId) -> Option<Arc<Notify>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(poke) = open.get(&project) {
            poke.notify_one();
            return None;
        }
        Some(Arc::clone(open.entry(project).or_default()))
    }
}

impl Engine {
    /// Opens `dir` as a project: the top of the repository that holds it, else the folder itself. Its files are
    /// looked after from then on, also after a restart. Opening it again changes nothing.
    pub async fn attach_project(&self, dir: &Path) -> Result<ProjectId, AttachError> {
        let id = self.attach_facts(dir).await?;
        self.watch_project(id);
        Ok(id)
    }

    /// Stores what a folder is, as a project.
    pub(crate) async fn attach_facts(&self, dir: &Path) -> Result<ProjectId, AttachError> {
        let facts = examine(self, dir).await?;
        if dir.canonicalize().is_ok_and(|real| real != facts.root) {
            tracing::info!(project.path = %facts.root.display(), "{} lies in a repository: that is opened", dir.display());
        }
        let path = facts.root.to_str().ok_or_else(|| AttachError::NotText { path: facts.root.clone() })?;
        let id = ProjectId(of_cause(&["project", path]));
        let row = Project {
            id,
            ver: 0,
            name: facts.root.file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned()),
            path: path.to_owned(),
            tasks_dir: self.config().tasks_dir.clone(),
            branch: facts.branch,
            problem: facts.problem,
            watched: self.read(|state| state.project(id).is_none_or(|p| p.watched)),
            demo: self.config().demo,
            remote: facts.remote,
            commits: self.config().commit_tasks,
        };
        if !self.tell_project(row).await {
            return Err(AttachError::NotStored);
        }
        Ok(id)
    }

    /// Looks after the files of every project that was opened before.
    pub(crate) fn watch_stored_projects(&self) {
        let known: Vec<ProjectId> = self.read(|state| {
            let rows = state.of_kind(RowKind::Project);
            rows.filter_map(|row| if let Row::Project(p) = row { Some(p.id) } else { None }).collect()
        });
        for id in known {
            self.watch_project(id);
        }
    }

    fn watch_project(&self, id: ProjectId) {
        if let Some(poke) = self.inner.projects.open(id) {
            let files = ProjectFiles::new(self.clone(), id, poke);
            self.inner.tasks.spawn(files.run());
        }
    }

    /// Stores what is known of a project, where it differs. False where it could not be stored.
    pub(crate) async fn tell_project(&self, row: Project) -> bool {
        let same =
            self.read(|state| state.project(row.id).is_some_and(|old| *old == Project { ver: old.ver, ..row.clone() }));
        if same {
            return true;
        }
        let id = row.id.to_string();
        let command = Command::AttachProject(AttachProject {
            id: row.id,
            name: row.name,
            path: row.path,
            tasks_dir: row.tasks_dir,
            branch: row.branch,
            problem: row.problem,
            watched: row.watched,
            demo: row.demo,
            remote: row.remote,
            commits: row.commits,
        });
        self.report(command, &["attach", &id, &self.started()]).await.is_some()
    }

    /// The surroundings of git calls.
    pub(crate) fn git_env(&self) -> Result<GitEnv, GitError> {
        Ok(self.git_setup(PathBuf::new(), PathBuf::new())?.git_env())
    }

    /// What a host needs to save the worktrees of the project at `root`, with a folder for what it keeps.
    pub(crate) fn git_setup(&self, root: PathBuf, folder: PathBuf) -> Result<Moments, GitError> {
        let config = self.config();
        let scratch = config.data_dir.join("scratch");
        std::fs::create_dir_all(&scratch).map_err(|source| GitError::Io { path: scratch.clone(), source })?;
        let path = config.env.get("PATH").cloned().unwrap_or_default();
        let set = GIT_VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), config.env.get(*name)?.clone())));
        Ok(Moments { root, folder, home: config.home.clone(), path, scratch, variables: set.collect() })
    }

    /// The variables of whatever goes over the network in the user's name, beside HOME and PATH.
    pub(crate) fn network_variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let names = GIT_VARIABLES.iter().chain(&NETWORK_VARIABLES);
        names.filter_map(|name| Some((*name, self.config().env.get(*name)?.as_str())))
    }

    /// The repository of a project, for what goes over the network.
    pub(crate) async fn connected_repo(&self, project: &Project) -> Result<Repo, OpenError> {
        let env = self.network_variables().fold(self.git_env()?, |env, (name, value)| env.variable(name, value));
        Repo::open(Path::new(&project.path), env).await
    }

    /// The repository of a project.
    pub(crate) async fn repo(&self, project: &Project) -> Result<Repo, OpenError> {
        Repo::open(Path::new(&project.path), self.git_env()?).await
    }
}

/// Finds out what a folder is.
pub(crate) async fn examine(engine: &Engine, dir: &Path) -> Result<Facts, AttachError> {
    let real = dir.canonicalize().map_err(|source| unreadable(dir, source))?;
    let opened = match engine.git_env() {
        Ok(env) => Repo::open(&real, env).await,
        Err(error) => Err(error.into()),
    };
    let (root, branch, problem, remote) = match opened {
        Ok(repo) => {
            let (branch, problem) = head_facts(repo.head().await);
            let remote = repo.remotes().await.is_ok_and(|names| !names.is_empty());
            (repo.root().canonicalize().unwrap_or_else(|_| repo.root().to_owned()), branch, problem, remote)
        }
        Err(error) => {
            let problem = refusal(dir, &real, error)?;
            (top_of(&real), None, Some(problem), false)
        }
    };
    let problem = problem.or_else(|| tasks_dir_problem(&root, &engine.config().tasks_dir));
    Ok(Facts { root, branch, problem, remote })
}

fn head_facts(head: Result<Head, GitError>) -> (Option<String>, Option<String>) {
    match head {
        Ok(Head::Branch { name, .. }) => (Some(name), None),
        Ok(Head::Detached { .. }) => (None, None),
        Ok(Head::Unborn { branch }) => {
            let problem = "This repository has no commit yet, so there is nothing to start from. \
                           Make one: git commit --allow-empty -m Start";
            (Some(branch), Some(problem.to_owned()))
        }
        Err(error) => (None, Some(format!("Where HEAD is can't be told: {error}"))),
    }
}

/// Why nothing can be started in a folder that git refuses; an error where not even its tasks can be read.
fn refusal(asked: &Path, real: &Path, error: OpenError) -> Result<String, AttachError> {
    let path = asked.to_owned();
    Err(match error {
        OpenError::Missing { .. } => AttachError::Missing { path },
        OpenError::NotAFolder { .. } => AttachError::NotAFolder { path },
        OpenError::NoPermission { .. } => AttachError::NoPermission { path },
        OpenError::Bare { .. } => AttachError::Bare { path },
        OpenError::InsideGitDirectory { .. } => AttachError::InsideGitDirectory { path },
        OpenError::NotARepository { .. } => {
            return Ok(
                "This folder is not a git repository: its tasks can be read and edited, but agents work in git \
                       worktrees. Make it one: git init, then a first commit."
                    .to_owned(),
            );
        }
        OpenError::DubiousOwnership { .. } => {
            return Ok(format!(
                "This repository belongs to another user and git refuses it. If you trust it: \
                 git config --global --add safe.directory '{}'",
                top_of(real).display()
            ));
        }
        OpenError::Broken { stderr, .. } => {
            return Ok(format!("Git can't read this repository; `git status` in it says what is broken. {stderr}"));
        }
        OpenError::Git(GitError::Run(error)) => {
            return Ok(format!("Git could not be started. Install it (2.40 or newer) or put it on the PATH. {error}"));
        }
        OpenError::Git(error) => return Ok(format!("Git does not answer: {error}")),
    })
}

/// The nearest folder that has a `.git`, else the folder itself.
fn top_of(real: &Path) -> PathBuf {
    real.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(real).to_owned()
}

/// Why the folder of the task documents can't be used.
fn tasks_dir_problem(root: &Path, tasks_dir: &str) -> Option<String> {
    let plain =
        !tasks_dir.is_empty() && Path::new(tasks_dir).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || Path::new(tasks_dir).starts_with(".git") {
        return Some(format!(
            "The folder of the tasks is set to \"{tasks_dir}\". It must lie in the project, such as \"tasks\"."
        ));
    }
    let inside = root.join(tasks_dir).canonicalize().map_or(true, |real| real.starts_with(root));
    (!inside).then(|| {
        format!("The folder {tasks_dir} is a link out of the project, so its files are left alone. Put a folder there.")
    })
}

fn unreadable(dir: &Path, source: io::Error) -> AttachError {
    let path = dir.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => AttachError::Missing { path },
        io::ErrorKind::NotADirectory => AttachError::NotAFolder { path },
        io::ErrorKind::PermissionDenied => AttachError::NoPermission { path },
        _ => AttachError::Io { path, source },
    }
}
