//! The browser of the browser tests: Debian's Chromium, or one that is named.

use anyhow::Result;

use crate::shell::{self, Run, say, tool};

/// Names under which Chromium is known.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// With a font for every script in the demo, so that recordings have no boxes.
const PACKAGES: [&str; 3] = ["chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"];

/// Makes sure that there is a Chromium; as root on Debian, by installing it.
pub fn install() -> Result<()> {
    if is_present() {
        return Ok(());
    }
    if shell::require("apt-get").is_ok() && is_root() {
        say("installing Chromium");
        let apt = || {
            let mut apt = tool("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            apt
        };
        // A source that cannot be reached need not be Debian's.
        if let Err(error) = apt().arg("update").read() {
            say(format_args!("going on with what apt has: {error:#}"));
        }
        apt().args(["install", "--yes", "--no-install-recommends"]).args(PACKAGES).read()?;
        return Ok(());
    }
    shell::require("chromium").map(drop)
}

fn is_present() -> bool {
    let named = shell::variable("QD_CHROMIUM").is_some_and(|path| which::which(path).is_ok());
    named || NAMES.iter().any(|name| which::which(name).is_ok())
}

fn is_root() -> bool {
    tool("id").arg("--user").read().is_ok_and(|id| id.trim() == "0")
}
