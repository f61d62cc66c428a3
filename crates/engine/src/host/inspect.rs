//! What is known of a run without its host: from the folder alone. And the burial of a run whose host vanished.

use qd_core::event::{Activity, Ending, Event, EventBody};
use qd_core::ids::Millis;
use qd_proc::Identity;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::fence;
use super::meter::Meter;
use super::output::OutputLog;
use super::protocol::VERSION;
use super::scratch;
use super::spec::{HostFile, HostSpec, OUTPUT};

/// How a run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// There is no folder: nobody started it.
    NotClaimed,
    /// Claimed, and no host has begun: it is about to, or never will.
    Claimed,
    /// Its host runs.
    Running(Identity),
    /// It is over.
    Ended {
        /// How.
        ending: Ending,
        /// The final figures.
        activity: Activity,
        /// The length of the output in bytes.
        output_end: u64,
    },
    /// Its host is gone and left no ending.
    Vanished {
        /// The end of the last complete line in bytes.
        output_end: u64,
        /// Whether half a line follows.
        torn: bool,
    },
}

/// Looks at a run.
pub fn inspect(run_dir: &Path) -> io::Result<Run> {
    if !run_dir.exists() {
        return Ok(Run::NotClaimed);
    }
    let Some(host) = HostFile::read(run_dir)? else {
        return Ok(Run::Claimed);
    };
    // Asked before the output is read: a host that ends in between has said so in it.
    let alive = host.identity.filter(Identity::is_alive);
    let tail = Tail::read(run_dir)?;
    Ok(match (tail.last.map(|event| event.body), alive) {
        (Some(EventBody::Ended { ending, activity }), _) => {
            Run::Ended { ending, activity, output_end: tail.output_end }
        }
        (_, Some(identity)) => Run::Running(identity),
        (_, None) => Run::Vanished { output_end: tail.output_end, torn: tail.torn },
    })
}

/// A run that was not buried.
#[derive(Debug, thiserror::Error)]
pub enum BuryError {
    /// Its host runs.
    #[error("the host of this run is alive (process {})", .0.pid)]
    Alive(Identity),
    /// Processes of it cannot be ended.
    #[error("{count} processes of this run cannot be ended")]
    Left {
        /// How many.
        count: usize,
    },
    /// Its folder cannot be read or written.
    #[error("the run folder cannot be used")]
    Folder(#[from] io::Error),
}

/// What was said of a run that was buried.
#[derive(Clone, Debug, PartialEq)]
pub struct Buried {
    /// How it ended.
    pub ending: Ending,
    /// The final figures.
    pub activity: Activity,
    /// The length of the output in bytes.
    pub output_end: u64,
}

/// Ends what is left of a run whose host is gone or never began, and appends the ending `interrupted` with `why`. Does
/// nothing to a run that has an ending. May be repeated.
pub async fn bury(run_dir: &Path, why: &str, now: Millis) -> Result<Buried, BuryError> {
    // Whoever makes this file decides: a host that was slow to begin finds it and does not begin.
    match (HostFile { version: VERSION, identity: None }).claim(run_dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    match inspect(run_dir)? {
        Run::Running(identity) => return Err(BuryError::Alive(identity)),
        Run::Ended { ending, activity, output_end } => return Ok(Buried { ending, activity, output_end }),
        Run::NotClaimed | Run::Claimed | Run::Vanished { .. } => {}
    }
    if let Ok(spec) = HostSpec::read(run_dir) {
        let cgroup = fence::gathered(run_dir);
        let swept = fence::orphans(spec.mark(), cgroup.as_ref()).kill().await?;
        if !swept.is_clean() {
            return Err(BuryError::Left { count: swept.left.len() });
        }
        fence::disband(cgroup.as_ref()).await;
    }
    scratch::remove(run_dir);
    let tail = Tail::read(run_dir)?;
    let activity = figures(run_dir, tail.output_end)?;
    let seq = tail.last.map_or(0, |event| event.seq);
    let mut log = OutputLog::resume(run_dir, tail.output_end, seq)?;
    let ending = Ending::Interrupted { why: why.to_owned() };
    log.append(now, &[EventBody::Ended { ending: ending.clone(), activity: activity.clone() }])?;
    log.sync().await?;
    Ok(Buried { ending, activity, output_end: log.offset() })
}

/// The end of an output.
struct Tail {
    last: Option<Event>,
    output_end: u64,
    torn: bool,
}

impl Tail {
    fn read(run_dir: &Path) -> io::Result<Self> {
        let mut file = match File::open(run_dir.join(OUTPUT)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { last: None, output_end: 0, torn: false });
            }
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let mut window = 64 << 10;
        loop {
            let from = length.saturating_sub(window);
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            (&mut file).take(length - from).read_to_end(&mut bytes)?;
            let complete = bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
            let body = bytes.get(..complete.unwrap_or(0).saturating_sub(1)).unwrap_or_default();
            let start = body.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
            if start.is_none() && from > 0 {
                // The last line is longer than the window.
                window *= 4;
                continue;
            }
            let line = body.get(start.unwrap_or(0)..).unwrap_or_default();
            let complete = complete.unwrap_or(0) as u64;
            return Ok(Self {
                last: serde_json::from_slice(line).ok(),
                output_end: from + complete,
                torn: from + complete < length,
            });
        }
    }
}

/// The figures of an output up to `end`, from all of its lines.
fn figures(run_dir: &Path, end: u64) -> io::Result<Activity> {
    let mut meter = Meter::default();
    if end == 0 {
        return Ok(meter.activity().clone());
    }
    let mut lines = BufReader::new(File::open(run_dir.join(OUTPUT))?.take(end));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Ok(event) = serde_json::from_slice::<Event>(&line) {
            meter.fold(event.ts, &event.body);
        }
        line.clear();
    }
    Ok(meter.activity().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn note(text: &str) -> EventBody {
        EventBody::Note { text: text.to_owned() }
    }

    #[test]
    fn the_tail_is_found_behind_a_line_of_any_length() {
        let folder = tempfile::tempdir().unwrap();
        let empty = Tail::read(folder.path()).unwrap();
        assert!(empty.last.is_none() && empty.output_end == 0 && !empty.torn);
        for length in [1, 60_000, 70_000, 1_000_000] {
            let mut log = OutputLog::resume(folder.path(), 0, 0).unwrap();
            log.append(Millis(1), &[note("first"), note(&"x".repeat(length))]).unwrap();
            let tail = Tail::read(folder.path()).unwrap();
            assert_eq!((tail.last.unwrap().seq, tail.output_end, tail.torn), (2, log.offset(), false));
        }
    }

    #[test]
    fn half_a_line_is_cut_off_before_anything_follows() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = OutputLog::create(folder.path()).unwrap();
        log.append(Millis(1), &[note("first")]).unwrap();
        let file = folder.path().join(OUTPUT);
        let whole = fs::read(&file).unwrap();
        for torn in [&b"{"[..], b"{\"seq\":2,\"ts\":1,\"kind\":\"note\",\"text\":\"\xc3"] {
            fs::write(&file, [&whole, torn].concat()).unwrap();
            let tail = Tail::read(folder.path()).unwrap();
            assert_eq!((tail.output_end, tail.torn), (whole.len() as u64, true));
            let mut log = OutputLog::resume(folder.path(), tail.output_end, tail.last.unwrap().seq).unwrap();
            log.append(Millis(2), &[note("second")]).unwrap();
            let tail = Tail::read(folder.path()).unwrap();
            assert_eq!((tail.last.unwrap().seq, tail.torn), (2, false));
        }
    }

    #[test]
    fn of_a_host_and_a_burial_one_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let host = HostFile { version: VERSION, identity: Identity::own() };
        let burial = HostFile { version: VERSION, identity: None };
        host.claim(folder.path()).unwrap();
        assert_eq!(burial.claim(folder.path()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(HostFile::read(folder.path()).unwrap(), Some(host));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }
}
