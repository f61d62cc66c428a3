//! The project's own command that makes a new worktree ready, as the first thing that the session shows: its output, its
//! time, its failure.

use super::ending::{Finish, GRACE};
use super::{Exit, Host, HostError, SESSION_MARK, read};
use crate::host::protocol::ToHost;
use crate::host::spec::Setup;
use crate::receipts;
use qd_core::event::{EventBody, ToolContent, ToolKind, ToolStatus, ToolUpdate};
use qd_proc::{Captured, Child, Group, Keep, Reason, Spawn, Stdin, stop};
use std::pin::Pin;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStdout;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// The id under which it stands among the tool calls.
const ID: &str = "quarterdeck-set-up";
/// A set-up that takes longer is ended.
const LONGEST: Duration = Duration::from_hours(1);
/// How often its output is shown while it runs, and how much of its end.
const SHOWN_EVERY: Duration = Duration::from_secs(1);
const SHOWN: usize = 2 << 10;
/// How much of its end is kept.
const KEPT: usize = 64 << 10;
/// How much of its end says why it failed.
const QUOTED: usize = 2 << 10;

impl Host {
    /// Makes the worktree ready, where that is still to be done. Gives the end, where it comes to one.
    pub(super) async fn set_up(
        &mut self,
        orders: &mut mpsc::Receiver<ToHost>,
        told: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<Finish>, HostError> {
        let Some(setup) = self.spec.setup.clone() else { return Ok(None) };
        self.show(ToolUpdate {
            title: Some(format!("Set up: {}", setup.command)),
            tool: Some(ToolKind::Execute),
            status: Some(ToolStatus::Running),
            ..call()
        })?;
        let mut output = Captured::new(KEPT, Keep::Tail);
        let began = Instant::now();
        let finish = match self.spawn_setup(&setup) {
            Ok(mut child) => {
                let finish = self.follow(&mut child, &mut output, orders, told).await?;
                if finish.is_err() {
                    let drain = std::future::pending::<()>();
                    // What can't be ended shows where the attempt ends.
                    let _ = stop(&mut child, &self.scope(), Reason::Cancelled, &GRACE, drain).await;
                }
                finish
            }
            Err(why) => Err(Finish::Failed(why)),
        };
        let exit = finish.as_ref().ok().copied();
        let finish = match finish {
            Ok(Exit::Code(0)) => match receipts::replace(&setup.done, &setup.receipt) {
                Ok(()) => None,
                Err(error) => Some(Finish::Failed(format!("{} can't be written: {error}.", setup.done.display()))),
            },
            Ok(exit) => Some(Finish::Failed(failure(&setup.command, exit, &output))),
            Err(finish) => Some(finish),
        };
        let seconds = began.elapsed().as_secs_f64();
        self.show(ToolUpdate {
            title: Some(format!("Set up: {} ({seconds:.1} s)", setup.command)),
            status: Some(if finish.is_none() { ToolStatus::Completed } else { ToolStatus::Failed }),
            content: Some(printed(&output, KEPT, exit)),
            ..call()
        })?;
        self.begin_to_boot();
        Ok(finish)
    }

    fn spawn_setup(&self, setup: &Setup) -> Result<Child, String> {
        let mut spawn = Spawn::new("/bin/sh")
            .args(["-c", &format!("exec 2>&1\n{}", setup.command)])
            .envs(&setup.env)
            .env(SESSION_MARK, self.spec.mark())
            .cwd(&self.spec.cwd)
            .stdin(Stdin::Null)
            .group(Group::Session);
        if let Some(cgroup) = &self.cgroup {
            spawn = spawn.in_cgroup(cgroup.clone());
        }
        spawn.spawn().map_err(|error| format!("The set-up could not be run: {error}."))
    }

    /// Shows what it prints until it has ended, or must.
    async fn follow(
        &mut self,
        child: &mut Child,
        output: &mut Captured,
        orders: &mut mpsc::Receiver<ToHost>,
        mut told: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Result<Exit, Finish>, HostError> {
        let mut stdout = child.take_stdout();
        let mut chunk = vec![0; 16 << 10];
        let until = Instant::now() + LONGEST;
        let mut shown = interval(SHOWN_EVERY);
        shown.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut news = false;
        loop {
            self.tell();
            tokio::select! {
                read = read(stdout.as_mut(), &mut chunk) => match read {
                    // One that fails is treated as closed: the exit is what counts.
                    Ok(0) | Err(_) => stdout = None,
                    Ok(read) => {
                        output.push(chunk.get(..read).unwrap_or_default());
                        news = true;
                    }
                },
                exit = child.wait() => {
                    let exit = exit.map_err(HostError::Setup)?;
                    drain(stdout.as_mut(), &mut chunk, output).await;
                    return Ok(Ok(exit));
                }
                _ = shown.tick() => {
                    if std::mem::take(&mut news) {
                        self.show(ToolUpdate { content: Some(printed(output, SHOWN, None)), ..call() })?;
                    }
                }
                () = sleep_until(until) => {
                    return Ok(Err(Finish::Failed(format!("The set-up took longer than {} min.", LONGEST.as_secs() / 60))));
                }
                () = &mut told => return Ok(Err(Finish::Told)),
                Some(order) = orders.recv() => if self.order_before_start(order) {
                    return Ok(Err(Finish::Cancelled));
                },
            }
        }
    }

    fn show(&mut self, update: ToolUpdate) -> Result<(), HostError> {
        self.append(vec![EventBody::Tool(update)])
    }
}

/// An update that changes nothing yet.
fn call() -> ToolUpdate {
    ToolUpdate { id: ID.to_owned(), title: None, tool: None, status: None, files: None, content: None, input: None }
}

fn printed(output: &Captured, most: usize, exit: Option<Exit>) -> Vec<ToolContent> {
    let exit = exit.and_then(|exit| if let Exit::Code(code) = exit { Some(code) } else { None });
    vec![ToolContent::Terminal { output: output.end(most), exit }]
}

fn failure(command: &str, exit: Exit, output: &Captured) -> String {
    let said = output.end(QUOTED);
    format!("The set-up `{command}` {exit}.\n{}", said.trim()).trim_end().to_owned()
}

/// Takes what is still in the pipe of a command that has ended. Who was left behind may hold it open.
async fn drain(stdout: Option<&mut ChildStdout>, chunk: &mut [u8], output: &mut Captured) {
    const WITHIN: Duration = Duration::from_millis(250);
    let Some(stdout) = stdout else { return };
    let rest = async {
        while let read @ 1.. = stdout.read(chunk).await.unwrap_or(0) {
            output.push(chunk.get(..read).unwrap_or_default());
        }
    };
    let _ = tokio::time::timeout(WITHIN, rest).await;
}
