//! A driver with its pipes: reads what the agent writes, writes what the driver sends, both at once, so that neither
//! side can block the other.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::driver::{AgentDriver, Command, Outbox, Refused, Signal};
use crate::line::{LineBuffer, LineTooLong};

/// The longest line that is taken from an agent: 64 MB, as an edit of a large file or an image may be one.
pub const LONGEST_LINE: usize = 64 << 20;

/// How much is taken from the pipe at once, and so how much is joined at most.
const CHUNK: usize = 64 << 10;

/// An agent that cannot be listened to any more.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It wrote a line beyond the bound.
    #[error("the agent wrote {0}")]
    TooLong(#[from] LineTooLong),
    /// Its pipe broke.
    #[error("the agent's output cannot be read")]
    Read(#[source] io::Error),
}

/// A driver and the two pipes of its agent.
pub struct Link<R, W> {
    driver: Box<dyn AgentDriver>,
    reader: R,
    writer: Option<W>,
    lines: LineBuffer,
    chunk: Box<[u8]>,
    outbox: Outbox,
    unsent: Vec<u8>,
    sent: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Link<R, W> {
    /// Opens the conversation; the first bytes are written by [`Link::next`].
    pub fn open(mut driver: Box<dyn AgentDriver>, reader: R, writer: W) -> Self {
        let mut outbox = Outbox::default();
        driver.begin(&mut outbox);
        Self {
            driver,
            reader,
            writer: Some(writer),
            lines: LineBuffer::new(LONGEST_LINE),
            chunk: vec![0; CHUNK].into_boxed_slice(),
            outbox,
            unsent: Vec::new(),
            sent: 0,
        }
    }

    /// Gives a command to the driver. What it answers comes from [`Link::next`].
    pub fn command(&mut self, command: Command) -> Result<(), Refused> {
        self.driver.command(command, &mut self.outbox)
    }

    /// The next signals, in order; none when the agent closed its output. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Vec<Signal>>, LinkError> {
        loop {
            self.queue();
            let signals = self.outbox.take_signals();
            if !signals.is_empty() {
                return Ok(Some(signals));
            }
            tokio::select! {
                written = write(self.writer.as_mut(), self.unsent.get(self.sent..).unwrap_or_default()),
                    if self.writer.is_some() && self.sent < self.unsent.len() =>
                {
                    self.written(written.unwrap_or(0));
                }
                read = self.reader.read(&mut self.chunk) => {
                    let read = read.map_err(LinkError::Read)?;
                    if read == 0 {
                        return Ok(None);
                    }
                    self.lines.push(self.chunk.get(..read).unwrap_or_default());
                    while let Some(line) = self.lines.next_line()? {
                        self.driver.line(line, &mut self.outbox);
                    }
                }
            }
        }
    }

    /// Closes the agent's stdin. What is not written yet is not written any more.
    pub fn close_input(&mut self) {
        self.writer = None;
    }

    /// The beginning of a line that the agent did not end.
    pub fn torn_line(&self) -> &[u8] {
        self.lines.rest()
    }

    fn queue(&mut self) {
        if self.sent == self.unsent.len() {
            self.unsent.clear();
            self.sent = 0;
        }
        self.unsent.extend(self.outbox.take_bytes());
    }

    fn written(&mut self, written: usize) {
        if written == 0 {
            // The agent does not listen any more; what it still says is read to its end.
            self.writer = None;
        }
        self.sent += written;
    }
}

async fn write<W: AsyncWrite + Unpin>(writer: Option<&mut W>, bytes: &[u8]) -> io::Result<usize> {
    match writer {
        Some(writer) => writer.write(bytes).await,
        None => Ok(0),
    }
}
