//! The host's own deadlines: an agent that hangs or tries in vain is ended with the reason, one that has used up what
//! it was given is paused and its person asked.

use qd_core::event::{EventBody, OptionEffect, Request, RequestOption, ToolStatus};
use qd_core::ids::{MessageId, RequestId, of_cause};
use std::collections::BTreeSet;
use tokio::time::Instant;

use super::{Agent, Command, Duration, Finish, FirstMessage, Host, HostError, Phase};
use crate::host::limits::{Ceilings, Limits, minutes, words};

/// The option that lets a paused session go on.
const GO_ON: &str = "go-on";
/// The option that ends it.
const STOP: &str = "stop";

/// What is watched.
#[derive(Debug)]
pub(super) struct Vigil {
    limits: Limits,
    ceilings: Ceilings,
    /// When something was last heard of the agent.
    heard: Instant,
    /// Since when every try to reach the model fails, and the last words about it.
    failing: Option<(Instant, String)>,
    /// Tool calls that run.
    tools: BTreeSet<String>,
    /// How long it worked in turns that are over.
    worked: Duration,
    /// Since when the turn runs.
    turn: Option<Instant>,
    /// What is used up: the turn is being ended for it, or a person is asked.
    used_up: Option<String>,
    /// How often a person was asked.
    asked: u32,
    /// The question that is open.
    question: Option<RequestId>,
}

impl Vigil {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            ceilings: Ceilings::new(&limits),
            limits,
            heard: Instant::now(),
            failing: None,
            tools: BTreeSet::new(),
            worked: Duration::ZERO,
            turn: None,
            used_up: None,
            asked: 0,
            question: None,
        }
    }

    /// Takes an event in.
    pub(super) fn fold(&mut self, body: &EventBody) {
        match body {
            EventBody::Retrying(retry) => {
                let since = self.failing.as_ref().map_or_else(Instant::now, |(since, _)| *since);
                self.failing = Some((since, retry.reason.clone()));
            }
            EventBody::Tool(tool) => {
                self.failing = None;
                match tool.status {
                    Some(ToolStatus::Completed | ToolStatus::Failed) => self.tools.remove(&tool.id),
                    Some(ToolStatus::Running | ToolStatus::Pending) => self.tools.insert(tool.id.clone()),
                    None => false,
                };
            }
            EventBody::Text { .. } | EventBody::Thought { .. } => self.failing = None,
            EventBody::TurnEnded { .. } => {
                self.failing = None;
                self.tools.clear();
                self.worked += self.turn.take().map(|since| since.elapsed()).unwrap_or_default();
            }
            EventBody::Prompt { .. } => {
                self.turn.get_or_insert_with(Instant::now);
            }
            // The host's own words, and what comes beside the protocol.
            EventBody::Note { .. } | EventBody::Stderr { .. } => return,
            _ => {}
        }
        self.heard = Instant::now();
    }

    fn worked(&self) -> Duration {
        self.worked + self.turn.map(|since| since.elapsed()).unwrap_or_default()
    }

    fn silence(&self) -> Option<Duration> {
        let running = !self.tools.is_empty();
        minutes(if running { self.limits.tool_silence_minutes } else { self.limits.silence_minutes })
    }

    /// When the next look is due.
    fn due(&self) -> Option<Instant> {
        let silent = self.silence().map(|limit| self.heard + limit);
        let failing =
            self.failing.as_ref().zip(minutes(self.limits.retry_minutes)).map(|((since, _), limit)| *since + limit);
        let worked =
            self.turn.zip(self.ceilings.work()).map(|(since, ceiling)| since + ceiling.saturating_sub(self.worked));
        let worked = worked.filter(|_| self.used_up.is_none());
        [silent, failing, worked].into_iter().flatten().min()
    }
}

impl Host {
    /// When the watch has to look again; only a turn that waits for nobody is watched.
    pub(super) fn vigil_due(&self) -> Option<Instant> {
        (self.phase == Phase::InTurn && self.requests.is_empty()).then(|| self.vigil.due()).flatten()
    }

    /// Looks whether a deadline has passed or a ceiling is reached.
    pub(super) fn look(&mut self, agent: &mut Agent) -> Option<Finish> {
        let title = &self.spec.title;
        let now = Instant::now();
        if let Some(((since, said), limit)) = self.vigil.failing.as_ref().zip(minutes(self.vigil.limits.retry_minutes))
            && now >= *since + limit
        {
            let reason = format!("{title} could not reach its model for {}: {said}", words(limit));
            return Some(Finish::Failed(reason));
        }
        if let Some(limit) = self.vigil.silence().filter(|limit| now >= self.vigil.heard + *limit) {
            let limit = words(limit);
            let during = if self.vigil.tools.is_empty() { "" } else { " while a tool ran" };
            let reason = format!("{title} said nothing for {limit}{during} and was ended. A message goes on with it.");
            return Some(Finish::Failed(reason));
        }
        self.check_ceilings(agent);
        None
    }

    /// Ends the turn where something is used up; the question follows when it is over.
    pub(super) fn check_ceilings(&mut self, agent: &mut Agent) {
        if self.vigil.used_up.is_some() || self.phase != Phase::InTurn {
            return;
        }
        self.vigil.used_up = self.vigil.ceilings.reached(&self.meter.activity().usage, self.vigil.worked());
        if self.vigil.used_up.is_some() {
            let _ = agent.link.command(Command::CancelTurn);
            self.interrupted = true;
        }
    }

    /// Asks whether it shall go on, where something is used up and there is something to go on with.
    pub(super) fn pause(&mut self) -> Result<bool, HostError> {
        let cut_off = self.vigil.used_up.is_some();
        let used_up = match self.vigil.used_up.take() {
            Some(words) => Some(words),
            None if self.queue.is_empty() => None,
            None => self.vigil.ceilings.reached(&self.meter.activity().usage, self.vigil.worked()),
        };
        let Some(words) = used_up else { return Ok(false) };
        self.vigil.asked += 1;
        let id = RequestId(of_cause(&["ceiling", &self.spec.mark(), &self.vigil.asked.to_string()]));
        let option = |id: &str, label: &str| RequestOption::new(id, label, OptionEffect::Choice);
        let request = Request {
            id,
            title: format!("{words} Shall it go on?"),
            detail: None,
            tool: None,
            options: vec![option(GO_ON, "Go on"), option(STOP, "Stop")],
            question: true,
            takes_note: false,
            input: None,
        };
        self.vigil.question = Some(id);
        self.phase = Phase::Paused { cut_off };
        self.append(vec![EventBody::Asked { request }])?;
        Ok(true)
    }

    /// Whether a request is the host's own.
    pub(super) fn is_own(&self, request: RequestId) -> bool {
        self.vigil.question == Some(request)
    }

    /// A person said whether it shall go on.
    pub(super) async fn decide(
        &mut self,
        option: String,
        message: MessageId,
        agent: &mut Agent,
    ) -> Result<Option<Finish>, HostError> {
        let Some(request) = self.vigil.question.take() else { return Ok(None) };
        let goes_on = option == GO_ON;
        let answered = EventBody::Answered { request, option: Some(option), note: None, message: Some(message) };
        self.append(vec![answered])?;
        let Phase::Paused { cut_off } = self.phase else { return Ok(None) };
        if !goes_on {
            return Ok(Some(Finish::Cancelled));
        }
        self.vigil.ceilings.raise(&self.meter.activity().usage, self.vigil.worked());
        if cut_off {
            let id = MessageId(of_cause(&["go on", &self.spec.mark(), &self.vigil.asked.to_string()]));
            let text = "Go on where you stopped.".to_owned();
            self.queue.push_front(FirstMessage { id, text, images: Vec::new() });
        }
        self.phase = Phase::Idle { until: Instant::now() };
        self.prompt(agent).await?;
        Ok(None)
    }
}
