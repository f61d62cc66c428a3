//! Sending a mutation until its outcome is known. What it makes gets the mutation's own id: who repeats a command
//! with `--mid` sends exactly the same.

use super::Client;
use crate::exit::Error;
use crate::say;
use crate::server_file::ServerFile;
use qd_core::command::Command;
use qd_core::ids::{Mid, Millis, v7_time};
use qd_core::op::Outcome;
use qd_core::row::JobState;
use qd_core::state::State;
use qd_engine::time::{Clock as _, SystemClock, mint};
use qd_wire::Mutation;
use serde_json::json;
use std::time::{Duration, Instant};
use ureq::Body;
use ureq::http::Response;
use uuid::Uuid;

/// How long the outcome is asked for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Options of every command that changes something.
#[derive(clap::Args)]
pub struct Sending {
    /// Repeat the command that printed this id. It is never done twice.
    #[arg(long, value_name = "ID")]
    mid: Option<Uuid>,
}

impl Sending {
    /// The id of the mutation and of what it makes.
    pub fn id(&self) -> Uuid {
        self.mid.unwrap_or_else(|| mint(&SystemClock))
    }
}

/// Options of every command that asks for work on git or files.
#[derive(clap::Args)]
pub struct Working {
    #[command(flatten)]
    sending: Sending,
    /// Don't wait until it is done.
    #[arg(long)]
    no_wait: bool,
}

impl Working {
    /// The id of the mutation, of the job and of what it makes.
    pub fn id(&self) -> Uuid {
        self.sending.id()
    }

    /// Whether it is waited for.
    pub fn waits(&self) -> bool {
        !self.no_wait
    }
}

impl Client {
    /// Sends `command`, which asks for a job, and waits until that is over. One that failed ends with its reason.
    pub fn work(&self, working: &Working, id: Uuid, what: &str, command: &Command, as_json: bool) -> Result<(), Error> {
        self.send(id, what, command, as_json)?;
        if !working.waits() {
            return Ok(());
        }
        self.until(|state| over(state, Mid(id)))??;
        if as_json {
            say::json(&json!({ "event": "done", "id": id, "mid": id }));
        }
        Ok(())
    }

    /// Prints the id first, then sends `command` until its outcome is known, then prints that.
    pub fn send(&self, id: Uuid, what: &str, command: &Command, as_json: bool) -> Result<(), Error> {
        let mutation = Mutation::new(Mid(id), command);
        if as_json {
            say::json(&json!({ "event": "sending", "name": mutation.name, "id": id, "mid": id }));
        } else {
            say::line(format_args!("{what} {id}"));
        }
        let outcome = self.outcome(mutation)?;
        if let Some(reject) = outcome.err {
            return Err(Error::Refused { code: reject.code, message: reject.message });
        }
        if as_json {
            say::json(&json!({ "event": "accepted", "id": id, "mid": id, "epoch": outcome.epoch, "seq": outcome.seq }));
        }
        Ok(())
    }

    fn outcome(&self, mut mutation: Mutation) -> Result<Outcome, Error> {
        let clicked = v7_time(mutation.mid.0).unwrap_or_else(|| SystemClock.now());
        let begun = Instant::now();
        let mut pause = PAUSES.0;
        loop {
            let now: Millis = SystemClock.now();
            mutation.age_ms = Some(now.since(clicked));
            if let Some(outcome) = self.once(&mutation)? {
                return Ok(outcome);
            }
            if begun.elapsed() + pause > PATIENCE {
                return Err(Error::Unknown(mutation.mid.0));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Sends it once. `None` where the answer is not definitive.
    fn once(&self, mutation: &Mutation) -> Result<Option<Outcome>, Error> {
        // A server that is being started again is not there for a moment.
        let Ok(server) = self.server() else { return Ok(None) };
        let request = self.agent.post(format!("{}/api/v1/mutations", server.url()));
        let Ok(answer) = Self::authorised(&server, request).send_json(mutation) else { return Ok(None) };
        if answer.status().as_u16() == 401 {
            return Err(Error::NotLoggedIn(ServerFile::path(&self.data_dir)));
        }
        Ok(definitive(answer, mutation.mid))
    }
}

/// How a job ended; none while it is under way. One that is done has no row.
pub fn over(state: &State, job: Mid) -> Option<Result<(), Error>> {
    match state.job(job).map(|job| &job.state) {
        None => Some(Ok(())),
        Some(JobState::Pending) => None,
        Some(JobState::Failed { reason, files, .. }) => {
            let lines: Vec<&str> = std::iter::once(reason.as_str()).chain(files.iter().map(String::as_str)).collect();
            Some(Err(Error::failed(lines.join("\n"))))
        }
    }
}

fn definitive(mut answer: Response<Body>, mid: Mid) -> Option<Outcome> {
    let outcome: Outcome = answer.body_mut().read_json().ok()?;
    (outcome.mid == mid).then_some(outcome)
}
