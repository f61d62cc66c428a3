//! Debian's Rust compiler, its sources and LLVM's linker, taken from the
//! distribution's packages without installing them: they would conflict with
//! rustup, and installing needs root. Everything, apt's lists too, lives in a
//! cache folder of the user.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell::{self, Run, say};

/// Paths inside the unpacked packages.
pub struct Unpacked {
    pub rustc: PathBuf,
    pub linker: PathBuf,
    pub libraries: PathBuf,
}

/// The folder's name before its version.
const PREFIX: &str = "wasm-";

/// The compiler from the cache, or from Debian.
pub fn unpacked() -> Result<Unpacked> {
    let cache = shell::cache()?;
    if let Some(found) = newest(&cache) {
        return Unpacked::at(&found);
    }
    for program in ["apt-get", "apt-cache", "dpkg"] {
        shell::require(program)?;
    }
    Unpacked::at(&fetch(&cache)?)
}

impl Unpacked {
    fn at(folder: &Path) -> Result<Self> {
        let usr = folder.join("usr");
        let libraries = entry(&usr.join("lib"), |name| name.ends_with("-linux-gnu"))?;
        let linker = entry(&usr.join("bin"), |name| name.starts_with("wasm-ld"))?;
        Ok(Self { rustc: usr.join("bin/rustc"), linker, libraries })
    }
}

fn entry(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let entries = folder.read_dir().with_context(|| format!("cannot read {}", folder.display()))?;
    entries
        .flatten()
        .find(|entry| entry.file_name().to_str().is_some_and(&wanted))
        .map(|entry| entry.path())
        .with_context(|| format!("the compiler in {} is not whole: remove it", folder.display()))
}

/// The newest complete folder in the cache that is new enough for this workspace.
fn newest(cache: &Path) -> Option<PathBuf> {
    let entries = cache.read_dir().ok()?.flatten();
    let versioned = entries.filter_map(|entry| {
        let version = release(entry.file_name().to_str()?.strip_prefix(PREFIX)?)?;
        Some((version, entry.path()))
    });
    versioned.filter(|(version, _)| *version >= needed()).max().map(|(_, path)| path)
}

fn fetch(cache: &Path) -> Result<PathBuf> {
    say("fetching Debian's compiler for WebAssembly into the cache");
    let apt = Apt { folder: cache.join("apt") };
    apt.update()?;
    let (version, packages) = belonging_together(|name| apt.show(name), is_installed)?;
    ensure!(
        release(&version).is_some_and(|release| release >= needed()),
        "Debian's newest compiler here is {version}; {}.{} is needed",
        needed().0,
        needed().1
    );
    let downloads = cache.join(format!("download-{}", std::process::id()));
    let debs = downloads.join("debs");
    let root = downloads.join("root");
    fs::create_dir_all(&debs)?;
    apt.command("apt-get").arg("download").args(&packages).current_dir(&debs).read()?;
    for deb in debs.read_dir()? {
        shell::tool("dpkg").arg("-x").arg(deb?.path()).arg(&root).read()?;
    }
    // Whoever finds the folder finds it whole. Another process may have been
    // faster; then its folder is as good as ours.
    let place = cache.join(format!("{PREFIX}{version}"));
    if let Err(error) = fs::rename(&root, &place) {
        ensure!(place.exists(), "cannot move the compiler to {}: {error}", place.display());
    }
    fs::remove_dir_all(&downloads)?;
    Ok(place)
}

/// The compiler's version and the packages, each as `name=version`, that are
/// needed to run it: those that it names itself, with their exact versions,
/// and the libraries of these that the system does not have.
fn belonging_together(
    show: impl Fn(&str) -> Result<Package>,
    is_installed: impl Fn(&str) -> bool,
) -> Result<(String, Vec<String>)> {
    let compiler = show("rustc-web")?;
    let (major, minor) =
        release(&compiler.version).with_context(|| format!("rustc-web has the odd version {}", compiler.version))?;
    let library = show(&format!("libstd-rust-web-{major}.{minor}"))?;
    let llvm = library.dependencies().find(|name| name.starts_with("libllvm"));
    let llvm = show(llvm.context("the compiler names no LLVM")?)?;
    let number = llvm.name.trim_start_matches("libllvm").to_owned();
    let mut packages = vec![format!("rustc-web={}", compiler.version)];
    for name in [&library.name, "libstd-rust-web-dev", "rust-web-src"] {
        packages.push(format!("{name}={}", compiler.version));
    }
    let linker = show(&format!("lld-{number}"))?;
    for name in [&llvm.name, &linker.name, &format!("liblld-{number}")] {
        packages.push(format!("{name}={}", linker.version));
    }
    let mut open: Vec<String> = llvm.dependencies().map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !is_installed(&name) && seen.insert(name.clone()) {
            let library = show(&name)?;
            packages.push(format!("{name}={}", library.version));
            open.extend(library.dependencies().map(str::to_owned));
        }
    }
    Ok((compiler.version, packages))
}

/// A package as apt describes its candidate.
struct Package {
    name: String,
    version: String,
    depends: String,
}

impl Package {
    fn parse(text: &str) -> Result<Self> {
        let fields: BTreeMap<&str, &str> =
            text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": ")).collect();
        let field = |name: &str| fields.get(name).map(|value| (*value).to_owned());
        Ok(Self {
            name: field("Package").context("apt-cache names no package")?,
            version: field("Version").context("apt-cache names no version")?,
            depends: field("Depends").unwrap_or_default(),
        })
    }

    /// The names it depends on; of alternatives, the first.
    fn dependencies(&self) -> impl Iterator<Item = &str> {
        let clauses = self.depends.split(',');
        clauses.filter_map(|clause| clause.split_whitespace().next()?.split(':').next())
    }
}

fn is_installed(package: &str) -> bool {
    let mut query = shell::tool("dpkg-query");
    let status = query.args(["--show", "--showformat=${db:Status-Status}", package]).read();
    status.is_ok_and(|status| status == "installed")
}

/// apt with lists of its own, so that it needs no root and finds what the
/// system's stale lists do not have.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn command(&self, program: &str) -> Command {
        let mut command = shell::tool(program);
        for (option, folder) in [("Dir::State::Lists", "lists"), ("Dir::Cache", "cache")] {
            command.arg("-o").arg(format!("{option}={}", self.folder.join(folder).display()));
        }
        // As root apt would give the download to a user who may not write in our folder.
        command.args(["-o", "APT::Sandbox::User=root"]).env("LC_ALL", "C");
        command
    }

    fn update(&self) -> Result<()> {
        fs::create_dir_all(self.folder.join("lists/partial"))?;
        fs::create_dir_all(self.folder.join("cache/archives/partial"))?;
        // A source of the system that cannot be reached need not be the one we want.
        if let Err(error) = self.command("apt-get").arg("update").read() {
            say(format_args!("going on with what apt has: {error:#}"));
        }
        Ok(())
    }

    fn show(&self, name: &str) -> Result<Package> {
        Package::parse(&self.command("apt-cache").args(["show", "--no-all-versions", name]).read()?)
    }
}

/// Major and minor number of a version such as `1.96.0+dfsg1-1`.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// What `rust-version` in the workspace's Cargo.toml asks for.
fn needed() -> (u32, u32) {
    release(env!("CARGO_PKG_RUST_VERSION")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(name: &str) -> Result<Package> {
        let (version, depends) = match name {
            "rustc-web" => ("1.96.0+dfsg1-1", "gcc, libstd-rust-web-dev (= 1.96.0+dfsg1-1)"),
            "libstd-rust-web-1.96" => ("1.96.0+dfsg1-1", "libc6 (>= 2.34), libllvm22, libstdc++6"),
            "lld-22" => ("1:22.1.8-1", "libllvm22 (= 1:22.1.8-1)"),
            "libllvm22" => ("1:22.1.8-1", "libc6 (>= 2.36), libz3-4 (>= 4.8.12) | libz3-dev"),
            "libz3-4" => ("4.8.12-3", "libc6 (>= 2.34), libgmp10"),
            "libgmp10" => ("2:6.2.1", "libc6"),
            other => anyhow::bail!("no package {other}"),
        };
        Package::parse(&format!("Package: {name}\nVersion: {version}\nDepends: {depends}\n\nPackage: other\n"))
    }

    #[test]
    fn linker_and_llvm_are_those_the_compiler_was_built_with() {
        let (version, packages) = belonging_together(archive, |name| name == "libc6").unwrap();
        assert_eq!(version, "1.96.0+dfsg1-1");
        assert_eq!(
            packages,
            [
                "rustc-web=1.96.0+dfsg1-1",
                "libstd-rust-web-1.96=1.96.0+dfsg1-1",
                "libstd-rust-web-dev=1.96.0+dfsg1-1",
                "rust-web-src=1.96.0+dfsg1-1",
                "libllvm22=1:22.1.8-1",
                "lld-22=1:22.1.8-1",
                "liblld-22=1:22.1.8-1",
                "libz3-4=4.8.12-3",
                "libgmp10=2:6.2.1",
            ]
        );
    }

    #[test]
    fn the_newest_cached_compiler_is_taken_and_an_old_one_is_not() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir(cache.path().join("wasm-1.85.0+dfsg3-1")).unwrap();
        assert_eq!(newest(cache.path()), None);
        for version in ["wasm-1.101.0-1", "wasm-1.99.0-1", "apt"] {
            fs::create_dir(cache.path().join(version)).unwrap();
        }
        assert_eq!(newest(cache.path()), Some(cache.path().join("wasm-1.101.0-1")));
    }

    #[test]
    fn half_a_compiler_is_named_as_such() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("usr/lib/x86_64-linux-gnu")).unwrap();
        fs::create_dir_all(folder.path().join("usr/bin")).unwrap();
        let error = Unpacked::at(folder.path()).err().unwrap();
        assert!(error.to_string().contains("remove it"), "{error}");
    }
}
