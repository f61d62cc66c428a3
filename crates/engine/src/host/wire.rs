//! The wire record: every line between the host and its agent as it was, both ways, with the time since the agent's start.
//! What a driver made of it stands in the output; this is the evidence. In the form of the recordings that the drivers
//! are tested with: `{"t": seconds, "dir": "<" or ">", "msg": …}` a line, compressed as it is written.
//!
//! A budget bounds it: the newest part and the one before are kept. It is no promise: where it cannot be written, the
//! session goes on without it.

use super::spec::private;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use qd_agents::link::{Tap, Way};
use serde_json::value::RawValue;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use tokio::time::{Duration, Instant};

/// The file of the newest part.
const NEWEST: &str = "wire.jsonl.gz";
/// The part before.
const BEFORE: &str = "wire.before.jsonl.gz";
/// How much of lines a part holds.
const PART: u64 = 48 << 20;
/// After so long what was written can be read, whatever happens then.
const FLUSH: Duration = Duration::from_secs(1);

/// The wire record of an attempt, being written.
pub struct Wire {
    run_dir: PathBuf,
    /// None once it could not be written.
    file: Option<GzEncoder<File>>,
    began: Instant,
    flushed: Instant,
    /// Bytes of the lines in this part.
    bytes: u64,
}

impl Wire {
    /// Begins the record.
    pub fn begin(run_dir: &Path) -> Self {
        let now = Instant::now();
        Self { run_dir: run_dir.to_owned(), file: open(run_dir).ok(), began: now, flushed: now, bytes: 0 }
    }

    fn write(&mut self, way: Way, line: &[u8]) -> io::Result<()> {
        if self.bytes > PART {
            if let Some(file) = self.file.take() {
                file.finish()?;
            }
            fs::rename(self.run_dir.join(NEWEST), self.run_dir.join(BEFORE))?;
            self.file = Some(open(&self.run_dir)?);
            self.bytes = 0;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let (seconds, sign) = (self.began.elapsed().as_secs_f64(), if way == Way::FromAgent { '<' } else { '>' });
        write!(file, r#"{{"t":{seconds:.3},"dir":"{sign}","msg":"#)?;
        match serde_json::from_slice::<&RawValue>(line) {
            Ok(_) => file.write_all(line)?,
            Err(_) => serde_json::to_writer(&mut *file, &String::from_utf8_lossy(line))?,
        }
        file.write_all(b"}\n")?;
        self.bytes += line.len() as u64;
        if self.flushed.elapsed() > FLUSH {
            self.flushed = Instant::now();
            file.flush()?;
        }
        Ok(())
    }
}

impl Tap for Wire {
    fn line(&mut self, way: Way, line: &[u8]) {
        if self.file.is_some() && self.write(way, line).is_err() {
            self.file = None;
        }
    }

    fn rest(&mut self) {
        if self.flushed.elapsed() > FLUSH {
            self.flushed = Instant::now();
            let flushed = self.file.as_mut().map(GzEncoder::flush);
            if matches!(flushed, Some(Err(_))) {
                self.file = None;
            }
        }
    }
}

fn open(run_dir: &Path) -> io::Result<GzEncoder<File>> {
    let file = private().write(true).create(true).truncate(true).open(run_dir.join(NEWEST))?;
    Ok(GzEncoder::new(file, Compression::fast()))
}

/// Reads the record of the attempt in `run_dir`, line by line. One that was cut short is read as far as it goes.
pub fn read_wire(run_dir: &Path, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    for name in [BEFORE, NEWEST] {
        let file = match File::open(run_dir.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(MultiGzDecoder::new(file));
        let mut line = Vec::new();
        // The end of what a killed host has written is torn.
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) && line.ends_with(b"\n") {
            take(&line)?;
            line.clear();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(dir: &Path) -> Vec<Value> {
        let mut lines = Vec::new();
        read_wire(dir, |line| {
            lines.push(serde_json::from_slice(line).unwrap());
            Ok(())
        })
        .unwrap();
        lines
    }

    #[test]
    fn lines_are_kept_as_they_were_both_ways_and_what_is_no_json_too() {
        let dir = tempfile::tempdir().unwrap();
        let mut wire = Wire::begin(dir.path());
        wire.line(Way::ToAgent, br#"{"id":1,  "n": 1.0}"#);
        wire.line(Way::FromAgent, b"warning: \"\xff");
        drop(wire);
        let lines = read(dir.path());
        assert_eq!((&lines[0]["dir"], &lines[0]["msg"]), (&json!(">"), &json!({ "id": 1, "n": 1.0 })));
        assert_eq!((&lines[1]["dir"], &lines[1]["msg"]), (&json!("<"), &json!("warning: \"\u{fffd}")));
    }

    #[test]
    fn a_record_that_was_cut_short_is_read_as_far_as_it_goes() {
        let dir = tempfile::tempdir().unwrap();
        let mut wire = Wire::begin(dir.path());
        wire.line(Way::FromAgent, b"1");
        wire.flushed -= FLUSH * 2;
        wire.rest();
        wire.line(Way::FromAgent, b"2");
        std::mem::forget(wire);
        assert_eq!(read(dir.path()).len(), 1);
        assert_eq!(read(Path::new("/nowhere")).len(), 0);
    }

    #[test]
    fn a_flood_stays_within_the_budget_and_its_end_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut wire = Wire::begin(dir.path());
        let line = format!("\"{}\"", "x".repeat(1 << 20));
        for n in 0..130 {
            wire.line(Way::FromAgent, line.as_bytes());
            wire.line(Way::FromAgent, n.to_string().as_bytes());
        }
        drop(wire);
        let lines = read(dir.path());
        assert_eq!(lines.last().unwrap()["msg"], 129);
        let numbers = lines.iter().filter(|line| line["msg"].is_number()).count();
        assert!((49..=100).contains(&numbers), "{numbers} of 130");
    }
}
