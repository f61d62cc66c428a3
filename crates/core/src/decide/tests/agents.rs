//! Claims about agents: what a person adds, and what a look at the machine says of it.

use super::*;

fn known(b: &Bench, name: &str) -> Option<Agent> {
    b.state.agent(AgentId::named(name)).cloned()
}

fn setup(command: &str) -> Setup {
    Setup { command: command.into(), ..Setup::default() }
}

fn add(b: &mut Bench, name: &str, setup: Setup) -> Result<Vec<Op>, Reject> {
    b.person(&Command::AddAgent(Box::new(AddAgent { name: name.into(), title: String::new(), setup })))
}

fn on(name: &str) -> OnAgent {
    OnAgent { name: name.into() }
}

/// What a look finds: the demo agent, and `more`.
fn look(b: &mut Bench, more: Vec<Agent>, looked: Option<Millis>) {
    let mut agents = vec![known(b, "demo").unwrap()];
    agents.extend(more);
    b.server(&Command::AgentsFound(AgentsFound { agents, looked }));
}

fn catalogue(name: &str) -> Agent {
    Agent { tried: true, install: Install::Offered { package: format!("{name}@1.0.0") }, ..Agent::new(name) }
}

#[test]
fn an_added_agent_is_there_at_once_and_is_looked_for() {
    let mut b = Bench::new();
    add(&mut b, "mine", setup("my-agent")).unwrap();
    let mine = known(&b, "mine").unwrap();
    assert_eq!((mine.origin, mine.found, mine.title.as_str()), (Origin::Panel, false, "mine"));
    let looking = b.state.settings().looking;
    assert!(looking.is_some());
    look(&mut b, vec![Agent { found: true, ..mine }], looking);
    assert!(known(&b, "mine").unwrap().found);
    assert_eq!(b.state.settings().looking, None);
}

#[test]
fn what_a_person_did_during_a_look_stands() {
    let mut b = Bench::new();
    add(&mut b, "kept", setup("a")).unwrap();
    add(&mut b, "changed", setup("a")).unwrap();
    add(&mut b, "removed", setup("a")).unwrap();
    let found = ["changed", "removed"].map(|name| Agent { found: true, ..known(&b, name).unwrap() });
    let looked = b.state.settings().looking;
    add(&mut b, "changed", setup("b")).unwrap();
    b.person(&Command::RemoveAgent(on("removed"))).unwrap();
    look(&mut b, found.into(), looked);
    assert!(known(&b, "kept").is_some(), "a look that did not know of it removes nothing");
    let changed = known(&b, "changed").unwrap();
    assert_eq!((changed.found, changed.setup), (false, Some(setup("b"))));
    assert!(known(&b, "removed").is_none());
    assert!(b.state.settings().looking.is_some(), "the look that was asked for with the change is to come");
}

#[test]
fn only_what_was_added_in_the_panel_is_changed_and_removed_there() {
    let mut b = Bench::new();
    look(&mut b, vec![catalogue("codex"), Agent { origin: Origin::File, ..Agent::new("filed") }], None);
    for name in ["codex", "filed", "demo"] {
        assert_eq!(code(add(&mut b, name, setup("x"))), RejectCode::NotAllowed);
        assert_eq!(code(b.person(&Command::RemoveAgent(on(name)))), RejectCode::NotAllowed);
    }
    assert_eq!(code(b.person(&Command::RemoveAgent(on("nobody")))), RejectCode::AgentMissing);
}

#[test]
fn an_agent_at_work_is_not_removed_and_the_default_goes_with_it() {
    let mut b = Bench::new();
    add(&mut b, "mine", setup("my-agent")).unwrap();
    let mine = Agent { found: true, ..known(&b, "mine").unwrap() };
    look(&mut b, vec![mine], None);
    b.person(&Command::SetDefaultAgent(SetDefaultAgent { agent: Some("mine".into()) })).unwrap();
    b.start(10, Kind::Implement).unwrap();
    assert_eq!(code(b.person(&Command::RemoveAgent(on("mine")))), RejectCode::NotAllowed);
    assert!(!known(&b, "mine").unwrap().tried);
    b.end(10, Ending::Completed);
    assert!(known(&b, "mine").unwrap().tried, "a session of it ended well");
    b.person(&Command::RemoveAgent(on("mine"))).unwrap();
    assert_eq!((known(&b, "mine"), b.state.settings().default_agent), (None, None));
}

#[test]
fn what_cannot_be_a_setup_is_refused_with_what_to_do() {
    let mut b = Bench::new();
    look(&mut b, vec![catalogue("codex")], None);
    for name in ["", "Mine", "9", "a b", "ü", &"a".repeat(41)] {
        assert_eq!(code(add(&mut b, name, setup("x"))), RejectCode::Invalid, "{name}");
    }
    let like = |name: &str| Setup { like: Some(name.into()), ..setup("x") };
    let pass = |name: &str| Setup { pass: vec![name.into()], ..setup("x") };
    let package = |name: &str| Setup { package: Some(name.into()), ..setup("x") };
    let wrong = [setup(" "), like("nobody"), like("demo"), pass("A=b"), pass("1A"), pass("")];
    let ranges = ["x", "x@^1.2.3", "x@latest", "@a/b", "../x@1.2.3", "x@1.2", "X@1.2.3", "a/b@1.2.3", "x@1.2.3 -g"];
    for setup in wrong.into_iter().chain(ranges.into_iter().map(package)) {
        assert_eq!(code(add(&mut b, "mine", setup.clone())), RejectCode::Invalid, "{setup:?}");
    }
    for setup in [like("codex"), pass("MY_KEY"), package("@a/b-c@1.2.3"), package("x.y_z@10.0.0-rc.1+b")] {
        add(&mut b, "mine", setup).unwrap();
    }
}

#[test]
fn an_installation_is_begun_once_and_its_end_tells_how_it_went() {
    let mut b = Bench::new();
    look(&mut b, vec![catalogue("codex")], None);
    b.person(&Command::InstallAgent(on("codex"))).unwrap();
    assert_eq!(code(b.person(&Command::InstallAgent(on("codex")))), RejectCode::NotAllowed);
    look(&mut b, vec![catalogue("codex")], None);
    assert!(matches!(known(&b, "codex").unwrap().install, Install::Running { .. }), "a look ends no installation");
    let package = "codex@1.0.0".to_owned();
    let failed = Install::Failed { package: package.clone(), reason: "no network".into() };
    look(&mut b, vec![Agent { install: failed.clone(), ..catalogue("codex") }], None);
    look(&mut b, vec![catalogue("codex")], None);
    assert_eq!(known(&b, "codex").unwrap().install, failed, "it says so until it is tried again");
    b.person(&Command::InstallAgent(on("codex"))).unwrap();
    look(&mut b, vec![Agent { found: true, install: Install::Done { package }, ..catalogue("codex") }], None);
    assert!(known(&b, "codex").unwrap().found);
    assert_eq!(code(b.person(&Command::InstallAgent(on("demo")))), RejectCode::NotAllowed);
}

#[test]
fn what_is_asked_of_an_agent_is_sent_one_after_the_other() {
    let subjects = |command: Command| command.subjects();
    let on = || OnAgent { name: "mine".into() };
    let add = AddAgent { name: "mine".into(), title: String::new(), setup: setup("a") };
    let added = subjects(Command::AddAgent(Box::new(add)));
    assert_eq!(added.len(), 1);
    assert_eq!(added, subjects(Command::InstallAgent(on())), "what is to be installed is added first");
    assert_eq!(added, subjects(Command::RemoveAgent(on())));
}
