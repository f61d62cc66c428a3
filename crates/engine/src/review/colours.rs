//! The colours of source text: what kind of word stands where. The grammars are those of Sublime Text, by `syntect`; the
//! language is told by the file's name, else by its first line.

use crate::recent::Recent;
use qd_git::BlobId;
use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::{Arc, LazyLock};
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// Lines; each is a list of lengths in UTF-16 units, each followed by an index into [`NAMES`].
pub(crate) type Coloured = Vec<Vec<u32>>;

/// What a colour stands for; the first is plain text.
pub(super) const NAMES: &[&str] = &[
    "plain",
    "comment",
    "string",
    "constant",
    "keyword",
    "function",
    "type",
    "attribute",
    "tag",
    "heading",
    "invalid",
];

/// Scopes by their beginning, the more special before the more general, and what they are shown as.
const SCOPES: &[(&str, usize)] = &[
    ("comment", 1),
    ("string", 2),
    ("constant.character.escape", 3),
    ("constant", 3),
    ("keyword.operator.word", 4),
    ("keyword.operator", 0),
    ("keyword", 4),
    ("storage", 4),
    ("variable.language", 4),
    ("entity.name.function", 5),
    ("support.function", 5),
    ("variable.function", 5),
    ("support.macro", 5),
    ("entity.name.tag", 8),
    ("entity.other.attribute-name", 7),
    ("meta.annotation", 7),
    ("variable.annotation", 7),
    ("entity.name.section", 9),
    ("markup.heading", 9),
    ("markup.raw", 2),
    ("entity.name", 6),
    ("entity.other.inherited-class", 6),
    ("support.type", 6),
    ("support.class", 6),
    ("support.constant", 3),
    ("invalid", 10),
];

/// A longer file is shown plain.
const LONGEST_FILE: usize = 2 << 20;
/// A longer line is, and those behind it go on as if it were empty.
const LONGEST_LINE: usize = 5_000;
/// So many files are kept.
const KEPT: usize = 64;

struct Grammars {
    set: SyntaxSet,
    scopes: Vec<(Scope, usize)>,
}

/// Made when the first file is coloured: it takes some megabytes.
static GRAMMARS: LazyLock<Grammars> = LazyLock::new(|| Grammars {
    set: two_face::syntax::extra_newlines(),
    scopes: SCOPES.iter().filter_map(|(name, colour)| Some((Scope::from_str(name).ok()?, *colour))).collect(),
});

/// What was coloured last, by content and by the name that tells the language.
pub(crate) type Palette = Recent<(BlobId, String), Arc<Coloured>, KEPT>;

/// The last part of a path, which tells the language.
pub(super) fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Colours a file; nothing where its language is not known or it is too large.
pub(super) fn colour(path: &str, bytes: &[u8]) -> Coloured {
    if bytes.len() > LONGEST_FILE {
        return Coloured::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let Grammars { set, scopes } = &*GRAMMARS;
    let Some(syntax) = syntax(set, &name_of(path), &text) else { return Coloured::new() };
    let mut brush =
        Brush { set, scopes, known: HashMap::new(), state: ParseState::new(syntax), stack: ScopeStack::new() };
    text.split_inclusive('\n').map(|line| brush.line(line)).collect()
}

fn syntax<'a>(set: &'a SyntaxSet, name: &str, text: &str) -> Option<&'a SyntaxReference> {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).map(|ending| match ending {
        "jsx" => "tsx",
        "mjs" | "cjs" => "js",
        "mts" | "cts" => "ts",
        other => other,
    });
    set.find_syntax_by_extension(name)
        .or_else(|| set.find_syntax_by_extension(ending?))
        .or_else(|| set.find_syntax_by_first_line(text.lines().next()?))
        .filter(|syntax| syntax.name != "Plain Text")
}

struct Brush<'a> {
    set: &'a SyntaxSet,
    scopes: &'a [(Scope, usize)],
    /// What scopes are shown as; none are those that say nothing.
    known: HashMap<Scope, Option<usize>>,
    state: ParseState,
    stack: ScopeStack,
}

impl Brush<'_> {
    fn line(&mut self, line: &str) -> Vec<u32> {
        let mut colours = Vec::new();
        if line.len() > LONGEST_LINE {
            return colours;
        }
        // A grammar that fails leaves the rest as it was.
        let Ok(changes) = self.state.parse_line(line, self.set) else { return colours };
        let shown = line.trim_end_matches(['\n', '\r']);
        let mut from = 0;
        for (at, change) in changes {
            self.stroke(&mut colours, shown.get(from..at.min(shown.len())));
            from = at.max(from);
            if self.stack.apply(&change).is_err() {
                self.stack = ScopeStack::new();
            }
        }
        self.stroke(&mut colours, shown.get(from..));
        // Plain text at the end needs no mention.
        if colours.last() == Some(&0) {
            colours.truncate(colours.len() - 2);
        }
        colours
    }

    fn stroke(&mut self, colours: &mut Vec<u32>, text: Option<&str>) {
        let units = u32::try_from(text.unwrap_or_default().encode_utf16().count()).unwrap_or_default();
        if units == 0 {
            return;
        }
        let colour = self.now();
        match colours.as_mut_slice() {
            [.., length, last] if *last == colour => *length += units,
            _ => colours.extend([units, colour]),
        }
    }

    /// The colour of the innermost scope that has one.
    fn now(&mut self) -> u32 {
        let (scopes, known) = (self.scopes, &mut self.known);
        let mut of = |scope: &Scope| {
            *known.entry(*scope).or_insert_with(|| {
                scopes.iter().find(|(start, _)| start.is_prefix_of(*scope)).map(|(_, colour)| *colour)
            })
        };
        let colour = self.stack.scopes.iter().rev().find_map(&mut of).unwrap_or_default();
        u32::try_from(colour).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a line with their colours.
    fn told(name: &str, text: &str) -> Vec<Vec<(String, &'static str)>> {
        let coloured = colour(name, text.as_bytes());
        let words = |(line, colours): (&str, &Vec<u32>)| {
            let mut units: Vec<u16> = line.encode_utf16().collect();
            let runs = colours.chunks(2).map(|run| {
                let rest = units.split_off(run[0] as usize);
                let word = String::from_utf16(&std::mem::replace(&mut units, rest)).unwrap();
                (word, NAMES[run[1] as usize])
            });
            runs.filter(|(_, name)| *name != "plain").collect()
        };
        text.lines().zip(&coloured).map(words).collect()
    }

    fn all(words: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        words.iter().map(|(word, name)| ((*word).to_owned(), *name)).collect()
    }

    #[test]
    fn words_are_what_they_are_also_behind_letters_of_two_units() {
        let told = told("a/lib.rs", "// \u{1f980}\nfn main() { let s = \"\u{1f980}\"; } // end\n");
        assert_eq!(told[0], all(&[("// \u{1f980}", "comment")]));
        let line = &told[1];
        assert!(
            line.contains(&("fn".to_owned(), "keyword")) || line.contains(&("fn ".to_owned(), "keyword")),
            "{line:?}"
        );
        assert!(line.contains(&("main".to_owned(), "function")), "{line:?}");
        assert!(line.contains(&("\"\u{1f980}\"".to_owned(), "string")), "{line:?}");
        assert!(line.contains(&("// end".to_owned(), "comment")), "{line:?}");
    }

    #[test]
    fn the_usual_languages_are_known() {
        let unknown: Vec<_> = [
            "a.rs",
            "a.py",
            "a.js",
            "a.jsx",
            "a.ts",
            "a.tsx",
            "a.go",
            "a.java",
            "a.kt",
            "a.swift",
            "a.c",
            "a.h",
            "a.cpp",
            "a.cs",
            "a.rb",
            "a.php",
            "a.html",
            "a.css",
            "a.scss",
            "a.less",
            "a.json",
            "a.yaml",
            "a.yml",
            "a.toml",
            "a.xml",
            "a.md",
            "a.sh",
            "a.bash",
            "a.zsh",
            "a.fish",
            "a.sql",
            "a.lua",
            "a.pl",
            "a.r",
            "a.scala",
            "a.clj",
            "a.ex",
            "a.erl",
            "a.hs",
            "a.ml",
            "a.fs",
            "a.dart",
            "a.zig",
            "a.nix",
            "a.tf",
            "a.proto",
            "a.graphql",
            "a.vue",
            "a.svelte",
            "Dockerfile",
            "Makefile",
            "CMakeLists.txt",
            "a.ini",
            "a.diff",
            "a.tex",
            "a.groovy",
            "a.vim",
        ]
        .into_iter()
        .filter(|name| syntax(&GRAMMARS.set, name, "").is_none())
        .collect();
        assert_eq!(unknown, Vec::<&str>::new());
        assert!(syntax(&GRAMMARS.set, "run", "#!/usr/bin/env python3\n").is_some(), "by its first line");
    }

    #[test]
    fn what_is_unknown_huge_or_no_text_is_plain() {
        assert_eq!(colour("a.unknown", b"let x = 1;\n"), Coloured::new());
        assert_eq!(colour("a.rs", &vec![b'x'; LONGEST_FILE + 1]), Coloured::new());
        let long = format!("{}\nfn a() {{}}\n", "x".repeat(LONGEST_LINE + 1));
        let coloured = colour("a.rs", long.as_bytes());
        assert!(coloured[0].is_empty() && !coloured[1].is_empty());
        colour("a.rs", b"\xff\xfe\0\"\n\xc3");
    }
}
