//! The rules, each a function from a file to what it breaks.

use super::source::{Language, Source};

/// A broken rule, at a place.
#[derive(Debug, PartialEq)]
pub struct Breach {
    pub path: String,
    /// From 1; 0 for the whole file.
    pub line: usize,
    pub rule: String,
}

/// The rules about one file.
const RULES: &[fn(&Source) -> Vec<Breach>] = &[
    purpose_is_stated,
    no_mod_rs,
    words_belong_to_crates,
    no_vendor_names,
    no_attribute_allows,
    tasks_have_owners,
    tests_do_not_sleep,
    names_say_something,
    no_default_exports,
    folders_of_the_page,
    speaks_of_itself,
];

/// All rules that a file breaks.
pub fn check(source: &Source) -> Vec<Breach> {
    RULES.iter().flat_map(|rule| rule(source)).collect()
}

fn breach(source: &Source, line: usize, rule: impl Into<String>) -> Breach {
    Breach { path: source.path.clone(), line, rule: rule.into() }
}

/// Lines of code that a predicate finds at fault.
fn lines_at_fault(source: &Source, rule: &str, at_fault: impl Fn(&str, bool) -> bool) -> Vec<Breach> {
    let lines = source.lines().filter(|(_, line, is_test)| at_fault(line, *is_test));
    lines.map(|(number, _, _)| breach(source, number, rule)).collect()
}

/// The position of a word that is no part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !part(before) && !part(after)
    })
}

fn purpose_is_stated(source: &Source) -> Vec<Breach> {
    let stated = source.text.starts_with("//!") || source.language != Language::Rust;
    if stated { Vec::new() } else { vec![breach(source, 1, "the file does not begin with `//!`")] }
}

fn no_mod_rs(source: &Source) -> Vec<Breach> {
    let is_one = source.path.ends_with("/mod.rs");
    is_one.then(|| breach(source, 0, "`mod.rs`: use `foo.rs` and `foo/`")).into_iter().collect()
}

/// A word that only some crates may know, and never mind the tests.
struct Owned {
    word: &'static str,
    owners: &'static [&'static str],
    rule: &'static str,
}

const OWNED: &[Owned] = &[
    Owned { word: "Command::new", owners: &["proc"], rule: "only `proc` spawns" },
    Owned { word: "rusqlite", owners: &["store"], rule: "only `store` knows SQL" },
    Owned { word: "axum", owners: &["server"], rule: "only `server` knows axum" },
    Owned { word: "unsafe", owners: &["proc"], rule: "only `proc` may be unsafe" },
];

fn words_belong_to_crates(source: &Source) -> Vec<Breach> {
    let development = source.crate_name().is_none_or(is_for_development);
    if source.language != Language::Rust || development {
        return Vec::new();
    }
    let foreign = OWNED.iter().filter(|owned| !owned.owners.iter().any(|owner| Some(*owner) == source.crate_name()));
    foreign
        .flat_map(|owned| lines_at_fault(source, owned.rule, |line, is_test| !is_test && has_word(line, owned.word)))
        .collect()
}

fn is_for_development(name: &str) -> bool {
    ["xtask", "testkit"].contains(&name)
}

const VENDORS: [&str; 5] = ["claude", "codex", "gemini", "opencode", "copilot"];

fn no_vendor_names(source: &Source) -> Vec<Breach> {
    let in_the_page = source.path.starts_with("ui/src/");
    let free = source.crate_name().is_none_or(|name| name == "agents" || is_for_development(name));
    if source.language == Language::Other || (free && !in_the_page) {
        return Vec::new();
    }
    let rule = "only `agents` knows a vendor";
    let named = |text: &str| VENDORS.iter().any(|vendor| text.to_ascii_lowercase().contains(vendor));
    let mut found = lines_at_fault(source, rule, |line, is_test| !is_test && named(line));
    let literals = source.literals.iter().filter(|(line, text)| !source.is_test_line(*line) && named(text));
    found.extend(literals.map(|(line, _)| breach(source, *line, rule)));
    found
}

fn no_attribute_allows(source: &Source) -> Vec<Breach> {
    let rule = "`#[allow]`: use `#[expect(…, reason)]`";
    let allows =
        |line: &str| source.language == Language::Rust && (line.contains("#[allow(") || line.contains("#![allow("));
    lines_at_fault(source, rule, |line, _| allows(line))
}

fn tasks_have_owners(source: &Source) -> Vec<Breach> {
    let rule = "bare `tokio::spawn`: use a `JoinSet` or a `TaskTracker`";
    lines_at_fault(source, rule, |line, _| source.language == Language::Rust && line.contains("tokio::spawn("))
}

fn tests_do_not_sleep(source: &Source) -> Vec<Breach> {
    let rule = "a test sleeps: wait for what it waits for";
    let sleeps = |line: &str| has_word(line, "sleep") && line.contains("sleep(") || line.contains("waitForTimeout(");
    lines_at_fault(source, rule, |line, is_test| is_test && source.language != Language::Other && sleeps(line))
}

fn names_say_something(source: &Source) -> Vec<Breach> {
    const EMPTY: [&str; 5] = ["Manager", "Service", "Helper", "Util", "Utils"];
    let name = |line: &str| {
        let words: Vec<&str> = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        let definition =
            words.windows(2).find(|pair| ["struct", "enum", "trait", "class", "interface"].contains(&pair[0]));
        definition.is_some_and(|pair| EMPTY.iter().any(|empty| pair[1].ends_with(empty)))
    };
    let rule = "a name that says nothing: Manager, Service, Helper, Util";
    lines_at_fault(source, rule, |line, _| source.language != Language::Other && name(line))
}

fn no_default_exports(source: &Source) -> Vec<Breach> {
    let in_the_page = source.path.starts_with("ui/src/") && !source.path.ends_with(".d.ts");
    lines_at_fault(source, "`export default`", |line, _| in_the_page && line.contains("export default"))
}

/// Features do not import features; `ui` and `lib` import neither them nor the application.
fn folders_of_the_page(source: &Source) -> Vec<Breach> {
    let Some(folder) = folder_of_the_page(&source.path) else {
        return Vec::new();
    };
    let imports = source.literals.iter().filter(|(line, text)| {
        let code = source.code.get(line - 1).map_or("", String::as_str);
        let import = ["from \"\"", "import \"\"", "import(\"\""].iter().any(|form| code.contains(form));
        import && !source.is_test_line(*line) && text.contains('/')
    });
    let mut found = Vec::new();
    for (line, text) in imports {
        let Some(path) = resolve(&source.path, text) else {
            continue;
        };
        let Some(target) = folder_of_the_page(&path) else {
            continue;
        };
        let forbidden = match folder {
            Folder::Feature(name) => matches!(target, Folder::Feature(other) if other != name) || target == Folder::App,
            Folder::Base => target != Folder::Base,
            Folder::App => false,
        };
        if forbidden {
            found.push(breach(source, *line, format!("`{text}` is not for this folder: app > features > lib, ui")));
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Folder<'a> {
    App,
    Feature(&'a str),
    /// `ui` and `lib`.
    Base,
}

fn folder_of_the_page(path: &str) -> Option<Folder<'_>> {
    let mut parts = path.strip_prefix("ui/src/")?.split('/');
    match parts.next()? {
        "features" => Some(Folder::Feature(parts.next()?)),
        "lib" | "ui" => Some(Folder::Base),
        "app" => Some(Folder::App),
        _ => None,
    }
}

/// The path below the root of an import of our own, none for a package.
fn resolve(from: &str, import: &str) -> Option<String> {
    if let Some(below) = import.strip_prefix("@/").or_else(|| import.strip_prefix("~/")) {
        return Some(format!("ui/src/{below}"));
    }
    if !import.starts_with('.') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Nothing of a machine on which it was made gets into the repository.
fn speaks_of_itself(source: &Source) -> Vec<Breach> {
    // In two parts, so that this file keeps its own rule.
    const WORDS: [(&str, &str); 2] = [(concat!("/wo", "rk/"), ""), (concat!("sub", "agent"), "agents")];
    let mut found = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        for (word, owner) in WORDS {
            let free = source.crate_name().is_some_and(|name| name == owner);
            let at = line.to_ascii_lowercase().find(word);
            let within_a_path = at
                .and_then(|at| line.get(..at)?.chars().next_back())
                .is_some_and(|letter| word.starts_with('/') && (letter.is_alphanumeric() || "._-~$}".contains(letter)));
            if at.is_some() && !free && !within_a_path {
                found.push(breach(source, number, format!("`{word}` is no word of this project")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, text)).into_iter().map(|breach| format!("{}: {}", breach.line, breach.rule)).collect()
    }

    const ENGINE: &str = "crates/engine/src/a.rs";

    #[track_caller]
    fn breaks(path: &str, text: &str, rule: &str) {
        let found = rules(path, text);
        assert!(found.len() == 1 && found[0].contains(rule), "{path}: {found:?}");
    }

    #[track_caller]
    fn keeps(path: &str, text: &str) {
        assert_eq!(rules(path, text), Vec::<String>::new(), "{path}");
    }

    #[test]
    fn a_file_states_its_purpose() {
        breaks(ENGINE, "fn f() {}", "//!");
        keeps(ENGINE, "//! Purpose.\nfn f() {}");
        breaks("crates/engine/src/a/mod.rs", "//! Purpose.", "mod.rs");
    }

    #[test]
    fn words_are_known_to_their_owners_only() {
        let text = "//! X.\nuse rusqlite::Connection;\n";
        breaks(ENGINE, text, "2: only `store` knows SQL");
        keeps("crates/store/src/a.rs", text);
        breaks(ENGINE, "//! X.\nlet a = Command::new(b);", "only `proc` spawns");
        keeps("crates/testkit/src/a.rs", "//! X.\nlet a = Command::new(b);");
        breaks(ENGINE, "//! X.\nuse axum::Router;", "axum");
        keeps(ENGINE, "//! X, unlike axum.\nlet a = \"axum\";");
    }

    #[test]
    fn a_vendor_is_named_in_agents_only() {
        let text = "//! X.\nlet a = \"Claude Code\";\n";
        breaks(ENGINE, text, "vendor");
        keeps("crates/agents/src/a.rs", text);
        keeps("crates/engine/tests/a.rs", text);
        breaks("ui/src/lib/a.ts", "const codex = 1;", "vendor");
        keeps("ui/src/lib/a.test.ts", "const codex = 1;");
        keeps(ENGINE, "//! X.\n// As Codex does.\n");
    }

    #[test]
    fn lints_are_expected_and_tasks_are_owned() {
        breaks(ENGINE, "//! X.\n#[allow(dead_code)]\nfn f() {}", "2: `#[allow]`");
        breaks(ENGINE, "//! X.\ntokio::spawn(f());", "bare");
        keeps(ENGINE, "//! X.\n#[expect(dead_code, reason = \"x\")]\nset.spawn(f());");
    }

    #[test]
    fn only_tests_are_asked_not_to_sleep() {
        let text = "//! X.\n#[cfg(test)]\nmod tests {\n fn a() { sleep(b); }\n}\n";
        breaks(ENGINE, text, "4: a test sleeps");
        keeps(ENGINE, "//! X.\nfn a() { sleep(b); }");
        keeps("crates/proc/tests/a.rs", "//! X.\nlet a = \"sleep 5\"; start_sleep();");
        breaks("ui/e2e/a.ts", "await page.waitForTimeout(5);", "sleeps");
    }

    #[test]
    fn a_name_says_something() {
        breaks(ENGINE, "//! X.\npub struct SessionManager {}", "says nothing");
        keeps(ENGINE, "//! X.\npub struct Helpful {}\nlet service = 1;");
    }

    #[test]
    fn folders_of_the_page_look_down_only() {
        let feature = "ui/src/features/tasks/list.tsx";
        breaks(feature, "import { a } from \"../sessions/card\";", "not for this folder");
        breaks(feature, "import { a } from '../../app/router';", "not for this folder");
        keeps(feature, "import { a } from \"./row\";\nimport { b } from \"../../lib/core\";\nimport c from \"cmdk\";");
        breaks("ui/src/lib/a.ts", "import { a } from \"@/features/tasks/list\";", "not for this folder");
        keeps("ui/src/app/a.ts", "import { a } from \"../features/tasks/list\";");
        breaks("ui/src/lib/a.ts", "export default a;", "export default");
    }

    #[test]
    fn folders_of_a_machine_stay_out() {
        let folder = concat!("/wo", "rk/");
        breaks("README.md", &format!("See {folder}main."), "no word");
        keeps("README.md", &format!("See src{folder}main."));
    }
}
