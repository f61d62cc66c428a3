//! Reading the output of sessions, from both ends and live.

use qd_core::ids::{SessionId, of_cause};
use qd_store::{Chunk, Edge, Follow, Known, OutputError, OutputOffset, Outputs, Step};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::sync::watch;

/// A session whose host is the test.
pub struct World {
    dir: TempDir,
    pub outputs: Outputs,
    pub session: SessionId,
}

impl World {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let outputs = Outputs::new(dir.path());
        Self { dir, outputs, session: SessionId(of_cause(&["session"])) }
    }

    pub fn dir(&self, attempt: u32) -> PathBuf {
        self.dir.path().join("run").join(self.session.to_string()).join(attempt.to_string())
    }

    pub fn append(&self, attempt: u32, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.dir(attempt)).unwrap();
        let mut file =
            OpenOptions::new().create(true).append(true).open(self.dir(attempt).join("output.jsonl")).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    pub fn read(&self, from: OutputOffset, max: usize) -> Chunk {
        self.outputs.read(self.session, from, max).unwrap()
    }

    /// Everything from the beginning on, as text with its offsets, in pieces of about `max` bytes.
    pub fn all(&self, max: usize) -> Vec<(OutputOffset, String)> {
        let mut at = OutputOffset::default();
        let mut found = Vec::new();
        loop {
            let chunk = self.read(at, max);
            if chunk.bytes.is_empty() {
                return found;
            }
            at = chunk.next;
            found.push((chunk.start, String::from_utf8(chunk.bytes).unwrap()));
        }
    }

    /// The same, from the end.
    pub fn all_backwards(&self, max: usize) -> String {
        let mut chunk = self.outputs.tail(self.session, max).unwrap();
        let mut found = chunk.bytes.clone();
        while !chunk.first {
            let before = self.outputs.before(self.session, chunk.start, max).unwrap();
            assert!(before.next == chunk.start || before.next.attempt < chunk.start.attempt);
            found.splice(0..0, before.bytes.iter().copied());
            chunk = before;
        }
        String::from_utf8(found).unwrap()
    }
}

pub fn at(attempt: u32, byte: u64) -> OutputOffset {
    OutputOffset { attempt, byte }
}

pub const ENDED: &str = "{\"seq\":9,\"ts\":1,\"kind\":\"ended\",\"ending\":{\"how\":\"completed\"}}\n";

#[test]
fn a_session_that_has_not_begun_is_open_and_empty() {
    let w = World::new();
    let nothing = Chunk { start: at(0, 0), next: at(0, 0), bytes: vec![], edge: Edge::Open, first: true };
    assert_eq!(w.read(at(0, 0), 100), nothing);
    assert_eq!(w.outputs.tail(w.session, 100).unwrap(), nothing);
    fs::create_dir_all(w.dir(1)).unwrap();
    let claimed = Chunk { start: at(1, 0), next: at(1, 0), ..nothing };
    assert_eq!(w.read(at(0, 0), 100), claimed);
    assert_eq!(w.outputs.tail(w.session, 100).unwrap(), claimed);
}

#[test]
fn a_torn_last_line_is_as_if_it_were_not_there() {
    let w = World::new();
    w.append(1, "{\"a\":1}\n{\"b\":");
    let chunk = w.read(at(0, 0), 1000);
    assert_eq!((chunk.bytes.as_slice(), chunk.next, chunk.edge), (&b"{\"a\":1}\n"[..], at(1, 8), Edge::Open));
    assert_eq!(w.read(chunk.next, 1000).bytes, b"");
    assert_eq!(w.outputs.tail(w.session, 1000).unwrap().bytes, b"{\"a\":1}\n");
    w.append(1, "2}\n");
    assert_eq!(w.read(chunk.next, 1000).bytes, b"{\"b\":2}\n");
}

#[test]
fn a_line_longer_than_asked_for_comes_whole() {
    let w = World::new();
    let long = format!("{{\"text\":\"{}\"}}\n", "é".repeat(100_000));
    w.append(1, format!("{{}}\n{long}{{}}\n"));
    let pieces: Vec<_> = w.all(10).into_iter().map(|(_, text)| text).collect();
    assert_eq!(pieces, ["{}\n", long.as_str(), "{}\n"]);
    assert_eq!(w.all_backwards(10), pieces.concat());
}

#[test]
fn attempts_follow_one_another_and_offsets_stay_true() {
    let w = World::new();
    w.append(1, "one\ntwo\n");
    w.append(2, "");
    w.append(10, "three\ntorn");
    assert_eq!(w.outputs.attempts(w.session).unwrap(), [1, 2, 10]);
    for max in [1, 4, 5, 8, 1000] {
        let all = w.all(max);
        assert_eq!(all.iter().map(|(_, text)| text.as_str()).collect::<String>(), "one\ntwo\nthree\n");
        for (start, text) in &all {
            assert!(w.read(*start, max).bytes.starts_with(text.as_bytes()));
        }
        assert_eq!(w.all_backwards(max), "one\ntwo\nthree\n");
    }
    assert_eq!(w.read(at(1, 0), 1000).edge, Edge::More, "a later attempt is there");
    assert_eq!(w.read(at(1, 8), 1000).start, at(10, 0));
}

#[test]
fn the_edge_tells_whether_the_attempt_goes_on() {
    let w = World::new();
    w.append(1, "{\"kind\":\"text\",\"text\":\"ended\"}\n");
    assert_eq!(w.read(at(0, 0), 1000).edge, Edge::Open);
    w.append(1, ENDED);
    let chunk = w.read(at(0, 0), 1000);
    assert_eq!(chunk.edge, Edge::Closed);
    assert_eq!(w.read(chunk.next, 1000).edge, Edge::Closed);
    assert_eq!(w.read(at(0, 0), 10).edge, Edge::More);
    assert_eq!(w.outputs.tail(w.session, 10).unwrap().edge, Edge::Closed);
}

#[test]
fn an_offset_that_was_never_handed_out_is_refused() {
    let w = World::new();
    w.append(1, "one\ntwo\ntorn");
    for bad in [at(1, 3), at(1, 9), at(1, 12), at(1, 13), at(1, u64::MAX)] {
        for found in [w.outputs.read(w.session, bad, 100), w.outputs.before(w.session, bad, 100)] {
            assert!(matches!(found, Err(OutputError::Misplaced(offset)) if offset == bad), "{found:?}");
        }
    }
}

#[tokio::test]
async fn a_tail_waits_for_what_is_reported_and_ends_where_the_ending_says() {
    let w = World::new();
    let (report, known) = watch::channel(Known::default());
    let mut tail = Follow::new(w.outputs.clone(), w.session, at(0, 0), known);
    assert!(waits(&mut tail).await, "nothing is there yet");

    w.append(1, "one\n");
    report.send_replace(Known { end: at(1, 4), ended: false });
    assert_eq!(lines(tail.next(100).await), "one\n");
    assert!(waits(&mut tail).await);

    w.append(1, "two\n");
    w.append(2, "three\n");
    report.send_replace(Known { end: at(2, 6), ended: true });
    assert_eq!(lines(tail.next(100).await), "two\n");
    assert_eq!(lines(tail.next(100).await), "three\n");
    assert_eq!(tail.next(100).await.unwrap(), Step::Ended(at(2, 6)));
}

#[tokio::test]
async fn an_ending_is_not_told_before_all_was_read() {
    let w = World::new();
    w.append(1, "one\n");
    let (_report, known) = watch::channel(Known { end: at(1, 8), ended: true });
    let mut tail = Follow::new(w.outputs.clone(), w.session, at(0, 0), known);
    assert_eq!(lines(tail.next(100).await), "one\n");
    match tail.next(100).await {
        Err(OutputError::Short { have, want }) => assert_eq!((have, want), (at(1, 4), at(1, 8))),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_tail_that_nobody_feeds_any_more_says_so() {
    let w = World::new();
    w.append(1, "one\n");
    let (report, known) = watch::channel(Known::default());
    drop(report);
    let mut tail = Follow::new(w.outputs.clone(), w.session, at(0, 0), known);
    assert_eq!(lines(tail.next(100).await), "one\n");
    assert_eq!(tail.next(100).await.unwrap(), Step::Detached);
}

fn lines(step: Result<Step, OutputError>) -> String {
    match step {
        Ok(Step::Lines(chunk)) => String::from_utf8(chunk.bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Whether the tail has nothing to say: it is polled until its reading is done, then dropped.
async fn waits(tail: &mut Follow) -> bool {
    let long = std::time::Duration::from_millis(30);
    tokio::time::timeout(long, tail.next(100)).await.is_err()
}
