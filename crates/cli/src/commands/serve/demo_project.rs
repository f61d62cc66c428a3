//! The project of the demonstration: a small real repository, made once.

use crate::environment::Environment;
use crate::exit::Error;
use qd_engine::demo_project;
use qd_proc::{Run, Spawn};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Its folder in the data directory, and so its name.
pub const NAME: &str = "deck";
/// How long a git command may take.
const GIT: Duration = Duration::from_secs(30);
/// Who makes the first commit, where the person has not told git who they are.
const AUTHOR: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "Quarterdeck"),
    ("GIT_AUTHOR_EMAIL", "demo@localhost"),
    ("GIT_COMMITTER_NAME", "Quarterdeck"),
    ("GIT_COMMITTER_EMAIL", "demo@localhost"),
];

/// Makes the project at `root`, unless it is there.
pub async fn make(root: &Path, environment: &Environment) -> Result<(), Error> {
    if root.exists() {
        return Ok(());
    }
    // Made beside and moved, so that a half-made one is never taken for the project.
    let draft = root.with_extension("new");
    write(&draft).map_err(|e| Error::CantStart(format!("the demo project can't be written: {e}")))?;
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message=A deck of cards"],
        // So that Keep can commit where the person has not told git who they are.
        &["config", "user.name", "Quarterdeck demo"],
        &["config", "user.email", "demo@localhost"],
    ] {
        git(&draft, arguments, environment).await?;
    }
    fs::rename(&draft, root).map_err(|e| Error::CantStart(format!("the demo project can't be put in its place: {e}")))
}

fn write(draft: &Path) -> std::io::Result<()> {
    if draft.exists() {
        fs::remove_dir_all(draft)?;
    }
    for (path, content) in demo_project::files() {
        let file = draft.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, content)?;
    }
    Ok(())
}

async fn git(dir: &Path, arguments: &[&str], environment: &Environment) -> Result<(), Error> {
    let spawn = Spawn::new("git").args(arguments).cwd(dir).allow(environment.all(), ["PATH", "HOME"]).envs(AUTHOR);
    let output = Run::new(spawn, GIT).output().await.map_err(|e| Error::CantStart(format!("git can't be run: {e}")))?;
    if output.success() {
        return Ok(());
    }
    Err(Error::CantStart(format!(
        "the demo project can't be made: git {}: {}",
        arguments[0],
        output.stderr.text().trim()
    )))
}
