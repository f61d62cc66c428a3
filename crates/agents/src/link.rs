//! A driver with its pipes: reads what the agent writes, writes what the driver sends, both at once, so that neither
//! side can block the other.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, sleep_until};

use crate::driver::{AgentDriver, Command, Outbox, Refused, Signal};
use crate::line::{LineBuffer, LineTooLong};

/// The longest line that is taken from an agent: 64 MB, as an edit of a large file or an image may be one.
pub const LONGEST_LINE: usize = 64 << 20;

/// How much is taken from the pipe at once, and so how much is joined at most.
const CHUNK: usize = 64 << 10;

/// Text that comes sooner than this after what was told last waits for the rest of it: a flood makes one event of a
/// frame's worth of words, and words at a model's pace wait for nothing.
const JOIN: Duration = Duration::from_millis(10);

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

/// Which way a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The agent wrote it.
    FromAgent,
    /// The driver sent it.
    ToAgent,
}

/// Hears every line as it is.
pub trait Tap: Send {
    /// A line, without its end.
    fn line(&mut self, way: Way, line: &[u8]);

    /// Nothing more for now.
    fn rest(&mut self);
}

/// A driver and the two pipes of its agent.
pub struct Link<R, W> {
    driver: Box<dyn AgentDriver>,
    reader: R,
    writer: Option<W>,
    lines: LineBuffer,
    chunk: Box<[u8]>,
    outbox: Outbox,
    /// Until when text in the outbox waits for more.
    held: Instant,
    unsent: Vec<u8>,
    sent: usize,
    tap: Option<Box<dyn Tap>>,
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
            held: Instant::now(),
            unsent: Vec::new(),
            sent: 0,
            tap: None,
        }
    }

    /// Lets `tap` hear every line from here on.
    #[must_use]
    pub fn tapped(mut self, tap: Box<dyn Tap>) -> Self {
        self.tap = Some(tap);
        self
    }

    /// Gives a command to the driver. What it answers comes from [`Link::next`].
    pub fn command(&mut self, command: Command) -> Result<(), Refused> {
        self.driver.command(command, &mut self.outbox)
    }

    /// The next signals, in order; none when the agent closed its output. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Vec<Signal>>, LinkError> {
        loop {
            self.queue();
            let waits = self.outbox.only_text().is_some_and(|bytes| bytes < CHUNK) && Instant::now() < self.held;
            if !waits && !self.outbox.is_quiet() {
                return Ok(Some(self.take()));
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
                        return Ok((!self.outbox.is_quiet()).then(|| self.take()));
                    }
                    self.lines.push(self.chunk.get(..read).unwrap_or_default());
                    while let Some(line) = self.lines.next_line()? {
                        if let Some(tap) = &mut self.tap {
                            tap.line(Way::FromAgent, line);
                        }
                        self.driver.line(line, &mut self.outbox);
                    }
                }
                () = sleep_until(self.held), if waits => {}
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

    fn take(&mut self) -> Vec<Signal> {
        self.held = Instant::now() + JOIN;
        self.outbox.take_signals()
    }

    fn queue(&mut self) {
        if self.sent == self.unsent.len() {
            self.unsent.clear();
            self.sent = 0;
        }
        let bytes = self.outbox.take_bytes();
        if let Some(tap) = &mut self.tap {
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.for_each(|line| tap.line(Way::ToAgent, line));
            tap.rest();
        }
        self.unsent.extend(bytes);
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

#[cfg(test)]
mod tests {
    use super::*;
    use qd_core::event::EventBody;

    /// Says every line as text, and `!` as something else.
    struct Echo;

    impl AgentDriver for Echo {
        fn begin(&mut self, _: &mut Outbox) {}

        fn line(&mut self, line: &[u8], out: &mut Outbox) {
            match line {
                b"!" => out.event(EventBody::Note { text: "!".to_owned() }),
                _ => out.event(text(&String::from_utf8_lossy(line))),
            }
        }

        fn command(&mut self, _: Command, _: &mut Outbox) -> Result<(), Refused> {
            Ok(())
        }
    }

    fn text(text: &str) -> EventBody {
        EventBody::Text { text: text.to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_word_waits_for_nothing_and_a_flood_of_them_becomes_an_event_a_frame() {
        let (mut agent, reader) = tokio::io::duplex(64);
        let mut link = Link::open(Box::new(Echo), reader, tokio::io::sink());
        tokio::time::advance(JOIN).await;
        let began = Instant::now();
        agent.write_all(b"one \n").await.unwrap();
        assert_eq!(link.next().await.unwrap().unwrap(), [Signal::Event(text("one "))]);
        assert_eq!(began.elapsed(), Duration::ZERO);
        let writes = async {
            for word in ["two ", "three ", "four "] {
                agent.write_all(format!("{word}\n").as_bytes()).await.unwrap();
                tokio::time::advance(Duration::from_millis(3)).await;
            }
            std::future::pending::<()>().await;
        };
        let signals = tokio::select! {
            signals = link.next() => signals.unwrap().unwrap(),
            () = writes => unreachable!(),
        };
        assert_eq!(signals, [Signal::Event(text("two three four "))]);
        assert!((JOIN..JOIN * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_text_waits_for_nothing_and_takes_the_text_before_it_along() {
        let (mut agent, reader) = tokio::io::duplex(64);
        let mut link = Link::open(Box::new(Echo), reader, tokio::io::sink());
        let began = Instant::now();
        agent.write_all(b"word\n!\n").await.unwrap();
        let signals = link.next().await.unwrap().unwrap();
        let note = EventBody::Note { text: "!".to_owned() };
        assert_eq!(signals, [Signal::Event(text("word")), Signal::Event(note)]);
        agent.write_all(b"last\n").await.unwrap();
        drop(agent);
        assert_eq!(link.next().await.unwrap().unwrap(), [Signal::Event(text("last"))]);
        assert_eq!(link.next().await.unwrap(), None);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
