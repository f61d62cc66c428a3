//! Sizes: of files, of functions, of the tests; and which of them are too large.

use super::rules::Breach;
use super::source::{Language, Source};

/// Limits on the lines of a file, without its tests.
struct Limits {
    name: &'static str,
    language: Language,
    /// 95 % stay below this.
    most: usize,
    /// All do.
    hard: usize,
}

const LIMITS: [Limits; 2] = [
    Limits { name: "Rust", language: Language::Rust, most: 500, hard: 800 },
    Limits { name: "TypeScript", language: Language::TypeScript, most: 330, hard: 600 },
];
/// Below this number of files, five in a hundred is a matter of chance.
const FEW: usize = 40;
const LONG_FUNCTION: usize = 70;

/// Lines to print, and what is too large.
pub fn measure(sources: &[Source]) -> (Vec<String>, Vec<Breach>) {
    let mut lines = Vec::new();
    let mut breaches = Vec::new();
    for limits in &LIMITS {
        let files: Vec<&Source> = sources.iter().filter(|source| source.language == limits.language).collect();
        breaches.extend(too_large(limits, &files));
        lines.push(summary(limits, &files));
    }
    let functions: Vec<usize> = sources.iter().flat_map(function_lengths).collect();
    let long = functions.iter().filter(|length| **length >= LONG_FUNCTION).count();
    lines.push(format!(
        "functions   {} in Rust, {} of {LONG_FUNCTION} lines or more",
        functions.len(),
        of(long, functions.len())
    ));
    let effects: usize = sources.iter().map(effects).sum();
    lines.push(format!("useEffect   {effects} calls"));
    (lines, breaches)
}

fn too_large(limits: &Limits, files: &[&Source]) -> Vec<Breach> {
    let hard = files.iter().filter(|file| file.product_lines() > limits.hard);
    let mut found: Vec<Breach> = hard
        .map(|file| Breach {
            path: file.path.clone(),
            line: 0,
            rule: format!("{} lines without tests, {} are too many", file.product_lines(), limits.hard),
        })
        .collect();
    let large: Vec<&&Source> = files.iter().filter(|file| file.product_lines() > limits.most).collect();
    if files.len() >= FEW && large.len() * 20 > files.len() {
        found.extend(large.iter().map(|file| Breach {
            path: file.path.clone(),
            line: 0,
            rule: format!(
                "more than 5 % of the files are over {} lines, this one has {}",
                limits.most,
                file.product_lines()
            ),
        }));
    }
    found
}

fn summary(limits: &Limits, files: &[&Source]) -> String {
    let mut sizes: Vec<usize> = files.iter().map(|file| file.product_lines()).filter(|size| *size > 0).collect();
    sizes.sort_unstable();
    let at = |share: usize| sizes.get((sizes.len() * share / 100).min(sizes.len().saturating_sub(1))).unwrap_or(&0);
    let product: usize = sizes.iter().sum();
    let all: usize = files.iter().map(|file| file.code.len()).sum();
    let large = sizes.iter().filter(|size| **size > limits.most).count();
    format!(
        "{:<11} {} files, median {} lines, p95 {}, largest {}, over {}: {large}; {all} lines, tests {}",
        limits.name,
        files.len(),
        at(50),
        at(95),
        sizes.last().unwrap_or(&0),
        limits.most,
        of(all - product, all),
    )
}

fn of(part: usize, whole: usize) -> String {
    format!("{part} ({} %)", part * 100 / whole.max(1))
}

fn effects(source: &Source) -> usize {
    let lines = source.lines().filter(|(_, line, is_test)| !is_test && line.contains("useEffect("));
    lines.count()
}

/// Lines of each function outside the tests, from `fn` to the closing brace.
fn function_lengths(source: &Source) -> Vec<usize> {
    if source.language != Language::Rust {
        return Vec::new();
    }
    let starts = source.lines().filter(|(_, line, is_test)| !is_test && is_function(line));
    starts.filter_map(|(number, _, _)| body_length(source.code.get(number - 1..)?)).collect()
}

fn is_function(line: &str) -> bool {
    let words = line.split_whitespace().take_while(|word| *word != "fn");
    let before: Vec<&str> = words.collect();
    line.contains("fn ")
        && before.len() < line.split_whitespace().count()
        && before
            .iter()
            .all(|word| word.starts_with("pub") || ["const", "async", "unsafe", "crate)", "super)"].contains(word))
}

/// None for a function without a body.
fn body_length(code: &[String]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut open = false;
    for (index, line) in code.iter().enumerate() {
        for letter in line.chars() {
            match letter {
                '{' => {
                    depth += 1;
                    open = true;
                }
                '}' => depth = depth.saturating_sub(1),
                ';' if !open => return None,
                _ => {}
            }
        }
        if open && depth == 0 {
            return Some(index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, lines: usize) -> Source {
        Source::new(&format!("crates/x/src/{name}.rs"), &"a\n".repeat(lines))
    }

    #[test]
    fn a_file_may_not_be_huge_but_its_tests_may() {
        assert_eq!(measure(&[file("a", 801)]).1.len(), 1);
        let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "a\n".repeat(700), "b\n".repeat(700));
        assert!(measure(&[Source::new("crates/x/src/a.rs", &tests)]).1.is_empty());
    }

    #[test]
    fn few_files_may_be_large_and_of_many_one_in_twenty() {
        let few: Vec<Source> = (0..10).map(|number| file(&number.to_string(), 600)).collect();
        assert!(measure(&few).1.is_empty());
        let with = |large: usize| -> Vec<Source> {
            (0..60).map(|number| file(&number.to_string(), if number < large { 600 } else { 10 })).collect()
        };
        assert!(measure(&with(3)).1.is_empty());
        assert_eq!(measure(&with(4)).1.len(), 4);
    }

    #[test]
    fn functions_are_measured_to_their_closing_brace() {
        let text =
            "//! X.\npub async fn a(\n    b: C,\n) {\n    if d {\n    }\n}\nfn e();\nlet fn_like = 1;\n  fn f() {}\n";
        assert_eq!(function_lengths(&Source::new("crates/x/src/a.rs", text)), [6, 1]);
    }
}
