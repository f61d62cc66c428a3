//! `qd pr`: work as a pull request in place of being landed here.

use super::Context;
use crate::client::{Client, Sending, find, over};
use crate::exit::Error;
use crate::say;
use qd_core::command::{Command, OnTask, ProposeWork};
use qd_core::ids::{Mid, TaskId};
use qd_core::row::{Fate, Proposal, Reception};
use qd_core::state::State;

/// Push the work on a task to the remote repository and open a pull request there, or bring more work to the one that is
/// open. Prints the link.
#[derive(clap::Args)]
pub struct PullRequest {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The message: its first line is the title. Else the one that was suggested, else the title of the task.
    #[arg(long, short, default_value = "", hide_default_value = true, conflicts_with = "status")]
    message: String,
    /// Push nothing; ask what became of the pull request and print that.
    #[arg(long)]
    status: bool,
    #[command(flatten)]
    sending: Sending,
}

impl PullRequest {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let task = find::task(&state, &self.task)?;
        let (id, mid) = (task.id, self.sending.id());
        if self.status {
            let known = task.proposal.as_ref().ok_or_else(|| Error::failed("this work was not proposed"))?;
            if known.number.is_some() {
                client.send(mid, "look", &Command::LookAtProposal(OnTask { id }), context.json)?;
            }
        } else {
            let command = Command::ProposeWork(ProposeWork { id, message: self.message });
            client.send(mid, "pr", &command, context.json)?;
        }
        let proposal = ended(&client, Mid(mid), id)?;
        if context.json {
            say::json(&proposal);
        } else {
            tell(&proposal, self.status);
        }
        Ok(())
    }
}

/// What the task has once the job is over.
fn ended(client: &Client, job: Mid, task: TaskId) -> Result<Proposal, Error> {
    let proposal = |state: &State| state.task(task).and_then(|task| task.proposal.as_deref().cloned());
    let ended = |state: &State| over(state, job).map(|ended| ended.map(|()| proposal(state)));
    client.until(ended)??.ok_or_else(|| Error::failed("it was stopped, and nothing is known to be pushed"))
}

fn tell(proposal: &Proposal, status: bool) {
    let Proposal { remote, branch, commit, .. } = proposal;
    let short = commit.get(..8).unwrap_or(commit);
    say::remark(format_args!("{short} is pushed to {remote} as {branch}"));
    if let Some(note) = &proposal.note {
        say::remark(note);
    }
    if let Some(link) = &proposal.link {
        say::line(link);
    }
    if let Some(reception) = proposal.reception.as_ref().filter(|_| status) {
        say::line(how_it_stands(reception));
        for remark in &reception.remarks {
            let place = remark.place().map_or_else(String::new, |place| format!(" on {place}"));
            say::line(format_args!("\n{}{place}:\n{}", remark.author, remark.text));
        }
    }
}

fn how_it_stands(reception: &Reception) -> String {
    let fate = match reception.fate {
        Fate::Open => "open",
        Fate::Merged => "merged",
        Fate::Closed => "closed and not merged",
    };
    let checks = &reception.checks;
    let mut parts = vec![fate.to_owned()];
    let mut count = |number: usize, of: &str| {
        if number > 0 {
            parts.push(format!("{of}: {number}"));
        }
    };
    count(checks.passed as usize, "checks passed");
    count(checks.failed.len(), "checks failed");
    count(checks.pending as usize, "checks pending");
    count(reception.approvals as usize, "approvals");
    count(reception.objections as usize, "asking for changes");
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::how_it_stands;
    use qd_core::ids::Millis;
    use qd_core::row::{Checks, Fate, Reception};

    #[test]
    fn only_what_there_is_is_counted() {
        let checks = Checks { passed: 3, pending: 0, failed: vec!["lint".into()] };
        let (approvals, objections) = (0, 1);
        let mut reception = Reception {
            at: Millis(1),
            fate: Fate::Open,
            merge: None,
            checks,
            approvals,
            objections,
            remarks: vec![],
            older: 0,
        };
        assert_eq!(how_it_stands(&reception), "open, checks passed: 3, checks failed: 1, asking for changes: 1");
        reception = Reception { fate: Fate::Merged, checks: Checks::default(), objections: 0, ..reception };
        assert_eq!(how_it_stands(&reception), "merged");
    }
}
