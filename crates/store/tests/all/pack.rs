//! Compression of output: offsets stay true, and whatever interrupts it, what was readable is readable.

use crate::output::{ENDED, World, at};
use qd_store::{Edge, OutputError, OutputOffset};
use std::fs;

/// About two megabytes of lines of all lengths.
fn long_output() -> String {
    let line = |n: usize| format!("{{\"seq\":{n},\"text\":\"{}\"}}\n", "abc é".repeat(n * 7919 % 300));
    (0..2500).map(line).collect::<String>() + ENDED
}

#[test]
fn what_is_read_is_the_same_before_and_after() {
    let w = World::new();
    let text = long_output();
    w.append(1, &text);
    w.append(2, "short\n");
    let before = w.all(10_000);
    let stored = w.outputs.compress(w.session, 1).unwrap();
    w.outputs.compress(w.session, 2).unwrap();

    assert!(!w.dir(1).join("output.jsonl").exists());
    assert!(stored < text.len() as u64 / 4, "{stored} of {}", text.len());
    assert_eq!(w.all(10_000), before);
    assert_eq!(w.all_backwards(10_000), text + "short\n");
    let sizes = w.outputs.sizes().unwrap();
    assert_eq!(
        sizes.iter().map(|s| (s.session, s.attempts, s.bytes)).collect::<Vec<_>>(),
        [(w.session, 2, stored + 6)]
    );
    assert_eq!(w.outputs.compress(w.session, 1).unwrap(), stored, "a second time changes nothing");
}

#[test]
fn a_compressed_attempt_is_closed_and_refuses_false_offsets() {
    let w = World::new();
    let text = "line\n".repeat(2000);
    w.append(1, &text);
    assert_eq!(w.outputs.tail(w.session, 100).unwrap().edge, Edge::Open);
    w.outputs.compress(w.session, 1).unwrap();
    let tail = w.outputs.tail(w.session, 100).unwrap();
    assert_eq!((tail.edge, tail.next, tail.bytes.len()), (Edge::Closed, at(1, 10_000), 100));
    for bad in [at(1, 7), at(1, 10_001)] {
        assert!(matches!(w.outputs.read(w.session, bad, 9), Err(OutputError::Misplaced(_))));
    }
}

#[test]
fn a_torn_last_line_stays_torn() {
    let w = World::new();
    w.append(1, "line\n".repeat(2000) + "torn");
    w.outputs.compress(w.session, 1).unwrap();
    assert_eq!(w.read(at(1, 9995), 100).bytes, b"line\n");
    assert_eq!(w.read(at(1, 10_000), 100).bytes, b"");
}

#[test]
fn a_compression_that_was_cut_anywhere_is_finished_by_the_next() {
    let w = World::new();
    let text = long_output();
    w.append(1, &text);
    let (plain, packed, aside) =
        (w.dir(1).join("output.jsonl"), w.dir(1).join("output.jsonl.zst"), w.dir(1).join("output.jsonl.zst.new"));

    // Cut while it was written: half a file lies aside.
    fs::write(&aside, b"half").unwrap();
    assert_eq!(w.all_backwards(5000), text);
    // Cut between rename and removal: both are there.
    w.outputs.compress(w.session, 1).unwrap();
    assert!(!aside.exists());
    fs::write(&plain, &text).unwrap();
    assert_eq!(w.all_backwards(5000), text);
    let stored = w.outputs.compress(w.session, 1).unwrap();
    assert_eq!((plain.exists(), fs::metadata(&packed).unwrap().len()), (false, stored));
    assert_eq!(w.all_backwards(5000), text);
}

#[test]
fn a_swap_that_fails_leaves_the_plain_file() {
    let w = World::new();
    let text = long_output();
    w.append(1, &text);
    // A directory stands where the compressed file must go.
    fs::create_dir_all(w.dir(1).join("output.jsonl.zst/full")).unwrap();
    assert!(matches!(w.outputs.compress(w.session, 1), Err(OutputError::Io(_))));
    assert_eq!(w.all_backwards(5000), text);
}

#[test]
fn readers_notice_nothing_of_a_swap() {
    let w = World::new();
    let text = long_output();
    for attempt in 1..=8 {
        w.append(attempt, &text);
    }
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Acquire) {
                    let mut at = OutputOffset::default();
                    let mut read = 0;
                    loop {
                        let chunk = w.read(at, 300_000);
                        if chunk.bytes.is_empty() {
                            break;
                        }
                        read += chunk.bytes.len();
                        at = chunk.next;
                    }
                    assert_eq!(read, text.len() * 8);
                }
            });
        }
        for attempt in 1..=8 {
            w.outputs.compress(w.session, attempt).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Release);
    });
    assert!((1..=8).all(|attempt| !w.dir(attempt).join("output.jsonl").exists()));
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    let w = World::new();
    w.append(1, long_output());
    w.outputs.compress(w.session, 1).unwrap();
    let packed = w.dir(1).join("output.jsonl.zst");
    let mut bytes = fs::read(&packed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0x5a);
    fs::write(&packed, &bytes).unwrap();
    let failures = (0..).scan(OutputOffset::default(), |at, _| match w.outputs.read(w.session, *at, 200_000) {
        Ok(chunk) if chunk.bytes.is_empty() => None,
        Ok(chunk) => {
            *at = chunk.next;
            Some(Ok(()))
        }
        Err(e) => Some(Err(e)),
    });
    assert!(matches!(failures.take(50).find(Result::is_err), Some(Err(OutputError::Damaged(_)))));
    fs::write(&packed, &bytes[..middle]).unwrap();
    assert!(matches!(w.outputs.tail(w.session, 100), Err(OutputError::Damaged(_))));
}
