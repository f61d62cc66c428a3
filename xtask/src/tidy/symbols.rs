//! `file::symbol` in the documents: each must be there.

use super::rules::Breach;
use super::source::Source;

/// The places of `documents` that name a file or a symbol that is not there.
pub fn check(sources: &[Source]) -> Vec<Breach> {
    let documents = sources.iter().filter(|s| ["ARCHITECTURE.md", "CONTRIBUTING.md"].contains(&s.path.as_str()));
    documents.flat_map(|document| missing(document, sources)).collect()
}

fn missing(document: &Source, sources: &[Source]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (number, line) in document.text.lines().enumerate() {
        for (path, symbol) in line.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")) {
            if !path.contains('/') {
                continue;
            }
            let found = sources.iter().find(|s| s.path == path);
            let rule = match found {
                None => format!("there is no file {path}"),
                Some(source) if !defines(&source.text, symbol) => format!("{path} has no `{symbol}`"),
                Some(_) => continue,
            };
            breaches.push(Breach { path: document.path.clone(), line: number + 1, rule });
        }
    }
    breaches
}

/// Whether `text` (Rust or TypeScript) defines `symbol`.
fn defines(text: &str, symbol: &str) -> bool {
    let heads = ["fn ", "struct ", "enum ", "trait ", "mod ", "function ", "class ", "const "];
    let at_word_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let declared = heads.iter().any(|head| {
        let head = format!("{head}{symbol}");
        text.match_indices(&head).any(|(at, _)| at_word_end(&text[at + head.len()..]))
    });
    // A method of a TypeScript class has no word before it.
    declared
        || text.lines().any(|line| {
            line.trim_start().strip_prefix(symbol).is_some_and(|rest| rest.starts_with('(') && line.ends_with('{'))
        })
}

#[cfg(test)]
mod tests {
    use super::defines;

    #[test]
    fn a_longer_name_is_not_the_symbol() {
        assert!(defines("pub fn decide(state", "decide"));
        assert!(!defines("pub fn decide_again(state", "decide"));
        assert!(defines("  act(command: Act): string | null {", "act"));
        assert!(!defines("  react(x) {", "act"));
    }
}
