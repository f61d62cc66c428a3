//! An agent that reaches for what is none of its business: under Landlock each is refused, and what its work needs is
//! not. Without it, the session says so.

use super::support::{deck, ended, home, says, serve, start, task_at};
use qd_core::event::{Event, EventBody};
use qd_core::status::Status;
use qd_proc::landlock_support;
use qd_testkit::panel::{Home, Panel};
use std::fs;

/// Opens a conversation, tries everything and says what came of it.
const THIEF: &str = r#"
say() { printf '%s\n' "$1"; }
tell() { say "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":\"s\",\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"$1 \"}}}}"; }
try() { what=$1; shift; if ( "$@" ) >/dev/null 2>&1; then tell "$what:yes"; else tell "$what:no"; fi; }
write() { echo x > "$1"; }
read -r line; say '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{}}}'
read -r line; say '{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}'
read -r line
try worktree write mine.txt
try temporary write "$TMPDIR/mine"
try git git -c user.name=T -c user.email=t@localhost commit --allow-empty --message=mine
try own write "$HOME/.thief/mine"
try outside write "$HOME/outside"
try checkout write "$HOME/deck/code.txt"
try hook write "$HOME/deck/.git/hooks/post-commit"
try config git config core.hooksPath /tmp
try store cat "$HOME/data/quarterdeck.db"
try address cat "$HOME/data/server.json"
try settings cat "$HOME/data/config.toml"
try signal kill -0 "$PPID"
try token sh -c 'env | grep -q QD_TOKEN'
try left setsid -f sh -c 'sleep 60'
say '{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}'
read -r line
"#;

/// What the thief says; afterwards nobody of it is left.
fn played(home: &Home, config: &str) -> (String, Vec<String>) {
    let dir = deck(home);
    fs::create_dir_all(home.data()).unwrap();
    let agent = format!("[agents.thief]\ncommand = '/bin/sh'\nargs = ['-c', '''{THIEF}''']\n{config}");
    fs::write(home.data().join("config.toml"), agent).unwrap();
    let panel: Panel = serve(home, &dir);
    let task = task_at(&panel.api, "tasks/first.md");
    let (id, outcome) = start(&panel.api, task.id, "thief");
    assert!(outcome.ok, "{outcome:?}");
    let session = ended(&panel.api, id);
    let output = panel.api.output(id).unwrap().unwrap_or_default();
    let output = String::from_utf8(output).unwrap();
    assert_eq!(session.status, Status::Completed, "{output}");
    let (mut said, mut notes) = (String::new(), Vec::new());
    for line in output.lines() {
        match serde_json::from_str::<Event>(line).unwrap().body {
            EventBody::Text { text } => said.push_str(&text),
            EventBody::Note { text } => notes.push(text),
            _ => {}
        }
    }
    let left = qd_testkit::panel::processes(&home.path("")).unwrap();
    assert!(left.iter().all(|process| process.mark.is_none()), "{left:?}");
    (said, notes)
}

#[test]
fn a_confined_agent_works_and_reaches_nothing_else() {
    if !landlock_support().is_there() {
        eprintln!("SKIPPED: {}", landlock_support().in_words());
        return;
    }
    let home = home();
    let (said, _) = played(&home, "writes = ['.thief']\n");
    says(&said, &["worktree:yes", "temporary:yes", "git:yes", "own:yes", "left:yes"]);
    says(&said, &["outside:no", "checkout:no", "hook:no", "config:no"]);
    says(&said, &["store:no", "address:no", "settings:no", "signal:no", "token:no"]);
    assert_eq!(fs::read_to_string(home.path("deck/code.txt")).unwrap(), "code\n");
}

#[test]
fn an_agent_that_nobody_has_described_runs_unconfined_and_the_session_says_so() {
    let home = home();
    let (said, notes) = played(&home, "");
    says(&said, &["worktree:yes", "outside:yes", "token:no"]);
    assert!(notes.iter().any(|note| note.contains("runs without Landlock")), "{notes:?}");
}

#[test]
fn confinement_is_one_switch() {
    let home = home();
    let (said, notes) = played(&home, "writes = ['.thief']\n");
    assert_eq!(said.contains("outside:yes"), !landlock_support().is_there(), "{notes:?}");
    let open = self::home();
    fs::create_dir_all(open.path(".config/quarterdeck")).unwrap();
    fs::write(open.path(".config/quarterdeck/config.toml"), "confine = false\n").unwrap();
    let (said, _) = played(&open, "writes = ['.thief']\n");
    says(&said, &["outside:yes", "checkout:yes"]);
}
