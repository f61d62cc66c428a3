//! `qd jobs`: work on git and files that is under way, waits, or failed and is to be settled.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use crate::say;
use qd_core::command::{Command, OnJob, OrderJob};
use qd_core::decide::{lane, queue};
use qd_core::row::{Job, JobState, Row, RowKind};
use qd_core::state::State;

/// List what is being done with git and files, what waits for its turn, and what failed.
#[derive(clap::Args)]
pub struct Jobs {
    #[command(subcommand)]
    act: Option<Act>,
}

/// What becomes of one.
#[derive(clap::Subcommand)]
enum Act {
    /// Do it again. `qd` does not wait for its end.
    Retry(Meant),
    /// Give one up that failed, or stop a check that runs. What was written stays stored.
    Drop(Meant),
    /// Put one that waits for a branch before all others, or before another.
    Order(Order),
}

#[derive(clap::Args)]
struct Meant {
    /// The job: its id or a part of it, or its task.
    job: String,
    #[command(flatten)]
    sending: Sending,
}

#[derive(clap::Args)]
struct Order {
    #[command(flatten)]
    meant: Meant,
    /// The other one; else it comes first of those that wait.
    #[arg(long, conflicts_with = "last")]
    before: Option<String>,
    /// Behind all.
    #[arg(long)]
    last: bool,
}

impl Jobs {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let (sending, what, command) = match self.act {
            None => {
                list(&state, context.json);
                return Ok(());
            }
            Some(Act::Retry(Meant { job, sending })) => {
                (sending, "retry", Command::RetryJob(OnJob { id: find::job(&state, &job)?.id }))
            }
            Some(Act::Drop(Meant { job, sending })) => {
                (sending, "drop", Command::DropJob(OnJob { id: find::job(&state, &job)?.id }))
            }
            Some(Act::Order(order)) => {
                let command = Command::OrderJob(ordered(&state, &order)?);
                (order.meant.sending, "order", command)
            }
        };
        client.send(sending.id(), what, &command, context.json)
    }
}

fn ordered(state: &State, order: &Order) -> Result<OrderJob, Error> {
    let moved = find::job(state, &order.meant.job)?;
    let before = match &order.before {
        _ if order.last => None,
        Some(other) => Some(find::job(state, other)?.id),
        None => {
            let waiting = lane(state, moved).map(|lane| queue(state, &lane)).unwrap_or_default();
            // The first of them is being done.
            waiting.iter().skip(1).find(|job| job.id != moved.id).map(|job| job.id)
        }
    };
    Ok(OrderJob { id: moved.id, before })
}

fn list(state: &State, as_json: bool) {
    let mut jobs: Vec<&Job> =
        state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(job) = row { Some(job) } else { None }).collect();
    jobs.sort_by_key(|job| job.turn());
    if as_json {
        return jobs.iter().for_each(say::json);
    }
    let title = |job: &Job| state.task(job.task).map_or_else(String::new, |task| task.title.clone());
    let row = |job: &&Job| vec![find::short(job.id.0), name(job), title(job), stands(state, job)];
    say::table(&["job", "does", "for", "stands"], &jobs.iter().map(row).collect::<Vec<_>>());
}

/// As the rows call it: `write_document`.
fn name(job: &Job) -> String {
    let work = serde_json::to_value(&job.work).unwrap_or_default();
    work["do"].as_str().unwrap_or_default().replace('_', " ")
}

fn stands(state: &State, job: &Job) -> String {
    match &job.state {
        JobState::Failed { reason, .. } => format!("failed: {}", reason.lines().next().unwrap_or_default()),
        JobState::Pending => {
            let ahead = lane(state, job).and_then(|lane| queue(state, &lane).iter().position(|one| one.id == job.id));
            match (ahead, &job.doing) {
                (Some(ahead @ 1..), _) => format!("waits: {ahead} ahead"),
                (_, Some(doing)) => doing.clone(),
                _ => "under way".to_owned(),
            }
        }
    }
}
