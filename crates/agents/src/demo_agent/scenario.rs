//! Misbehaviour on demand, for tests.

use qd_proc::{Group, Spawn, spawn_detached};
use serde_json::json;
use std::future::pending;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::directive::Directive;
use super::turn::{Stop, Turn};
use super::voice::Answer;

/// Events of a flood in one tick of 10 ms: 10,000 a second.
const FLOOD_TICK: u64 = 100;
/// A piece of 20 bytes with characters of one to four bytes.
const PIECE: &str = "ein Stück 🙂 – ";
/// How many children a fork leaves behind.
const CHILDREN: usize = 3;

impl Turn {
    /// Follows one directive; a stop ends the turn.
    pub(super) async fn follow(&mut self, directive: &Directive) -> Option<Stop> {
        match directive {
            Directive::FailAtStart => return Some(Stop::Refused("told to fail at its start".to_owned())),
            Directive::Hang => {
                self.voice.text("I hang now, as I was told.").await;
                pending::<()>().await;
            }
            Directive::IgnoreCancel => {
                // A handler for TERM takes its effect away.
                let _deaf = signal(SignalKind::terminate()).ok();
                self.voice.text("I go on whatever happens, as I was told.").await;
                pending::<()>().await;
            }
            Directive::Flood(count) => {
                self.flood(*count).await;
                return Some(Stop::Ended);
            }
            Directive::Stream(count) => {
                for _ in 0..*count {
                    self.voice.text(PIECE).await;
                }
                return Some(Stop::Ended);
            }
            Directive::Fork => self.fork().await,
            Directive::Crash => {
                self.speak("I crash half-way, as I was told.").await;
                return Some(Stop::Crashed);
            }
            Directive::Ask => self.question().await,
            Directive::Quick => {
                self.voice.text("Done at once, as I was told.").await;
                return Some(Stop::Ended);
            }
            Directive::Tour => {
                self.tour().await;
                return Some(Stop::Ended);
            }
            Directive::AppendId(file) => self.append_id(Path::new(file)).await,
            Directive::Slow | Directive::NoPermission => {}
        }
        None
    }

    async fn flood(&self, count: u64) {
        let mut tick = interval(Duration::from_millis(10));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for number in 0..count {
            if number % FLOOD_TICK == 0 {
                tick.tick().await;
            }
            // Every other one is a tool call, which cannot be joined with what stands beside it.
            if number % 2 == 0 {
                self.voice.text(&format!("event {number}\n")).await;
            } else {
                let fields = json!({ "title": format!("event {number}"), "kind": "other", "status": "completed" });
                self.voice.tool("tool_call", &format!("flood-{}", number % 100), fields).await;
            }
        }
    }

    async fn fork(&self) {
        for _ in 0..CHILDREN {
            let spawn = Spawn::new("sh")
                .args(["-c", "sleep 600 & sleep 600"])
                .envs(&self.settings.env)
                .cwd(&self.cwd)
                .group(Group::Session);
            if let Err(error) = spawn_detached(&spawn, Path::new("/dev/null")) {
                self.voice.text(&format!("I could not leave a child behind: {error}\n")).await;
            }
        }
        self.speak("I left children behind in sessions of their own, as I was told.\n\n").await;
    }

    async fn question(&self) {
        let options = json!([
            { "optionId": "tabs", "name": "Tabs", "kind": "allow_once",
              "_meta": { "detail": "One character a step; everybody sets their own width." } },
            { "optionId": "spaces", "name": "Spaces", "kind": "allow_once",
              "_meta": { "detail": "Looks the same everywhere." } },
        ]);
        let call = format!("demo-{}", self.voice.number());
        let answer = self
            .voice
            .ask(json!({
                "toolCall": { "toolCallId": call, "title": "Tabs or spaces?" },
                "options": options,
                "_meta": { "question": true, "takesNote": true },
            }))
            .await;
        let said = match answer {
            None => "You chose nothing.".to_owned(),
            Some(Answer { note: Some(note), .. }) => format!("In your own words: {note}"),
            Some(Answer { option, .. }) => format!("You chose {option}."),
        };
        self.speak(&format!("{said}\n\n")).await;
    }

    async fn append_id(&self, file: &Path) {
        let line = format!("{}\n", self.settings.mark);
        let appended = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        if let Err(error) = appended {
            self.voice.text(&format!("I could not append to {}: {error}\n", file.display())).await;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_piece_of_a_stream_is_20_bytes() {
        assert_eq!(super::PIECE.len(), 20);
    }
}
