//! What comes over time: the output of a session, in pieces or as it is written, and changes of the rows.

use super::Client;
use crate::exit::Error;
use qd_core::ids::SessionId;
use qd_core::op::Offset;
use qd_core::state::State;
use qd_wire::Snapshot;
use std::io::{self, BufRead as _, BufReader, Write};

/// Where a reading of the output stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The session ended and everything was read.
    Ended,
    /// The stream broke off here; read on from this offset.
    At(Option<String>),
}

impl Client {
    /// Hands every line that is there now to `each`, and gives back where it stopped.
    pub fn output(&self, session: SessionId, each: &mut dyn FnMut(&str)) -> Result<Option<String>, Error> {
        let mut at: Option<String> = None;
        loop {
            let query = at.as_ref().map_or_else(String::new, |offset| format!("?offset={offset}"));
            let mut answer = self.get_response(&format!("/sessions/{session}/output{query}"))?;
            let next = answer.headers().get("stream-next-offset").and_then(|v| v.to_str().ok()).map(str::to_owned);
            let text = answer.body_mut().with_config().limit(u64::MAX).read_to_string().map_err(Error::failed)?;
            text.lines().for_each(&mut *each);
            if next == at || text.is_empty() {
                return Ok(next);
            }
            at = next;
        }
    }

    /// Waits until the rows give an answer.
    pub fn until<T>(&self, read: impl Fn(&State) -> Option<T>) -> Result<T, Error> {
        loop {
            let Snapshot { epoch, seq, tag, rows, .. } = self.get("/snapshot")?;
            if let Some(answer) = read(&rows.into_iter().collect()) {
                return Ok(answer);
            }
            let offset = Offset { epoch, seq, tag };
            let log = self.get_response(&format!("/log?offset={offset}&live=sse"))?;
            for line in BufReader::new(log.into_body().into_reader()).lines() {
                // Where the stream breaks off the rows are read again, too.
                if line.map_or(true, |line| line == "event: record" || line == "event:record") {
                    break;
                }
            }
        }
    }

    /// Hands every line of the answer of `path` to `each`.
    pub fn lines(&self, path: &str, each: &mut dyn FnMut(&str)) -> Result<(), Error> {
        for line in BufReader::new(self.get_response(path)?.into_body().into_reader()).lines() {
            each(&line.map_err(Error::failed)?);
        }
        Ok(())
    }

    /// Writes the answer of `path` to `to`, byte for byte.
    pub fn copy(&self, path: &str, to: &mut dyn Write) -> Result<(), Error> {
        let mut answer = self.get_response(path)?.into_body().into_reader();
        match io::copy(&mut answer, to) {
            // A reader that went away has seen enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::failed(error)),
            _ => Ok(()),
        }
    }

    /// Hands the lines after `from` to `each` as they come.
    pub fn follow(&self, session: SessionId, from: Option<&str>, each: &mut dyn FnMut(&str)) -> Result<Stop, Error> {
        let query = from.map_or_else(String::new, |offset| format!("&offset={offset}"));
        let answer = self.get_response(&format!("/sessions/{session}/output?live=sse{query}"))?;
        let mut at = from.map(str::to_owned);
        let mut event = Event::default();
        for line in BufReader::new(answer.into_body().into_reader()).lines() {
            let Ok(line) = line else { break };
            if !line.is_empty() {
                event.take(&line);
                continue;
            }
            let complete = std::mem::take(&mut event);
            match complete.name.as_str() {
                "output" => complete.data.iter().for_each(|line| each(line)),
                "end" => return Ok(Stop::Ended),
                _ => continue,
            }
            at = complete.id.or(at);
        }
        Ok(Stop::At(at))
    }
}

/// A server-sent event in the making.
#[derive(Default)]
struct Event {
    name: String,
    id: Option<String>,
    data: Vec<String>,
}

impl Event {
    fn take(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" => self.id = Some(value.to_owned()),
            "data" => self.data.push(value.to_owned()),
            _ => {}
        }
    }
}
