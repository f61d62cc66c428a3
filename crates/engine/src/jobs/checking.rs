//! The project's own check, run on what is about to be landed: what lands is what was checked.
//!
//! It runs in a worktree of its own below the data directory, which stays from one landing to the next, so that what
//! the check builds there needs not be built again. The command is the user's own, from their configuration.

use super::{Failure, Site, end_of};
use crate::engine::Engine;
use qd_agents::catalogue;
use qd_core::command::{Command, JobDoing};
use qd_core::ids::of_cause;
use qd_core::row::{Checked, Job, JobState};
use qd_git::CommitId;
use qd_proc::{End, Exit, Run, RunError, Spawn};
use std::time::{Duration, Instant};

/// A check that takes longer is ended.
const LONGEST: Duration = Duration::from_hours(1);

/// Checks the commit; none where the project has no check.
pub(super) async fn check(site: &Site, target: &str, commit: &CommitId) -> Result<Option<Checked>, Failure> {
    let Some(command) = site.engine.config().project(&site.project.path).check else { return Ok(None) };
    let place = of_cause(&["check", &site.project.id.to_string(), target]);
    let scratch = site.engine.config().data_dir.join("checks").join(place.to_string());
    doing(&site.engine, &site.job, Some(format!("Checking: {command}"))).await?;
    site.repo.scratch(&scratch, commit).await?;
    let config = site.engine.config();
    let spawn = Spawn::new("/bin/sh")
        // The end of what a check prints says why it failed, on whichever stream.
        .args(["-c", &format!("exec 1>&2\n{command}")])
        // It runs what an agent wrote: it gets of the environment what agents get.
        .envs(catalogue::environment("check", None, &config.env))
        .cwd(&scratch);
    let began = Instant::now();
    let run = Run::new(spawn, LONGEST).limits(0, 64 << 10).output();
    let output = tokio::select! {
        output = run => output?,
        () = stopped(&site.engine, &site.job) => return Err(Failure::new("It was stopped.")),
    };
    let how = match output.end {
        End::Exited(Exit::Code(0)) => None,
        End::Exited(exit) => Some(exit.to_string()),
        End::TimedOut => Some(format!("took longer than {} min", LONGEST.as_secs() / 60)),
    };
    if let Some(how) = how {
        let text = output.stderr.text();
        let told = end_of(text.trim_end());
        let reason = format!("The check `{command}` {how} on what would land. Nothing moved.\n{told}");
        return Err(Failure::new(reason.trim_end()));
    }
    doing(&site.engine, &site.job, None).await?;
    let tree = site.repo.tree_of(commit).await?.to_string();
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Some(Checked { command, tree, ms }))
}

/// Tells what a job does. As long as something is told it may be stopped; where that has happened it ends here.
pub(super) async fn doing(engine: &Engine, job: &Job, doing: Option<String>) -> Result<(), Failure> {
    let cause = ["doing", &job.id.to_string(), &engine.started()];
    engine.report(Command::JobDoing(JobDoing { id: job.id, doing }), &cause).await;
    if is_pending(engine, job) { Ok(()) } else { Err(Failure::new("It was stopped.")) }
}

fn is_pending(engine: &Engine, job: &Job) -> bool {
    engine.read(|state| state.job(job.id).is_some_and(|job| job.state == JobState::Pending))
}

pub(super) async fn stopped(engine: &Engine, job: &Job) {
    let mut head = engine.head();
    loop {
        head.mark_unchanged();
        if !is_pending(engine, job) || head.changed().await.is_err() {
            return;
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::new(format!("The check could not be run: {error}. Mend that, then retry."))
    }
}
