//! What `qd serve` finds at the door: another server, an occupied port, a broken configuration.

use super::support::{Home, Server, server_json};
use std::fs;
use std::io::BufRead as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn it_prints_one_line_and_answers_whoever_has_the_token() {
    let home = Home::new();
    let server = home.serve(&[]);
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    assert_eq!(server.get("/api/v1/snapshot"), 200);
    let without = Server::agent().get(format!("{}/api/v1/snapshot", server.url)).call().unwrap();
    assert_eq!(without.status().as_u16(), 401);
    let ended = server.stop();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert!(!home.data().join("server.json").exists());
}

#[test]
fn the_token_is_in_no_log_and_only_its_owner_reads_server_json() {
    let home = Home::new();
    let server = home.serve(&[]);
    let token = server.token.clone();
    let file = home.data().join("server.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(server_json(&home.data())["address"], server.url.trim_start_matches("http://"));
    server.get("/?token=wrong");
    server.get(&format!("/?token={token}"));
    let ended = server.stop();
    assert!(!ended.stderr.contains(&token) && !ended.stdout.contains(&token), "{ended:?}");
}

#[test]
fn a_second_serve_adds_its_folder_to_the_first() {
    let home = Home::new();
    let server = home.serve(&[]);
    let deck = home.repository("a deck");
    let second = home.run(&["serve", "--no-open", deck.to_str().unwrap()]);
    let said = second.done();
    assert_eq!(said, format!("added {} to the server at {} (pid {})\n", deck.display(), server.url, server.child.id()));
    assert!(home.run(&["serve", "--no-open"]).done().starts_with("a server runs already on this data directory: "));
}

#[test]
fn an_occupied_port_is_told_with_a_way_out() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = home.run(&["serve", "--no-open", "--port", &port]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), ""));
    assert!(ended.stderr.contains(&format!("port {port} is in use by another program")), "{}", ended.stderr);
    assert!(ended.stderr.contains("--port"), "{}", ended.stderr);
}

#[test]
fn another_quarterdeck_on_the_port_is_named() {
    let (one, other) = (Home::new(), Home::new());
    let server = one.serve(&[]);
    let ended = other.run(&["serve", "--no-open", "--port", server.port()]);
    assert_eq!(ended.code, Some(7));
    assert!(ended.stderr.contains("in use by another Quarterdeck, with another data directory"), "{}", ended.stderr);
}

#[test]
fn a_broken_configuration_is_named_with_its_line() {
    let home = Home::new();
    fs::create_dir_all(home.path(".config/quarterdeck")).unwrap();
    fs::write(home.path(".config/quarterdeck/config.toml"), "max_sessions = 2\n[agents.mine]\ncomand = 'x'\n").unwrap();
    let ended = home.run(&["serve", "--no-open", "--port", "0"]);
    assert_eq!(ended.code, Some(7));
    assert!(ended.stderr.contains("config.toml, line 3: ") && ended.stderr.contains("comand"), "{}", ended.stderr);
}

#[test]
fn a_folder_that_is_not_there_is_told_before_anything_starts() {
    let home = Home::new();
    let ended = home.run(&["serve", "--no-open", "--port", "0", "/nonexistent/deck"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), ""));
    assert!(ended.stderr.contains("/nonexistent/deck"), "{}", ended.stderr);
}

#[test]
fn a_data_directory_that_is_a_file_is_told_and_left_alone() {
    let home = Home::new();
    fs::write(home.data(), "mine").unwrap();
    let ended = home.run(&["serve", "--no-open", "--port", "0"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), ""));
    assert!(ended.stderr.contains("is not a directory") && ended.stderr.contains("--data-dir"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(home.data()).unwrap(), "mine");
}

#[test]
fn the_repository_of_the_current_folder_is_opened_where_none_is_named() {
    let home = Home::new();
    let deck = home.repository("here");
    let _server = home.serve(&[]);
    let begun = std::time::Instant::now();
    while !home.run(&["task", "list"]).done().contains("The first task") {
        assert!(begun.elapsed().as_secs() < 20, "{} was not opened", deck.display());
    }
}

#[test]
fn a_folder_that_is_no_repository_is_opened_with_the_reason() {
    let home = Home::new();
    let plain = home.path("plain");
    fs::create_dir_all(plain.join("tasks")).unwrap();
    let server = home.serve(&[plain.to_str().unwrap()]);
    let snapshot = Server::agent().get(format!("{}/api/v1/snapshot", server.url));
    let snapshot = snapshot.header("Authorization", format!("Bearer {}", server.token)).call().unwrap();
    let rows: serde_json::Value = snapshot.into_body().read_json().unwrap();
    let project = rows["rows"].as_array().unwrap().iter().find(|row| row["kind"] == "project").unwrap();
    assert!(project["row"]["problem"].as_str().unwrap().contains("git init"), "{project}");
}

#[test]
fn open_streams_do_not_hold_the_end_up() {
    let home = Home::new();
    let server = home.serve(&[]);
    let snapshot = Server::agent().get(format!("{}/api/v1/snapshot", server.url));
    let snapshot = snapshot.header("Authorization", format!("Bearer {}", server.token)).call().unwrap();
    let head: serde_json::Value = snapshot.into_body().read_json().unwrap();
    let number = |name: &str| head[name].as_u64().unwrap();
    let offset = format!("{:010}.{:016}.{:08x}", number("epoch"), number("seq"), number("tag"));
    let stream = Server::agent().get(format!("{}/api/v1/log?live=sse&offset={offset}", server.url));
    let stream = stream.header("Authorization", format!("Bearer {}", server.token)).call().unwrap();
    let mut lines = std::io::BufReader::new(stream.into_body().into_reader()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("event"));
    assert_eq!(server.stop().code, Some(0));
    assert!(lines.all(|line| line.is_ok()), "the stream ends whole");
}

#[test]
fn a_killed_demonstration_comes_back_on_the_same_port_with_the_same_token() {
    let home = Home::new();
    let server = home.serve(&["--demo"]);
    let first = server_json(&home.data());
    let kill = Server::agent().post(format!("{}/api/v1/demo/kill-server", server.url));
    let killed = kill.header("Authorization", format!("Bearer {}", server.token)).send_empty();
    assert!(killed.is_err(), "{killed:?}");
    let ask = || {
        let request = Server::agent().get(format!("{}/api/v1/config", server.url));
        request.header("Authorization", format!("Bearer {}", server.token)).call()
    };
    let begun = std::time::Instant::now();
    while ask().is_err() {
        assert!(begun.elapsed().as_secs() < 20, "it did not come back");
        std::thread::yield_now();
    }
    assert_eq!(server.get("/api/v1/config"), 200);
    while server_json(&home.data()) == first {
        assert!(begun.elapsed().as_secs() < 20, "it did not write server.json");
        std::thread::yield_now();
    }
    let second = server_json(&home.data());
    assert_eq!((&first["address"], &first["token"]), (&second["address"], &second["token"]));
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_demonstration_whose_parent_is_killed_ends() {
    let home = Home::new();
    let mut server = home.serve(&["--demo"]);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let begun = std::time::Instant::now();
    while std::net::TcpStream::connect(server.url.trim_start_matches("http://")).is_ok() {
        assert!(begun.elapsed().as_secs() < 20, "the server goes on without its parent");
        std::thread::yield_now();
    }
}
