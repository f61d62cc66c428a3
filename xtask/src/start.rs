//! `cargo xtask start`.

use anyhow::Result;

use crate::shell::{self, Run, cargo, say, tool};
use crate::{page, workspace};

/// Build page and binary, start the server, print and open its address.
///
/// Without a directory it runs on a demo project, a small real git repository,
/// with the built-in demo agent: no account, no key, no model.
/// `cargo xtask start -- DIR` opens a project of your own. What follows is
/// handed to `qd serve`: `cargo xtask start -- DIR --port 5000`.
#[derive(clap::Args)]
pub struct Start {
    /// Do not open a browser (nor with `CI` set).
    #[arg(long)]
    no_open: bool,
    /// Build with optimisations: slower to start, faster to use.
    #[arg(long)]
    release: bool,
    /// A project's directory, then arguments for `qd serve`.
    #[arg(last = true, value_name = "DIR")]
    serve: Vec<String>,
}

impl Start {
    pub fn run(self) -> Result<()> {
        shell::require("git")?;
        say("building the page");
        page::build()?;
        say("building qd");
        let profile = if self.release { "release" } else { "dev" };
        cargo().args(["build", "--quiet", "--package", "qd", "--profile", profile]).run()?;
        let folder = if self.release { "release" } else { "debug" };
        let mut qd = tool(workspace::target().join(folder).join("qd"));
        // The reader's folder, not the workspace's: DIR is meant from there.
        qd.current_dir(std::env::current_dir()?);
        qd.arg("serve").args(arguments(&self.serve, self.no_open || shell::unattended()));
        qd.run()
    }
}

/// What `qd serve` is called with: the demo unless a directory comes first.
fn arguments(given: &[String], no_open: bool) -> Vec<String> {
    let has_directory = given.first().is_some_and(|first| !first.starts_with('-'));
    let demo = (!has_directory).then(|| "--demo".to_owned());
    let quiet = no_open.then(|| "--no-open".to_owned());
    demo.into_iter().chain(quiet).chain(given.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(given: &[&str], no_open: bool) -> String {
        let given: Vec<String> = given.iter().map(|word| (*word).to_owned()).collect();
        arguments(&given, no_open).join(" ")
    }

    #[test]
    fn without_a_directory_the_demo_starts() {
        assert_eq!(called(&[], false), "--demo");
        assert_eq!(called(&["--port", "5000"], true), "--demo --no-open --port 5000");
    }

    #[test]
    fn with_a_directory_it_is_no_demo() {
        assert_eq!(called(&["my project", "--port", "5000"], false), "my project --port 5000");
    }
}
