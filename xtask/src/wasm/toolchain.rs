//! Which compiler makes WebAssembly on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{TARGET, debian};
use crate::shell::{self, Run, say};

/// A compiler that can make WebAssembly.
pub enum Toolchain {
    /// The active one: it has the target.
    Active,
    /// Debian's, unpacked into this folder. It has no standard library for the
    /// target but its source, from which cargo builds one.
    Debian(debian::Unpacked),
}

impl Toolchain {
    /// The first that works: the active one, the active one with the target
    /// added by rustup, Debian's.
    pub fn find() -> Result<Self> {
        if has_target() || (rustup_adds_target() && has_target()) {
            return Ok(Self::Active);
        }
        Self::from_debian()
            .with_context(|| format!("no compiler for {TARGET}: `rustup target add {TARGET}` would install it"))
    }

    /// Debian's compiler, fetched if it is not in the cache.
    pub fn from_debian() -> Result<Self> {
        debian::unpacked().map(Self::Debian)
    }

    /// A cargo command that uses this compiler.
    pub fn cargo(&self) -> Command {
        let mut cargo = shell::cargo();
        if let Self::Debian(debian) = self {
            // `-Zbuild-std` is unstable, and the compiler of a distribution is a stable one.
            cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", &debian.rustc);
            cargo.env("LD_LIBRARY_PATH", &debian.libraries);
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &debian.linker);
            // Where the standard library is built anyway, it is built without the texts of panics.
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort");
        }
        cargo
    }

    /// What cargo has to be told besides.
    pub fn flags(&self) -> &'static [&'static str] {
        match self {
            Self::Active => &[],
            Self::Debian(_) => &["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"],
        }
    }
}

fn has_target() -> bool {
    let mut rustc = shell::tool("rustc");
    let folder = rustc.args(["--print", "target-libdir", "--target", TARGET]).read();
    folder.is_ok_and(|folder| has_core(Path::new(folder.trim())))
}

fn has_core(folder: &Path) -> bool {
    let files: Vec<PathBuf> =
        folder.read_dir().map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    files.iter().any(|file| file.extension().is_some_and(|extension| extension == "rlib"))
}

fn rustup_adds_target() -> bool {
    if which::which("rustup").is_err() {
        return false;
    }
    say(format_args!("adding {TARGET} to the active toolchain"));
    // Where downloads are impossible, this must not take minutes to find out.
    let mut rustup = shell::tool("rustup");
    rustup.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "0").env("RUST_BACKTRACE", "0");
    match rustup.read() {
        Ok(_) => true,
        Err(error) => {
            let text = error.to_string();
            let reason = text.lines().find(|line| line.starts_with("error:"));
            say(format_args!("rustup could not: {}", reason.unwrap_or(&text)));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_libraries_is_no_target() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_core(folder.path()));
        assert!(!has_core(&folder.path().join("missing")));
        std::fs::write(folder.path().join("libcore.rlib"), "").unwrap();
        assert!(has_core(folder.path()));
    }
}
