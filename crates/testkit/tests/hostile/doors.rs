//! What stands in the way of a start: ports, configuration, agents, the database, another server.

use super::support::{create, deck, ended, home, project, refusal, says, serve, start, task_at};
use qd_core::status::Status;
use qd_testkit::panel::{TOKEN, finish};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

#[test]
fn an_occupied_port_is_told_with_a_way_out_and_nothing_is_made() {
    let home = home();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = home.run(&["serve", "--no-open", "--port", &port]).unwrap();
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(7), ""));
    says(&refused.stderr, &[&format!("port {port} is in use"), "--port"]);
    assert!(!home.data().join("quarterdeck.db").exists());
}

#[test]
fn a_broken_configuration_is_named_by_file_and_line_and_left_as_it_is() {
    let home = home();
    fs::create_dir(home.data()).unwrap();
    let file = home.data().join("config.toml");
    for (text, words) in [
        (&b"max_sessions = \n"[..], vec!["config.toml, line 1"]),
        (b"max_sessions = 4\n\nmax_sesions = 4\n", vec!["config.toml, line 3", "max_sesions"]),
        (b"[agents.x]\ncommand = 7\n", vec!["config.toml, line 2"]),
        (b"[tasks]\nfolder = 'tasks'\nfoldr = 'x'\n", vec!["config.toml, line 3", "foldr"]),
        (b"\xff\xfe\x00", vec!["config.toml", "UTF-8"]),
    ] {
        fs::write(&file, text).unwrap();
        let refused = home.run(&["serve", "--no-open", "--port", "0"]).unwrap();
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(7), ""), "{text:?}");
        says(&refused.stderr, &words);
        assert_eq!(fs::read(&file).unwrap(), text);
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let refused = home.run(&["serve", "--no-open", "--port", "0"]).unwrap();
    assert_eq!(refused.code, Some(7));
    says(&refused.stderr, &["config.toml", "can't be read"]);
}

#[test]
fn a_tasks_folder_outside_of_the_project_is_refused() {
    for folder in ["../elsewhere", "/tmp", "", ".git/tasks"] {
        let home = home();
        let dir = deck(&home);
        fs::create_dir(home.data()).unwrap();
        fs::write(home.data().join("config.toml"), format!("[tasks]\nfolder = '{folder}'\n")).unwrap();
        let panel = serve(&home, &dir);
        says(project(&panel.api).problem.as_deref().unwrap(), &["must lie in the project"]);
        let _ = create(&panel.api, project(&panel.api).id, "Nowhere");
        let ended = panel.stop().unwrap();
        assert_eq!(ended.code, Some(0));
        assert!(!home.path("elsewhere").exists() && !dir.join(".git/tasks").exists());
    }
}

#[test]
fn an_agent_whose_program_is_missing_or_breaks_says_so_on_the_card() {
    let home = home();
    let dir = deck(&home);
    fs::create_dir(home.data()).unwrap();
    let script = |name: &str, text: &str| {
        fs::write(home.path(name), text).unwrap();
        fs::set_permissions(home.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("ends", "#!/bin/sh\necho 'no licence' >&2\nexit 3\n");
    script(
        "talks",
        "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' 'x'\nprintf '\\n{\"jsonrpc\":\\n\\377\\376\\n[]\\n'\nexit 0\n",
    );
    script("no-program", "#!/nonexistent/interpreter\n");
    script("goes", "#!/bin/sh\nexit 0\n");
    let agent = |name: &str| format!("[agents.{name}]\ncommand = '{}'\n", home.path(name).display());
    let config = format!(
        "[agents.ghost]\ncommand = '/nonexistent/agent'\n{}{}{}{}",
        agent("ends"),
        agent("talks"),
        agent("no-program"),
        agent("goes")
    );
    fs::write(home.data().join("config.toml"), config).unwrap();
    let panel = serve(&home, &dir);
    let first = task_at(&panel.api, "tasks/first.md");
    says(&refusal(start(&panel.api, first.id, "ghost").1), &["ghost", "/nonexistent/agent"]);
    says(&refusal(start(&panel.api, first.id, "nobody").1), &["nobody"]);
    // Found when the server looked, and gone since.
    fs::remove_file(home.path("goes")).unwrap();
    for (name, word) in [("ends", "no licence"), ("talks", ""), ("no-program", ""), ("goes", "goes")] {
        let (session, outcome) = start(&panel.api, first.id, name);
        assert!(outcome.ok, "{name}: {outcome:?}");
        let session = ended(&panel.api, session);
        assert_eq!(session.status, Status::Failed, "{name}: {:?}", session.ending);
        let ending = format!("{:?}", session.ending);
        says(&ending, &[word]);
    }
    let (session, outcome) = start(&panel.api, first.id, "demo");
    assert!(outcome.ok);
    assert_eq!(ended(&panel.api, session).status, Status::Completed);
}

#[test]
fn a_damaged_database_is_named_and_left_as_it_is() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    task_at(&panel.api, "tasks/first.md");
    panel.stop().unwrap();
    // Whoever closes it last brings everything into the one file.
    drop(qd_store::SqliteStore::open(&home.data()).unwrap());
    assert!(!home.data().join("quarterdeck.db-wal").exists());
    let file = home.data().join("quarterdeck.db");
    let whole = fs::read(&file).unwrap();
    let cut = whole[..whole.len() / 2].to_vec();
    let mut scribbled = whole.clone();
    scribbled[4096..].iter_mut().step_by(7).for_each(|byte| *byte ^= 0x5a);
    let headless = b"this is no database at all, it only has its name".repeat(100);
    for (what, bytes) in [("cut", cut), ("scribbled", scribbled), ("headless", headless)] {
        fs::write(&file, &bytes).unwrap();
        let refused = home.run(&["serve", "--no-open", "--port", "0"]).unwrap();
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(7), ""), "{what}: {}", refused.stderr);
        says(&refused.stderr, &[file.to_str().unwrap(), "damaged", "left as it"]);
        assert!(fs::read(&file).unwrap() == bytes, "{what}: the file was changed");
    }
    fs::write(&file, &whole).unwrap();
    let panel = serve(&home, &dir);
    task_at(&panel.api, "tasks/first.md");
}

#[test]
fn of_two_servers_at_the_same_moment_one_serves_and_the_other_says_so() {
    let home = home();
    let dir = deck(&home);
    for _ in 0..5 {
        let begin = || {
            let mut command = home.qd(&["serve", "--no-open", "--port", "0", dir.to_str().unwrap()]);
            command.env("QD_LOG", "error").stdout(Stdio::piped()).stderr(Stdio::piped());
            Running(command.spawn().unwrap())
        };
        let mut both = [begin(), begin()];
        let said = both.each_mut().map(|running| first_line(&mut running.0));
        let serve = said.iter().filter(|line| line.starts_with("listening on")).count();
        let other = said.iter().find(|line| !line.starts_with("listening on"));
        assert_eq!(serve, 1, "{said:?}");
        let other = other.unwrap();
        assert!(other.starts_with("added ") || other.contains("in use by another server"), "{other}");
    }
}

/// A process that is killed in the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process says first, or as its last word on standard error.
fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line.is_empty() {
        child.stderr.take().unwrap().read_to_string(&mut line).unwrap();
    }
    line
}

#[test]
fn a_second_serve_hands_its_folder_to_the_first() {
    let home = home();
    let panel = home.serve(&[]).unwrap();
    let dir = deck(&home);
    let said = home.run(&["serve", "--no-open", dir.to_str().unwrap()]).unwrap();
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    says(&said.stdout, &["added", dir.to_str().unwrap(), panel.api.url()]);
    task_at(&panel.api, "tasks/first.md");
    let plain = home.run(&["serve", "--no-open", "/nonexistent"]).unwrap();
    assert_eq!(plain.code, Some(7));
    says(&plain.stderr, &["/nonexistent"]);
}

/// Files below a folder that hold a text.
fn holders(folder: &Path, text: &[u8], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            holders(&path, text, found);
        } else if fs::read(&path).unwrap_or_default().windows(text.len()).any(|window| window == text) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
}

#[test]
fn the_token_stands_on_the_one_line_and_in_server_json_and_nowhere_else() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    let first = task_at(&panel.api, "tasks/first.md");
    let (session, _) = start(&panel.api, first.id, "demo");
    ended(&panel.api, session);
    for path in ["/", &format!("/?token={TOKEN}"), &format!("/api/v1/snapshot?token={TOKEN}"), "/api/v1/nothing"] {
        panel.api.get(path).unwrap();
    }
    panel.api.post("/api/v1/login", &serde_json::json!({ "token": TOKEN })).unwrap();
    let mut found = Vec::new();
    holders(&home.path(""), TOKEN.as_bytes(), &mut found);
    assert_eq!(found, ["server.json"]);
    let mode = fs::metadata(home.data().join("server.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut ps = home.command("ps");
    ps.args(["-eo", "args"]);
    assert!(!finish(ps).unwrap().stdout.contains(TOKEN), "it is in the arguments of a process");
    let ended = panel.stop().unwrap();
    assert!(!ended.stdout.contains(TOKEN) && !ended.stderr.contains(TOKEN));
}
