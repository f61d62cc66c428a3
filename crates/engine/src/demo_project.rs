//! The project of the demo: a small real crate with tasks in every state, as
//! data in the binary. Nothing here writes it or runs git; the caller does.
//!
//! `cargo test` in it fails until its first task, [`FOUNDING_TASK`], is done.
//!
//! # The script of the demo agent
//!
//! The demo agent has no model. What it does for a task stands in the project
//! itself, in [`SCRIPT`], so that nobody need believe it is more:
//!
//! ```json
//! {
//!   "version": 1,
//!   "tasks": {
//!     "tasks/some-task.md": [
//!       { "say": "What I think." },
//!       { "run": "cargo test --quiet" },
//!       { "edit": { "path": "src/deck.rs", "find": "old text", "replace": "new text" } },
//!       { "tick": 1 }
//!     ]
//!   }
//! }
//! ```
//!
//! A step has exactly one key. The agent takes the steps in order, in the
//! directory in which it was started:
//!
//! - `say`: a message, in markdown.
//! - `run`: a command line for `sh -c`. It may fail: tests do, before the work.
//! - `edit`: in the file at `path`, `find` occurs exactly once and becomes
//!   `replace`. Where it does not occur, the edit was made before: go on.
//!   An empty `find` makes the file.
//! - `tick`: the box with this number in the task's document becomes `[x]`,
//!   counted from 1 over all boxes outside code blocks.
//!
//! A task without an entry has no script.

/// The task whose implementation makes the tests pass; the one to begin with.
pub const FOUNDING_TASK: &str = "tasks/a-click-shows-the-session-at-once.md";

/// Where the demo agent finds what to do.
pub const SCRIPT: &str = ".quarterdeck/demo-script.json";

macro_rules! embedded {
    ($($path:literal),* $(,)?) => { vec![$(($path, include_str!(concat!("../demo/", $path)))),*] };
}

/// The files of the project: path below its root, and content.
pub fn files() -> Vec<(&'static str, &'static str)> {
    embedded![
        ".gitignore",
        ".quarterdeck/demo-script.json",
        "Cargo.lock",
        "Cargo.toml",
        "README.md",
        "src/age.rs",
        "src/card.rs",
        "src/deck.rs",
        "src/lib.rs",
        "tasks/archive/2026-10/a-column-of-cards.md",
        "tasks/bug-dismiss-removes-a-starting-card.md",
        "tasks/describe-the-crate.md",
        "tasks/group-the-cards-by-attempt.md",
        "tasks/a-click-shows-the-session-at-once.md",
        "tasks/keep-the-order-while-sessions-change.md",
        "tasks/long-title.md",
        "tasks/notes from Tuesday's talk.md",
        "tasks/right-to-left.md",
        "tasks/say-the-age-of-a-card-in-words.md",
        "tasks/show-how-many-are-running.md",
        "tasks/what-a-card-could-show-one-day.md",
        "tasks/🎨-colours-for-states.md",
        "tests/deck.rs",
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Writes the project into a folder, as the caller does.
    fn write(folder: &Path) {
        for (path, content) in files() {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }

    fn cargo_test_passes(folder: &Path) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the test runs what a user of the demo runs")]
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo
            .args(["test", "--quiet", "--offline"])
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .output()
            .unwrap()
            .status
            .success()
    }

    fn script() -> serde_json::Value {
        let (_, text) = files().into_iter().find(|(path, _)| *path == SCRIPT).unwrap();
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_tests_fail_before_the_script_and_pass_after_it() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        assert!(!cargo_test_passes(folder.path()));
        let script = script();
        for step in script["tasks"][FOUNDING_TASK].as_array().unwrap() {
            let Some(edit) = step.get("edit") else {
                continue;
            };
            let file = folder.path().join(edit["path"].as_str().unwrap());
            let before = fs::read_to_string(&file).unwrap();
            let find = edit["find"].as_str().unwrap();
            assert_eq!(before.matches(find).count(), 1, "{find}");
            let after = before.replace(find, edit["replace"].as_str().unwrap());
            fs::write(&file, after).unwrap();
        }
        assert!(cargo_test_passes(folder.path()));
    }

    #[test]
    fn every_step_is_of_a_documented_kind_and_of_an_existing_task() {
        let paths: BTreeSet<&str> = files().into_iter().map(|(path, _)| path).collect();
        let script = script();
        for (task, steps) in script["tasks"].as_object().unwrap() {
            assert!(paths.contains(task.as_str()), "{task}");
            for step in steps.as_array().unwrap() {
                let keys: Vec<&String> = step.as_object().unwrap().keys().collect();
                let known = ["say", "run", "edit", "tick"];
                assert!(keys.len() == 1 && known.contains(&keys[0].as_str()), "{step}");
            }
        }
    }

    #[test]
    fn nothing_of_the_template_is_left_out() {
        fn collect(folder: &Path, found: &mut BTreeSet<String>, root: &Path) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with("target") {
                    continue;
                }
                if path.is_dir() {
                    collect(&path, found, root);
                } else {
                    let below = path.strip_prefix(root).unwrap();
                    found.insert(below.to_str().unwrap().to_owned());
                }
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        let mut there = BTreeSet::new();
        collect(&root, &mut there, &root);
        let embedded = files().into_iter().map(|(path, _)| path.to_owned()).collect();
        assert_eq!(there, embedded);
    }
}
