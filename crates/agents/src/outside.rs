//! Conversations that Claude Code and Codex had outside of the panel, as they keep them below the home directory.
//!
//! Claude Code: `projects/FOLDER/ID.jsonl` in its own folder, one line a message, most of which name the `cwd`. Codex:
//! `sessions/YYYY/MM/DD/rollout-….jsonl`, whose first line is a `session_meta`. Measured with 2.1.318 and 0.166.0. Only
//! the beginning of a file is read; files of credentials lie elsewhere and are never opened.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// So many are told at most, the newest.
const MOST: usize = 100;
/// So many files of an agent are looked at, the newest.
const LOOKED_AT: usize = 2_000;
/// So much of a file is read: the first message stands in it.
const BEGINNING: u64 = 512 << 10;
/// How long a title may be.
const TITLE: usize = 200;

/// A conversation of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The agent's name.
    pub agent: &'static str,
    /// The agent's id of it.
    pub conversation: String,
    /// The first thing that was said in it.
    pub title: String,
    /// Where it was held.
    pub cwd: PathBuf,
    /// When it was written last, in milliseconds since the Unix epoch.
    pub used: u64,
}

struct Kept {
    path: PathBuf,
    used: u64,
}

/// The conversations that were held in `project` or below, the newest first. `hidden` are folders whose conversations
/// are left out: the panel's own worktrees.
pub fn conversations(home: &Path, env: &BTreeMap<String, String>, project: &Path, hidden: &Path) -> Vec<Outside> {
    let folder = |name: &str, own: &str| env.get(name).map_or_else(|| home.join(own), PathBuf::from);
    let claude = files(&folder("CLAUDE_CONFIG_DIR", ".claude").join("projects"), 2);
    let codex = files(&folder("CODEX_HOME", ".codex").join("sessions"), 4);
    let mut found: Vec<Outside> = claude
        .iter()
        .filter_map(of_claude)
        .chain(codex.iter().filter_map(of_codex))
        .filter(|one| one.cwd.starts_with(project) && !one.cwd.starts_with(hidden))
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.used));
    found.truncate(MOST);
    found
}

/// The newest `*.jsonl` that lie `depth` levels below `folder`. Links are not followed.
fn files(folder: &Path, depth: usize) -> Vec<Kept> {
    let mut folders = vec![folder.to_owned()];
    for _ in 1..depth {
        folders = folders
            .iter()
            .flat_map(|folder| entries(folder))
            .filter(|(_, kind)| kind.is_dir())
            .map(|(path, _)| path)
            .collect();
    }
    let files = folders.iter().flat_map(|folder| entries(folder)).filter(|(_, kind)| kind.is_file());
    let jsonl = files.filter(|(path, _)| path.extension().is_some_and(|ending| ending == "jsonl"));
    let mut kept: Vec<Kept> = jsonl.filter_map(|(path, _)| Some(Kept { used: used(&path)?, path })).collect();
    kept.sort_by_key(|one| std::cmp::Reverse(one.used));
    kept.truncate(LOOKED_AT);
    kept
}

fn entries(folder: &Path) -> Vec<(PathBuf, fs::FileType)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), entry.file_type().ok()?))).collect()
}

fn used(path: &Path) -> Option<u64> {
    let since: std::time::Duration = fs::metadata(path)
        .ok()?
        .modified()
        .ok()
        .map(|at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default())?;
    u64::try_from(since.as_millis()).ok()
}

/// The lines of the beginning of a file that are JSON.
fn lines(path: &Path) -> impl Iterator<Item = Value> {
    let file = File::open(path).ok().map(|file| BufReader::new(file.take(BEGINNING)));
    let lines = file.into_iter().flat_map(|file| file.split(b'\n').map_while(Result::ok));
    lines.filter_map(|line| serde_json::from_slice(&line).ok())
}

fn of_claude(kept: &Kept) -> Option<Outside> {
    let conversation = kept.path.file_stem()?.to_str()?.to_owned();
    let (mut cwd, mut title) = (None, None);
    for line in lines(&kept.path) {
        // What helpers say to each other is none.
        if line["isSidechain"] == true {
            return None;
        }
        cwd = cwd.or_else(|| line["cwd"].as_str().map(PathBuf::from));
        title = title.or_else(|| (line["type"] == "user").then(|| spoken(&line["message"]["content"]))?);
        if cwd.is_some() && title.is_some() {
            break;
        }
    }
    Some(Outside { agent: "claude-code", conversation, title: title?, cwd: cwd?, used: kept.used })
}

fn of_codex(kept: &Kept) -> Option<Outside> {
    let mut lines = lines(&kept.path);
    let meta = lines.next().filter(|line| line["type"] == "session_meta")?;
    let text = |name: &str| meta["payload"][name].as_str().map(str::to_owned);
    let title = lines.find_map(|line| {
        let said = &line["payload"];
        let is_user = line["type"] == "response_item" && said["type"] == "message" && said["role"] == "user";
        is_user.then(|| spoken(&said["content"]))?
    });
    Some(Outside {
        agent: "codex",
        conversation: text("id")?,
        title: title?,
        cwd: text("cwd")?.into(),
        used: kept.used,
    })
}

/// What a person said, in one line; none where the agent says it in the person's name (surroundings, reminders).
fn spoken(content: &Value) -> Option<String> {
    let text = match content {
        Value::String(text) => text.as_str(),
        Value::Array(blocks) => blocks.iter().find_map(|block| block["text"].as_str())?,
        _ => return None,
    };
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let is_ours = !line.starts_with('<') && !line.starts_with("# AGENTS.md");
    is_ours.then(|| line.chars().filter(|c| !c.is_control()).take(TITLE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, path: &str, lines: &[&str]) {
            let file = self.0.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, lines.join("\n")).unwrap();
        }

        fn told(&self) -> Vec<(&'static str, String, String)> {
            let env = BTreeMap::new();
            let found = conversations(self.0.path(), &env, Path::new("/deck"), Path::new("/deck/data"));
            let mut told: Vec<_> = found.into_iter().map(|one| (one.agent, one.conversation, one.title)).collect();
            told.sort();
            told
        }
    }

    #[test]
    fn those_of_the_project_are_told_with_what_was_said_first() {
        let home = Home::new();
        home.write(
            ".claude/projects/-deck/c1.jsonl",
            &[
                r#"{"type":"queue-operation","content":"x"}"#,
                r#"{"type":"user","message":{"role":"user","content":"<system-reminder>no"},"cwd":"/deck/sub"}"#,
                r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"\n Mend the clock\nnow"}]}}"#,
            ],
        );
        home.write(
            ".codex/sessions/2026/11/23/rollout-a.jsonl",
            &[
                r#"{"type":"session_meta","payload":{"id":"x1","cwd":"/deck"}}"#,
                r#"{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>"}]}}"#,
                r#"{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Paint it"}]}}"#,
            ],
        );
        let told = |agent, id: &str, title: &str| (agent, id.to_owned(), title.to_owned());
        assert_eq!(home.told(), [told("claude-code", "c1", "Mend the clock"), told("codex", "x1", "Paint it")]);
    }

    #[test]
    fn what_is_of_others_broken_or_no_conversation_is_left_out() {
        let home = Home::new();
        let said = |cwd: &str| format!(r#"{{"type":"user","message":{{"content":"Hi"}},"cwd":"{cwd}"}}"#);
        home.write(".claude/projects/-else/e.jsonl", &[&said("/decks")]);
        home.write(".claude/projects/-own/o.jsonl", &[&said("/deck/data/worktrees/w")]);
        home.write(".claude/projects/-deck/torn.jsonl", &["{\"type\":\"us", "\u{0}\u{1}", "[]", "7"]);
        home.write(".claude/projects/-deck/side.jsonl", &[r#"{"isSidechain":true,"cwd":"/deck"}"#, &said("/deck")]);
        home.write(".claude/projects/-deck/empty.jsonl", &[]);
        home.write(".claude/projects/-deck/note.txt", &[&said("/deck")]);
        home.write(".claude/.credentials.json", &[&said("/deck")]);
        home.write(".codex/sessions/2026/11/23/rollout-b.jsonl", &[r#"{"type":"session_meta","payload":{}}"#]);
        std::os::unix::fs::symlink("/", home.0.path().join(".claude/projects/-root")).unwrap();
        assert_eq!(home.told(), []);
    }
}
