//! What every agent goes through. After each case nobody of it is left.

use qd_core::command::{Command, SendMessage};
use qd_core::event::{Ending, EventBody, OptionEffect};
use qd_core::ids::MessageId;
use qd_core::row::{Permission, Session};
use qd_core::status::{Kind, Status};
use qd_engine::time::{Clock as _, SystemClock, mint};
use qd_proc::Signal;
use std::time::Duration;

use super::stage::{self, ENDS, STARTS, Stage};
use qd_testkit::real_agents::Agent;
use qd_wire::OutsideConversation;

/// A case: its name and how it is played.
pub type Case = (&'static str, fn(&Agent));

/// In every run.
pub const ALWAYS: &[Case] =
    &[("writes when it is allowed to", writes), ("cancelled in the stream", cancelled_in_stream)];

/// In long runs.
pub const MORE: &[Case] = &[
    ("edits freely where it may", edits_freely),
    ("denied", denied),
    ("cancelled while a permission waits", cancelled_in_permission),
    ("cancelled in a tool", cancelled_in_tool),
    ("goes on in a new process", goes_on),
    ("an earlier message is edited and tried again", retry),
    ("agent killed in a tool", agent_killed),
    ("host killed in a tool", host_killed),
    ("server killed in a tool", server_killed),
    ("not logged in", not_logged_in),
    ("rate limited", rate_limited),
    ("server errors", server_errors),
    ("overloaded", overloaded),
    ("cut off", cut_off),
    ("two at once", two_at_once),
    ("goes on when the limit ends", parked),
    ("a conversation from outside is gone on with", adopted),
];

fn reason(session: &Session) -> String {
    match &session.ending {
        Some(Ending::Failed { reason, .. }) => reason.clone(),
        other => format!("{other:?}"),
    }
}

fn writes(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.start("write");
    let done = stage.drive(id, OptionEffect::AllowOnce);
    assert_eq!(done.status, Status::Completed, "{}\n{}", reason(&done), stage.output(id));
    let text = std::fs::read_to_string(stage.worktree().join("greeting.txt"));
    assert_eq!(text.unwrap_or_default(), "Hello from the script.\nAnd goodbye.\n", "{}", stage.output(id));
    stage.is_clean();
}

fn cancelled_in_stream(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.start("slow");
    stage.waits_for_words(id, "word 3");
    stage.cancel(id);
    let cancelled = stage.until(id, ENDS, |session| session.status.is_ended());
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(!stage.said(id).contains("word 1200"), "it was cut short");
    stage.is_clean();
}

fn edits_freely(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.start_with("write", Permission::Edit, Kind::Implement);
    // The first thing that is asked for, if anything is, is the command.
    let asked = stage.until(id, STARTS, |session| session.status.is_ended() || !session.requests.is_empty());
    assert!(stage.worktree().join("greeting.txt").exists(), "{asked:#?}\n{}", stage.output(id));
    let done = stage.drive(id, OptionEffect::AllowOnce);
    assert_eq!(done.status, Status::Completed, "{}\n{}", reason(&done), stage.output(id));
    let copy = std::fs::read_to_string(stage.worktree().join("copy.txt"));
    assert_eq!(copy.unwrap_or_default(), "Hello from the script.\n", "{}", stage.output(id));
    let asked = stage.events(id).into_iter().filter(|event| matches!(event, EventBody::Asked { .. })).count();
    assert!(asked <= 1, "for more than the command it asked: {}", stage.output(id));
    stage.is_clean();
}

fn denied(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.start("write");
    let done = stage.drive(id, OptionEffect::RejectOnce);
    assert!(matches!(done.status, Status::Completed | Status::Cancelled), "{done:#?}\n{}", stage.output(id));
    assert!(!stage.worktree().join("greeting.txt").exists(), "it was denied");
    stage.is_clean();
}

fn cancelled_in_permission(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.start("write");
    stage.until(id, STARTS, |session| !session.requests.is_empty());
    stage.cancel(id);
    let cancelled = stage.until(id, ENDS, |session| session.status.is_ended());
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(!stage.worktree().join("greeting.txt").exists(), "nobody allowed it");
    stage.is_clean();
}

fn cancelled_in_tool(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.in_a_tool();
    stage.cancel(id);
    assert_eq!(stage.until(id, ENDS, |session| session.status.is_ended()).status, Status::Cancelled);
    stage.is_clean();
}

fn goes_on(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.start("hello");
    let first = stage.drive(id, OptionEffect::AllowOnce);
    assert_eq!(first.status, Status::Completed, "{}\n{}", reason(&first), stage.output(id));
    stage.say(id, "What do you remember? [[recall]]");
    // Some conversations cannot be loaded in their first minute.
    let limit = STARTS + Duration::from_secs(75);
    let resumed = stage.until(id, limit, |session| session.attempt > 1 && session.status.is_ended());
    assert_eq!(resumed.status, Status::Completed, "{}\n{}", reason(&resumed), stage.output(id));
    assert_eq!(resumed.conversation, first.conversation, "the same conversation");
    let said = stage.said(id);
    assert!(said.contains("I was asked 1 times before."), "{said}");
    assert_eq!(said.matches("Hello from the script.").count(), 1, "the past is not told again: {said}");
    stage.is_clean();
}

/// Agents that find the place in their own conversation again; the others are told what was said.
const FORKS: [&str; 2] = ["claude", "codex"];

fn retry(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.start("hello");
    let first = stage.drive(id, OptionEffect::AllowOnce);
    assert_eq!(first.status, Status::Completed, "{}\n{}", reason(&first), stage.output(id));
    std::fs::write(stage.worktree().join("between.txt"), "1\n").unwrap();
    stage.say(id, "What do you remember? [[recall]]");
    let limit = STARTS + Duration::from_secs(75);
    let second = stage.until(id, limit, |session| session.attempt > 1 && session.status.is_ended());
    assert_eq!(second.status, Status::Completed, "{}\n{}", reason(&second), stage.output(id));
    std::fs::write(stage.worktree().join("between.txt"), "2\n").unwrap();
    let said = stage.said(id);
    let message = stage.prompts(id)[1];

    let new = stage.retry(id, message, "What do you remember now? [[recall]]");
    let done = stage.until(new, limit, |session| session.status.is_ended());
    assert_eq!(done.status, Status::Completed, "{}\n{}", reason(&done), stage.output(new));
    assert_eq!(std::fs::read_to_string(stage.worktree().join("between.txt")).unwrap(), "1\n");
    assert_ne!(done.conversation, second.conversation, "a conversation of its own");
    let anew = stage.output(new).contains("it begins anew and is told what was said before");
    assert_eq!(anew, !FORKS.contains(&agent.name), "{}", stage.output(new));
    // Who is told what was said finds the first script in it.
    let knows = if anew { "Hello from the script." } else { "I was asked 1 times before." };
    assert!(stage.said(new).contains(knows), "{}", stage.output(new));
    assert_eq!(stage.said(id), said, "the old one is as it was");

    let anew = stage.retry(new, stage.prompts(new)[0], "And now? [[recall]]");
    let done = stage.until(anew, limit, |session| session.status.is_ended());
    assert_eq!(done.status, Status::Completed, "{}\n{}", reason(&done), stage.output(anew));
    stage.is_clean();
}

fn adopted(agent: &Agent) {
    let stage = Stage::new(agent);
    let Some(listed) = stage.asked_alone(agent, "Paint it [[hello]]") else {
        return eprintln!("skipped: {} keeps none that the panel finds", agent.name);
    };
    let [OutsideConversation { adopted, cwd, .. }] = <[_; 1]>::try_from(listed).unwrap();
    assert_eq!((adopted.title.as_str(), cwd.as_str()), ("Paint it [[hello]]", stage.repository.to_str().unwrap()));
    let id = stage.adopt(adopted.clone(), "recall");
    let done = stage.drive(id, OptionEffect::AllowOnce);
    assert_eq!(done.status, Status::Completed, "{}\n{}", reason(&done), stage.output(id));
    assert_ne!(done.conversation, Some(adopted.conversation), "a conversation of its own");
    assert!(stage.said(id).contains("I was asked 1 times before."), "{}", stage.output(id));
    stage.say(id, "And now? [[recall]]");
    let resumed = stage.until(id, STARTS, |session| session.attempt > 1 && session.status.is_ended());
    assert_eq!(resumed.status, Status::Completed, "{}\n{}", reason(&resumed), stage.output(id));
    assert!(stage.said(id).contains("I was asked 2 times before."), "{}", stage.output(id));
    stage.is_clean();
}

fn agent_killed(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.in_a_tool();
    // The host is its parent; whatever it has left behind is the host's to find.
    let first = stage.running().into_iter().min_by_key(|process| process.identity.start_time).unwrap();
    first.identity.signal(Signal::Kill).unwrap();
    let ended = stage.until(id, ENDS, |session| session.status.is_ended());
    assert_eq!(ended.status, Status::Failed, "{}", reason(&ended));
    stage.is_clean();
}

fn host_killed(agent: &Agent) {
    let stage = Stage::new(agent);
    let id = stage.in_a_tool();
    let all = qd_testkit::panel::processes(&stage.home.path("")).unwrap();
    let host = all.iter().find(|process| process.hosts_somebody()).unwrap();
    host.identity.signal(Signal::Kill).unwrap();
    let ended = stage.until(id, Duration::from_secs(5), |session| session.status.is_ended());
    assert_eq!(ended.status, Status::Interrupted, "{}", reason(&ended));
    stage.is_clean();
}

fn server_killed(agent: &Agent) {
    let mut stage = Stage::new(agent);
    let id = stage.in_a_tool();
    stage.panel.take().unwrap().kill().unwrap();
    assert!(!stage.running().is_empty(), "agents outlive their server");
    stage.serve_again();
    stage.until(id, Duration::from_secs(5), |session| session.status == Status::Running);
    stage.cancel(id);
    assert_eq!(stage.until(id, ENDS, |session| session.status.is_ended()).status, Status::Cancelled);
    stage.is_clean();
}

/// The script fails, and the reason says how.
fn fails(agent: &Agent, script: &str, words: &[&str], limit: Duration) {
    let stage = Stage::new(agent);
    let id = stage.start(script);
    let ended = stage.until(id, limit, |session| session.status.is_ended());
    let reason = reason(&ended);
    eprintln!("{}: {script}: {reason}", agent.name);
    assert_eq!(ended.status, Status::Failed, "{}", stage.output(id));
    let lower = reason.to_lowercase();
    assert!(words.iter().any(|word| lower.contains(word)), "{script}: {reason}\n{}", stage.output(id));
    stage.is_clean();
}

const SLOW: Duration = Duration::from_mins(4);

fn not_logged_in(agent: &Agent) {
    fails(
        agent,
        "err401",
        &["not logged in", "401", "api key", "authenticat", "refused by the script", "said nothing"],
        SLOW,
    );
}

fn rate_limited(agent: &Agent) {
    fails(agent, "err429", &["429", "rate limit", "quota", "refused by the script", "limit", "said nothing"], SLOW);
}

fn server_errors(agent: &Agent) {
    fails(
        agent,
        "err500",
        &["500", "server error", "refused by the script", "internal", "high demand", "said nothing"],
        SLOW,
    );
}

fn overloaded(agent: &Agent) {
    fails(agent, "err529", &["529", "overloaded", "refused by the script", "said nothing"], SLOW);
}

fn cut_off(agent: &Agent) {
    fails(agent, "cut", &["connection", "stream", "fetch failed", "said nothing"], SLOW);
}

fn two_at_once(agent: &Agent) {
    let (one, two) = (Stage::new(agent), Stage::new(agent));
    let (first, second) = (one.start("write"), two.start("write"));
    for (stage, id) in [(&one, first), (&two, second)] {
        let done = stage.drive(id, OptionEffect::AllowOnce);
        assert_eq!(done.status, Status::Completed, "{}\n{}", reason(&done), stage.output(id));
    }
    let (Some(one), Some(two)) = (&one.panel, &two.panel) else { panic!("a server is gone") };
    stage::is_clean(&[one.identity, two.identity]);
}

/// Of these agents in turn.
pub fn twenty_at_once(agents: &[&Agent]) {
    const TWENTY: usize = 20;
    let stage = Stage::with(agents, TWENTY);
    let ids = stage.start_everywhere(agents, "write");
    let ended = stage.drive_all(&ids, OptionEffect::AllowOnce, Duration::from_mins(5));
    for done in &ended {
        let took = done.ended.map(|at| at.0.saturating_sub(done.created.0)).unwrap_or_default();
        eprintln!("twenty at once: {} ended {:?} after {took} ms", done.agent, done.status);
    }
    for done in ended {
        assert_eq!(done.status, Status::Completed, "{}: {}\n{}", done.agent, reason(&done), stage.output(done.id));
    }
    stage.is_clean();
}

/// So long the account's limit holds.
const LIMITED: u64 = 8;

/// Only who tells when the limit ends can be told to go on then; with the others it is a failure like another.
fn parked(agent: &Agent) {
    let stage = Stage::new(agent);
    let until = SystemClock.now().0 / 1000 + LIMITED;
    let id = stage.start(&format!("limit]] until {until} "));
    let failed = stage.drive(id, OptionEffect::AllowOnce);
    let limit = failed.activity.and_then(|activity| activity.limit);
    if !agent.tells_limits {
        // Some try again for longer than this limit lasts.
        assert!(matches!(failed.status, Status::Failed | Status::Completed), "{}", stage.output(id));
        assert_eq!(limit, None);
        return stage.is_clean();
    }
    assert_eq!(failed.status, Status::Failed, "{}", stage.output(id));
    let end = limit.and_then(|limit| limit.until).unwrap_or_else(|| panic!("no end: {}", stage.output(id)));
    assert_eq!(end.0 / 1000, until);
    let message = SendMessage { at: Some(end), ..SendMessage::new(MessageId(mint(&SystemClock)), id, "Go on.") };
    assert!(stage.api().send(&Command::SendMessage(message)).unwrap().ok);
    let waits = stage.api().state().unwrap().session(id).cloned().unwrap();
    assert_eq!((waits.status, waits.not_before), (Status::Queued, Some(end)));
    let done = stage.drive(id, OptionEffect::AllowOnce);
    assert_eq!(done.status, Status::Completed, "{}\n{}", reason(&done), stage.output(id));
    assert!(done.since >= end, "not before the limit ends");
    assert!(stage.said(id).contains("It went on behind the limit."), "{}", stage.output(id));
    stage.is_clean();
}
