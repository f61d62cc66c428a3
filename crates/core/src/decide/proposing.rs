//! Work that is proposed by a pull request in place of being landed here.

use super::comments::told;
use super::jobs::at_rest;
use super::landing::{holds_work, message, resolved, work};
use super::{Context, edit_task, job, not_allowed, task};
use crate::command::{Done, OnTask, ProposeWork, SendComments};
use crate::op::{Op, Reject, RejectCode};
use crate::prompt;
use crate::row::{Checks, Job, JobState, Proposal, Reception, Task, Work};
use crate::state::State;

pub(super) fn propose(state: &State, c: &ProposeWork, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    let branch = work(row, "There is no work to propose yet: implement it first.")?;
    if branch.target.is_none() {
        return Err(not_allowed(
            "The work began on a detached HEAD, so there is no branch that it could be proposed for.",
        ));
    }
    resolved(branch)?;
    holds_work(row)?;
    if branch.changed.as_ref().is_some_and(|changed| changed.files == 0) {
        return Err(not_allowed("The worktree has no changes to propose."));
    }
    Ok(vec![job(cx, c.id, Work::Propose { message: message(row, &c.message)? })])
}

pub(super) fn look(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.id)?;
    if row.proposal.as_ref().is_none_or(|proposal| proposal.number.is_none()) {
        return Err(not_allowed("No pull request of this work is known."));
    }
    let asks = |job: &&Job| matches!(job.work, Work::LookAtProposal | Work::Propose { .. });
    if state.jobs_of(c.id).any(|job| asks(&job) && job.state == JobState::Pending) {
        return Err(not_allowed("This is being looked at already."));
    }
    // What failed is tried again by this.
    let failed = state.jobs_of(c.id).filter(|job| job.work == Work::LookAtProposal).map(|job| Op::delete(job.id));
    Ok(failed.chain([job(cx, c.id, Work::LookAtProposal)]).collect())
}

pub(super) fn send(state: &State, c: &SendComments, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.task)?;
    let waiting = row.proposal.as_ref().map(|proposal| (proposal, proposal.waiting().collect::<Vec<_>>()));
    let Some((proposal, waiting)) = waiting.filter(|(_, waiting)| !waiting.is_empty()) else {
        return Err(Reject::new(RejectCode::Invalid, "There is nothing new from the pull request to send."));
    };
    let mut ops = told(state, c, prompt::remarks(&c.note, proposal, &waiting), cx)?;
    ops.extend(edit_task(row, |task| {
        let reception = task.proposal.as_mut().and_then(|proposal| proposal.reception.as_mut());
        for remark in reception.into_iter().flat_map(|reception| &mut reception.remarks) {
            remark.session.get_or_insert(c.session);
        }
    }));
    Ok(ops)
}

/// What a job of these leaves in its task.
pub(super) fn done(row: &Task, done: &Done) -> Option<Op> {
    edit_task(row, |task| match done {
        Done::Proposed { proposal, commit } => {
            let mut next = proposal.clone();
            if let (Some(branch), Some(commit)) = (&mut task.branch, commit) {
                branch.commit = Some(Box::new(commit.clone()));
            }
            if let Some(earlier) = task.proposal.take() {
                goes_on(&mut next, *earlier);
            }
            task.proposal = Some(next);
        }
        Done::ProposalSeen { reception } => {
            if let Some(proposal) = &mut task.proposal {
                let earlier = proposal.reception.replace((**reception).clone());
                already_sent(proposal, earlier);
            }
        }
        _ => {}
    })
}

/// What is known of a pull request stays known when more is pushed to it, but for what its checks said of less.
fn goes_on(next: &mut Proposal, earlier: Proposal) {
    if next.number.is_none() || next.number != earlier.number {
        return;
    }
    let same = next.commit == earlier.commit;
    if same {
        next.qa = earlier.qa;
    }
    if next.reception.is_some() {
        return already_sent(next, earlier.reception);
    }
    next.reception = earlier.reception;
    if let Some(reception) = next.reception.as_mut().filter(|_| !same) {
        reception.checks = Checks::default();
    }
}

/// What a session was sent is not sent again, unless it says something else now.
fn already_sent(proposal: &mut Proposal, earlier: Option<Reception>) {
    let earlier = earlier.map(|reception| reception.remarks).unwrap_or_default();
    for remark in proposal.reception.iter_mut().flat_map(|reception| &mut reception.remarks) {
        let known = earlier.iter().find(|known| known.id == remark.id && known.text == remark.text);
        remark.session = known.and_then(|known| known.session);
    }
}
