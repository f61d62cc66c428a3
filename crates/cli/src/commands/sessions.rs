//! `qd sessions`.

use super::Context;
use crate::client::find;
use crate::exit::Error;
use crate::say;
use qd_core::derive;
use qd_core::row::Session;

/// List sessions that run, wait or were not looked at yet.
#[derive(clap::Args)]
pub struct Sessions {
    /// Only those of this task.
    #[arg(long)]
    task: Option<String>,
    /// With those that have ended.
    #[arg(long)]
    all: bool,
}

impl Sessions {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let state = context.client()?.state()?;
        let task = self.task.map(|written| find::task(&state, &written).map(|t| t.id)).transpose()?;
        let mut sessions: Vec<&Session> = find::sessions(&state)
            .filter(|s| task.is_none_or(|t| t == s.task))
            .filter(|s| self.all || s.status.is_active() || !s.seen)
            .collect();
        sessions.sort_by_key(|s| (s.status.is_ended(), std::cmp::Reverse(s.since)));
        if context.json {
            sessions.iter().for_each(say::json);
            return Ok(());
        }
        let rows: Vec<Vec<String>> = sessions
            .iter()
            .map(|s| {
                let title = state.task(s.task).map_or("", |t| t.title.as_str());
                vec![
                    find::short(s.id.0),
                    derive::status_word(s.status).to_owned(),
                    derive::kind_name(s.kind).to_owned(),
                    s.agent.clone(),
                    title.to_owned(),
                    derive::card_line(s, None),
                ]
            })
            .collect();
        say::table(&["id", "status", "kind", "agent", "task", "last"], &rows);
        Ok(())
    }
}
