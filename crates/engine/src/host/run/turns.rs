//! Prompts one after the other, answers, and what the agent signals in between.

use qd_agents::driver::Fork;
use qd_core::row::MessageBody;
use qd_core::status::Status;

use super::super::{images, mentioned};
use super::{
    Agent, CANCEL_GRACE, Command, Duration, EventBody, Finish, FirstMessage, Host, HostError, Instant, MessageId,
    Phase, Settled, Signal, ToHost,
};

/// Whoever interrupts has something else to say: so long the agent waits for it.
const AFTER_INTERRUPT: Duration = Duration::from_secs(1);

impl Host {
    /// How the session stands.
    pub(super) fn status(&self) -> Status {
        match self.phase {
            Phase::Booting { .. } => Status::Starting,
            Phase::Cancelling { .. } => Status::Cancelling,
            Phase::Paused { .. } => Status::Paused,
            Phase::Idle { .. } | Phase::InTurn => {
                if self.requests.iter().any(|request| request.question) {
                    Status::NeedsAnswer
                } else if self.requests.is_empty() {
                    Status::Running
                } else {
                    Status::NeedsApproval
                }
            }
        }
    }

    pub(super) async fn signals(
        &mut self,
        signals: Vec<Signal>,
        agent: &mut Agent,
    ) -> Result<Option<Finish>, HostError> {
        let mut bodies = Vec::with_capacity(signals.len());
        let (mut free, mut broken) = (false, None);
        for signal in signals {
            match signal {
                Signal::Ready { program, can } => {
                    free = true;
                    self.can = can;
                    bodies.push(EventBody::Ready { program, can });
                }
                Signal::Event(body) => {
                    if let EventBody::TurnEnded { stop, .. } = &body {
                        self.stop = Some(stop.clone());
                        free = true;
                    }
                    bodies.push(body);
                }
                Signal::Unforked if self.spec.fork.as_ref().is_some_and(Fork::is_untold) => {
                    let title = &self.spec.title;
                    let reason =
                        format!("{title} can't go on with a conversation that it had elsewhere, over this protocol.");
                    broken = Some(Finish::Failed(reason));
                }
                Signal::Unforked => {
                    self.retell = true;
                    bodies.push(self.retold());
                }
                Signal::Broken { reason } => broken = Some(Finish::Failed(reason)),
            }
        }
        self.append(bodies)?;
        match (broken, free) {
            (Some(finish), _) => Ok(Some(if self.is_cancelling() { Finish::Cancelled } else { finish })),
            (None, true) => self.free(agent).await,
            (None, false) => {
                self.check_ceilings(agent);
                Ok(None)
            }
        }
    }

    /// The agent takes the next prompt.
    async fn free(&mut self, agent: &mut Agent) -> Result<Option<Finish>, HostError> {
        if self.is_cancelling() {
            return Ok(Some(Finish::Cancelled));
        }
        let mut linger = Duration::from_millis(self.spec.linger_ms);
        if std::mem::take(&mut self.interrupted) {
            self.sweep_turn();
            linger = linger.max(AFTER_INTERRUPT);
        }
        if self.pause()? {
            return Ok(None);
        }
        self.phase = Phase::Idle { until: Instant::now() + linger };
        self.prompt(agent).await?;
        // Nobody can have sent anything within no time.
        let done = matches!(self.phase, Phase::Idle { .. }) && linger.is_zero();
        Ok(done.then_some(Finish::Done))
    }

    /// Sends the next prompt, where the agent is free and there is one.
    pub(super) async fn prompt(&mut self, agent: &mut Agent) -> Result<(), HostError> {
        if !matches!(self.phase, Phase::Idle { .. }) {
            return Ok(());
        }
        let (FirstMessage { id, mut text, images }, loaded) = loop {
            let Some(message) = self.queue.pop_front() else { return Ok(()) };
            match images::load(&self.spec.blobs, &message.images) {
                Ok(loaded) => break (message, loaded),
                Err(reason) => self.settled.push(Settled { message: message.id, refused: Some(reason) }),
            }
        };
        let files = mentioned::files(&self.spec.cwd, &text);
        let saved = self.save(id).await;
        // The echo comes first: were the host killed in between, the message would show as sent and not come twice.
        let echo = EventBody::Prompt { message: id, text: text.clone(), images };
        self.append(saved.into_iter().chain([echo]).collect())?;
        if std::mem::take(&mut self.retell)
            && let Some(fork) = &self.spec.fork
        {
            text = fork.before(&text);
        }
        let prompt = Command::Prompt { text, images: loaded, files };
        let refused = agent.link.command(prompt).err().map(|refused| refused.to_string());
        if refused.is_none() {
            self.phase = Phase::InTurn;
            self.before_turn = self.scope().members().unwrap_or_default();
        }
        self.settled.push(Settled { message: id, refused });
        Ok(())
    }

    /// Saves the worktree before a message.
    async fn save(&mut self, message: MessageId) -> Option<EventBody> {
        let mut saver = self.saver.take()?;
        match saver.save(message).await {
            Ok(event) => {
                self.saver = Some(saver);
                Some(event)
            }
            // What took too long or failed once does so again: it is not tried any more in this attempt.
            Err(text) => Some(EventBody::Note { text }),
        }
    }

    /// What is said where the agent begins anew with what was said before.
    pub(super) fn retold(&self) -> EventBody {
        let title = &self.spec.title;
        EventBody::Note {
            text: format!("{title} can't go on from there by itself: it begins anew and is told what was said before."),
        }
    }

    /// Takes an order while there is no agent yet. True where it ends the attempt.
    pub(super) fn order_before_start(&mut self, order: ToHost) -> bool {
        match order {
            ToHost::Hello { .. } => false,
            ToHost::Cancel => true,
            ToHost::Deliver { message, body } => {
                match body {
                    _ if !self.seen.insert(message) => {}
                    MessageBody::Prompt { text, images, .. } => {
                        self.queue.push_back(FirstMessage { id: message, text, images });
                    }
                    _ => {
                        let refused = Some("The agent has not started yet.".to_owned());
                        self.settled.push(Settled { message, refused });
                    }
                }
                false
            }
        }
    }

    pub(super) async fn order(&mut self, order: ToHost, agent: &mut Agent) -> Result<Option<Finish>, HostError> {
        match order {
            ToHost::Hello { .. } => Ok(None),
            ToHost::Deliver { message, body } => {
                if !self.seen.insert(message) {
                    return Ok(None);
                }
                match body {
                    MessageBody::Answer { request, option, .. } if self.is_own(request) => {
                        self.settled.push(Settled { message, refused: None });
                        self.decide(option, message, agent).await
                    }
                    body => self.deliver(message, body, agent).await.map(|()| None),
                }
            }
            ToHost::Cancel => Ok(self.cancel(agent)),
        }
    }

    /// Ends what the turn started and left running. Whatever was there before the turn is the agent's own: adapters
    /// have the real agent as a child.
    fn sweep_turn(&self) {
        for process in self.scope().members().unwrap_or_default() {
            if !self.before_turn.contains(&process) {
                // Gone in between, or not to be ended: the end of the attempt sweeps again and says what is left.
                let _ = process.signal(qd_proc::Signal::Kill);
            }
        }
    }

    async fn deliver(&mut self, message: MessageId, body: MessageBody, agent: &mut Agent) -> Result<(), HostError> {
        match body {
            MessageBody::Prompt { .. } if self.is_cancelling() => {
                self.settled.push(refusal(message));
                Ok(())
            }
            MessageBody::Prompt { text, images, steer } => {
                let steers = steer && images.is_empty() && self.can.steer && self.phase == Phase::InTurn;
                if steers {
                    self.append(vec![EventBody::Prompt { message, text: text.clone(), images: Vec::new() }])?;
                    self.command(message, Command::Steer { text }, agent);
                    return Ok(());
                }
                self.queue.push_back(FirstMessage { id: message, text, images });
                self.prompt(agent).await
            }
            MessageBody::Answer { request, option, note, input } => {
                let answer = Command::Answer { request, option: Some(option), note, input, message: Some(message) };
                self.command(message, answer, agent);
                Ok(())
            }
            MessageBody::Choose { offer, value } => {
                self.command(message, Command::Choose { offer, value }, agent);
                Ok(())
            }
            MessageBody::Interrupt => {
                if self.phase == Phase::InTurn {
                    self.interrupted = true;
                    self.command(message, Command::CancelTurn, agent);
                    return Ok(());
                }
                let refused = Some("The turn was over already.".to_owned());
                self.settled.push(Settled { message, refused });
                Ok(())
            }
        }
    }

    /// Gives what a message says to the agent.
    fn command(&mut self, message: MessageId, command: Command, agent: &mut Agent) {
        let refused = agent.link.command(command).err().map(|refused| refused.to_string());
        self.settled.push(Settled { message, refused });
    }

    fn cancel(&mut self, agent: &mut Agent) -> Option<Finish> {
        match self.phase {
            Phase::Cancelling { .. } => None,
            Phase::Booting { .. } | Phase::Idle { .. } | Phase::Paused { .. } => Some(Finish::Cancelled),
            Phase::InTurn => {
                let _ = agent.link.command(Command::CancelTurn);
                self.phase = Phase::Cancelling { until: Instant::now() + CANCEL_GRACE };
                None
            }
        }
    }

    pub(super) fn is_cancelling(&self) -> bool {
        matches!(self.phase, Phase::Cancelling { .. })
    }

    /// The agent closed its output or ended.
    pub(super) fn gone(&self) -> Finish {
        match self.phase {
            Phase::Cancelling { .. } => Finish::Cancelled,
            Phase::Idle { .. } => Finish::Done,
            Phase::Booting { .. } | Phase::InTurn | Phase::Paused { .. } => Finish::Closed,
        }
    }

    /// What is still queued will not be delivered in this attempt.
    pub(super) fn refuse_queued(&mut self) {
        let queued = std::mem::take(&mut self.queue);
        self.settled.extend(queued.into_iter().map(|message| refusal(message.id)));
    }
}

fn refusal(message: MessageId) -> Settled {
    Settled { message, refused: Some("The session ended before it could be delivered.".to_owned()) }
}
