//! The end of an attempt: the agent is stopped, its tree swept, its ending said once and durably.

use qd_core::event::Ending;
use qd_proc::{Grace, Reason, stop};
use std::future::pending;

use super::{Agent, Duration, EventBody, Exit, Host, HostError, Phase, Signal, read, until};

/// How long each step of the stop ladder may take: with the protocol's own cancel an agent that ignores everything is
/// gone within 5 s.
pub(super) const GRACE: Grace = Grace {
    own: Duration::from_millis(1500),
    term: Duration::from_millis(1500),
    kill: Duration::from_secs(2),
    eof: Duration::from_millis(500),
};

/// Why the host stops attending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// The last turn is over and no prompt came.
    Done,
    /// It could not start, or broke; the reason for people.
    Failed(String),
    /// The agent closed its output or ended when it should not have.
    Closed,
    /// A person ended it.
    Cancelled,
    /// The system told the host to end.
    Told,
}

/// Ends when the system asks this process to end. Reaps adopted orphans meanwhile.
pub(super) async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return pending().await;
    };
    let reaping = async {
        // Orphans that stay zombies cost a number each, no more.
        let _ = qd_proc::reap_adopted_on_signal().await;
        pending::<()>().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
        () = reaping => {}
    }
}

impl Host {
    /// Ends the agent and everything that it started; what it still says is appended meanwhile. Gives its exit, where it
    /// was seen, and what its last words say of the end: an agent may end right behind them.
    pub(super) async fn wind_down(
        &mut self,
        agent: &mut Agent,
        finish: Option<&Finish>,
    ) -> (Option<Exit>, Option<Finish>) {
        let reason = match finish {
            Some(Finish::Done | Finish::Closed) => Reason::Finished,
            Some(Finish::Failed(_) | Finish::Cancelled | Finish::Told) => Reason::Cancelled,
            None => Reason::Hurry,
        };
        if matches!(finish, Some(Finish::Cancelled)) && !self.is_cancelling() {
            self.phase = Phase::Cancelling { until: super::Instant::now() };
        }
        self.refuse_queued();
        self.tell();
        agent.link.close_input();
        let scope = self.scope();
        let Agent { child, link, stderr } = agent;
        let mut late = None;
        let drain = async {
            let mut chunk = vec![0; 8 << 10];
            let (mut saying, mut complaining) = (true, stderr.is_some());
            while saying || complaining {
                let bodies = tokio::select! {
                    signals = link.next(), if saying => {
                        saying = matches!(signals, Ok(Some(_)));
                        last_words(signals.ok().flatten().unwrap_or_default(), &mut late)
                    }
                    count = read(stderr.as_mut(), &mut chunk), if complaining => {
                        complaining = matches!(count, Ok(1..));
                        let told = match count {
                            Ok(count @ 1..) => self.stderr.push(chunk.get(..count).unwrap_or_default()),
                            _ => self.stderr.finish(),
                        };
                        told.into_iter().collect()
                    }
                    () = until(self.sync_at) => {
                        // The same holds for a disk that fails.
                        let _ = self.sync().await;
                        Vec::new()
                    }
                };
                // A log that cannot be written must not keep the agent alive.
                let _ = self.append(bodies);
            }
        };
        let stopped = stop(child, &scope, reason, &GRACE, drain).await;
        if let Ok(stopped) = &stopped
            && !stopped.left.is_empty()
        {
            let pids: Vec<_> = stopped.left.iter().map(|process| process.pid.to_string()).collect();
            let text = format!("Processes that could not be ended: {}.", pids.join(", "));
            let _ = self.append(vec![EventBody::Note { text }]);
        }
        if let Some(LastWord::TurnEnded(stop)) = &late {
            self.stop = Some(stop.clone());
        }
        let late = late.map(|word| match word {
            LastWord::TurnEnded(_) => Finish::Done,
            LastWord::Broken(reason) => Finish::Failed(reason),
        });
        (stopped.ok().and_then(|stopped| stopped.exit), late)
    }

    /// Says how it ended, once, durably, and only then to the servers.
    pub(super) async fn end(&mut self, finish: Finish, exit: Option<Exit>) -> Result<(), HostError> {
        let ending = self.ending(finish, exit);
        self.refuse_queued();
        let activity = self.meter.activity().clone();
        let appended = self.append(vec![EventBody::Ended { ending: ending.clone(), activity }]);
        let synced = match appended {
            Ok(()) => self.sync().await,
            Err(error) => Err(error),
        };
        self.requests.clear();
        self.publish_with(Some(ending));
        synced
    }

    fn ending(&self, finish: Finish, exit: Option<Exit>) -> Ending {
        let stderr = self.stderr.tail();
        let title = &self.spec.title;
        match finish {
            Finish::Cancelled => Ending::Cancelled,
            Finish::Told => Ending::Interrupted { why: "The system told the session's host to end.".to_owned() },
            Finish::Failed(reason) => Ending::Failed { reason, stderr },
            Finish::Closed => {
                let how = match exit {
                    Some(Exit::Code(code)) => format!("ended with exit code {code}"),
                    Some(Exit::Signal(signal)) => format!("was ended by signal {signal}"),
                    None => "closed its output".to_owned(),
                };
                let when = match self.phase {
                    Phase::Booting { .. } => "before it was ready",
                    _ => "in the middle of a turn",
                };
                Ending::Failed { reason: format!("{title} {how} {when}."), stderr }
            }
            Finish::Done => match self.stop.as_deref() {
                None | Some("end_turn") => Ending::Completed,
                Some("cancelled") => Ending::Cancelled,
                Some("max_tokens") => stopped(title, "it reached its limit of tokens"),
                Some("max_turn_requests") => stopped(title, "it reached its limit of requests in one turn"),
                Some("refusal") => stopped(title, "it refuses to go on"),
                Some(other) => stopped(title, other),
            },
        }
    }
}

/// What an agent said of its end before it ended.
enum LastWord {
    TurnEnded(String),
    Broken(String),
}

fn last_words(signals: Vec<Signal>, last: &mut Option<LastWord>) -> Vec<EventBody> {
    let mut bodies = Vec::with_capacity(signals.len());
    for signal in signals {
        match signal {
            Signal::Event(body) => {
                if let EventBody::TurnEnded { stop, .. } = &body {
                    *last = Some(LastWord::TurnEnded(stop.clone()));
                }
                bodies.push(body);
            }
            Signal::Broken { reason } => *last = Some(LastWord::Broken(reason)),
            Signal::Ready { .. } | Signal::Unforked => {}
        }
    }
    bodies
}

fn stopped(title: &str, why: &str) -> Ending {
    Ending::Failed { reason: format!("{title} stopped before it was done: {why}."), stderr: None }
}
