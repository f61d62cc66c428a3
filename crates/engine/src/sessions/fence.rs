//! What an agent may write and may not read: its worktree, what git needs for it, its own folders and the caches of the
//! project's tools; of the data directory nothing but that.

use crate::engine::Engine;
use crate::host::Fence;
use qd_agents::{Protocol, catalogue};
use qd_core::row::Branch;
use std::path::{Path, PathBuf};

/// Caches of tools, below the home directory: where they are there, agents may fill them.
const CACHES: [&str; 11] = [
    ".cargo/registry",
    ".cargo/git",
    ".npm",
    ".cache",
    ".bun",
    ".yarn",
    ".local/share/pnpm",
    "go/pkg",
    ".gradle",
    ".m2",
    ".nuget",
];

/// The fence of a session of `agent` in the worktree of `branch`.
pub(super) fn fence(engine: &Engine, agent: &str, like: Option<&str>, protocol: Protocol, branch: &Branch) -> Fence {
    let config = engine.config();
    if !config.confine || agent == catalogue::DEMO {
        return Fence::Open { why: None };
    }
    if like.is_some_and(|like| catalogue::quirks(like, protocol).sandboxes_itself) {
        let why = "It has a sandbox of its own, which does not work inside of another one: it runs without Landlock.";
        return Fence::Open { why: Some(why.to_owned()) };
    }
    let own = engine.agent_config(agent).and_then(|configured| configured.writes);
    let known = like.and_then(catalogue::entry).map(|entry| entry.writes.iter().map(PathBuf::from).collect());
    let Some(own) = own.or(known) else {
        let why = format!("Nobody has said what it writes (`writes` of [agents.{agent}]): it runs without Landlock.");
        return Fence::Open { why: Some(why) };
    };
    let worktree = Path::new(&branch.path);
    let mut write = vec![worktree.to_owned()];
    write.extend(of_git(worktree));
    for path in own {
        let path = config.home.join(path);
        // What is made later is not allowed, so a folder is made now. A file is made by its agent, or never.
        if path.extension().is_none() {
            let _ = std::fs::create_dir_all(&path);
        }
        write.push(path);
    }
    write.extend(CACHES.iter().map(|cache| config.home.join(cache)).filter(|cache| cache.is_dir()));
    Fence::Closed { write, hidden: vec![config.data_dir.clone()], seen: vec![config.installed_agents()] }
}

/// What git writes for a worktree: objects, the worktree's own folder, our branches and their logs. Never the hooks, nor
/// the configuration, nor other branches.
fn of_git(worktree: &Path) -> Vec<PathBuf> {
    let pointer = std::fs::read_to_string(worktree.join(".git")).unwrap_or_default();
    let Some(own) = pointer.trim().strip_prefix("gitdir: ").map(PathBuf::from) else { return Vec::new() };
    let Some(common) = own.ancestors().nth(2).map(Path::to_owned) else { return Vec::new() };
    let refs = common.join("refs/heads/qd");
    // Git removes a folder of refs that is empty, and nobody confined could make it again; a file with a dot is no ref.
    let _ = std::fs::create_dir_all(&refs).and_then(|()| std::fs::write(refs.join(".keep"), []));
    vec![common.join("objects"), refs, common.join("logs"), own]
}
