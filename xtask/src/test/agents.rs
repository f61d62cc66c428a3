//! Real agent programs from npm, in the versions of `tests/agents/package-lock.json`.

use anyhow::Result;

use crate::shell::{self, Run, say, tool};
use crate::workspace::{self, Stamp};

/// Installs the programs, if the lock file changed. Where npm cannot, it says so: their tests then skip.
pub fn install() -> Result<()> {
    shell::require("npm")?;
    let folder = workspace::root().join("tests/agents");
    // Inside of what it vouches for: who removes the packages removes it too.
    let stamp = Stamp::new(folder.join("node_modules/.lock-stamp"), "1", &[folder.join("package-lock.json")])?;
    if stamp.is_current() {
        return Ok(());
    }
    let mut npm = tool("npm");
    npm.args(["ci", "--prefix", "tests/agents", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]);
    // The programs work without what their install scripts would build.
    npm.arg("--ignore-scripts").env("npm_config_update_notifier", "false");
    match npm.run() {
        Ok(()) => stamp.keep(),
        Err(error) => {
            say(format_args!("skipped: the tests of real agents, as npm could not install them: {error:#}"));
            Ok(())
        }
    }
}
