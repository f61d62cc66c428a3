//! Which crate may depend on which: the table of the architecture.

use anyhow::{Context, Result};

use super::rules::Breach;

/// What a crate may use of this workspace, and what of others it must not.
struct Crate {
    name: &'static str,
    may_use: &'static [&'static str],
    must_not_use: &'static [&'static str],
}

const RUNTIMES: &[&str] = &["tokio", "rusqlite", "axum", "getrandom", "notify"];

const TABLE: &[Crate] = &[
    Crate { name: "core", may_use: &[], must_not_use: RUNTIMES },
    Crate { name: "wire", may_use: &["core"], must_not_use: RUNTIMES },
    Crate { name: "client", may_use: &["core", "wire"], must_not_use: RUNTIMES },
    Crate { name: "web", may_use: &["client", "core", "wire"], must_not_use: RUNTIMES },
    Crate { name: "proc", may_use: &[], must_not_use: &["rusqlite", "axum"] },
    Crate { name: "store", may_use: &["core"], must_not_use: &["axum"] },
    Crate { name: "git", may_use: &["core", "proc"], must_not_use: &["rusqlite", "axum"] },
    Crate { name: "agents", may_use: &["core", "proc"], must_not_use: &["rusqlite", "axum"] },
    Crate {
        name: "engine",
        may_use: &["core", "wire", "proc", "store", "git", "agents"],
        must_not_use: &["rusqlite", "axum"],
    },
    Crate { name: "server", may_use: &["core", "wire", "store", "engine"], must_not_use: &["rusqlite"] },
    Crate {
        name: "cli",
        may_use: &["core", "wire", "client", "proc", "store", "agents", "engine", "server"],
        must_not_use: &["rusqlite", "axum"],
    },
    Crate {
        name: "testkit",
        may_use: &["core", "wire", "client", "proc", "store", "git", "agents", "engine", "server"],
        must_not_use: &[],
    },
];

/// Compares a crate's Cargo.toml with the table. What its tests use is its
/// own affair, but for the store in those that must never see it.
pub fn check(name: &str, manifest: &str) -> Result<Vec<Breach>> {
    let path = format!("crates/{name}/Cargo.toml");
    let breach = |rule: String| Breach { path: path.clone(), line: 0, rule };
    let Some(known) = TABLE.iter().find(|known| known.name == name) else {
        return Ok(vec![breach("this crate is not in the table of the architecture".to_owned())]);
    };
    let manifest: toml::Table = manifest.parse().with_context(|| format!("{path} is no TOML"))?;
    let mut found = Vec::new();
    for dependency in names(&manifest, "dependencies") {
        let forbidden = match dependency.strip_prefix("qd-") {
            Some(own) => !known.may_use.contains(&own),
            None => known.must_not_use.contains(&dependency.as_str()),
        };
        if forbidden {
            found.push(breach(format!("`{name}` must not depend on `{dependency}`")));
        }
    }
    let blind = ["git", "agents"].contains(&name);
    if blind && names(&manifest, "dev-dependencies").iter().any(|dependency| dependency == "qd-store") {
        found.push(breach(format!("`{name}` must not see the store, not even in tests")));
    }
    Ok(found)
}

/// Keys of a table and of its variants for one target.
fn names(manifest: &toml::Table, kind: &str) -> Vec<String> {
    let for_targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = for_targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    let tables = std::iter::once(manifest).chain(targets).filter_map(|table| table.get(kind)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(name: &str, manifest: &str) -> Vec<String> {
        check(name, manifest).unwrap().into_iter().map(|breach| breach.rule).collect()
    }

    #[test]
    fn git_does_not_see_the_store() {
        assert!(rules("git", "[dependencies]\nqd-proc.workspace = true\n").is_empty());
        assert_eq!(
            rules("git", "[dependencies]\nqd-store.workspace = true\n"),
            ["`git` must not depend on `qd-store`"]
        );
        assert_eq!(rules("git", "[dev-dependencies]\nqd-store.workspace = true\n").len(), 1);
    }

    #[test]
    fn core_has_no_runtime_on_any_target() {
        let manifest = "[target.'cfg(unix)'.dependencies]\ntokio = \"1\"\n";
        assert_eq!(rules("core", manifest), ["`core` must not depend on `tokio`"]);
        assert!(rules("core", "[dev-dependencies]\nqd-testkit = \"1\"\n").is_empty());
    }

    #[test]
    fn a_crate_that_nobody_planned_is_named() {
        assert_eq!(rules("extras", "").len(), 1);
    }
}
