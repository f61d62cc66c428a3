//! The places that the walk of `ARCHITECTURE.md` names, and code that reports them.

use anyhow::{Context, Result, ensure};

const HEADING: &str = "## Walk 1:";

/// The places of the walk in their order, as `file::symbol`. A line `step N` begins each step, with ` after M` where the
/// step begins with `Meanwhile, after step M`.
pub fn of_walk(document: &str) -> Result<Vec<String>> {
    let (_, walk) = document.split_once(HEADING).context("ARCHITECTURE.md has no first walk")?;
    let walk = walk.split("\n## ").next().unwrap_or_default();
    let mut places = Vec::new();
    let mut in_step = false;
    for line in walk.lines() {
        if let Some((number, text)) = line.split_once(". ").filter(|(number, _)| number.parse::<u32>().is_ok()) {
            in_step = true;
            let after = text.strip_prefix("Meanwhile, after step ").and_then(|rest| rest.split(',').next());
            places.push(format!("step {number}{}", after.map(|after| format!(" after {after}")).unwrap_or_default()));
        } else if !line.starts_with(' ') {
            in_step = false;
        }
        let named = line.split('`').skip(1).step_by(2).filter(|code| code.contains('/') && code.contains("::"));
        places.extend(named.filter(|_| in_step).map(str::to_owned));
    }
    ensure!(places.iter().any(|place| place.contains("::")), "the first walk names no place");
    Ok(places)
}

/// `text` with a report at the beginning of every function called `symbol`.
pub fn report(text: &str, place: &str, symbol: &str) -> Result<String> {
    let mut bodies = bodies(text, symbol);
    ensure!(!bodies.is_empty(), "no function is called `{symbol}`");
    let report = if place.contains(".rs::") {
        format!(" qd_core::walk::passed(\"{place}\");")
    } else {
        format!(" globalThis.qdPassed(\"{place}\");")
    };
    // From behind, so that the places before stay where they are.
    bodies.sort_unstable();
    let mut text = text.to_owned();
    for body in bodies.iter().rev() {
        if !text[*body..].starts_with(&report) {
            text.insert_str(*body, &report);
        }
    }
    Ok(text)
}

/// Where the bodies of the functions called `symbol` begin, in Rust or TypeScript.
fn bodies(text: &str, symbol: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(symbol) {
        let (before, after) = (&text[..at], &text[at + symbol.len()..]);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let declared = before.ends_with("fn ") || before.ends_with("function ");
        // A method of a TypeScript class has no word before it, but its body on the same line.
        let method = line.trim().is_empty() && after.lines().next().is_some_and(|rest| rest.ends_with('{'));
        if (declared || method) && after.starts_with(['(', '<']) {
            found.extend(body(after).map(|body| at + symbol.len() + body));
        }
    }
    found
}

/// Where the body begins, from the end of the name on: at the first brace behind the arguments.
fn body(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut begun = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => {
                depth += 1;
                begun = true;
            }
            ')' => depth = depth.saturating_sub(1),
            // A declaration without a body.
            ';' if begun && depth == 0 => return None,
            '{' if begun && depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{of_walk, report};

    #[test]
    fn a_walk_is_its_numbered_steps() {
        let text = "# A\n`x/a.rs::no`\n## Walk 1: c\nIt names `x/a.rs::no`.\n\n1. One `x/a.rs::f` and `decide`,\n   `x/b.ts::g`.\n\
                    2. Meanwhile, after step 1, `x/a.rs::h`.\n\nElse `x/a.rs::no`.\n## Walk 2\n1. `x/a.rs::no`\n";
        assert_eq!(of_walk(text).unwrap(), ["step 1", "x/a.rs::f", "x/b.ts::g", "step 2 after 1", "x/a.rs::h"]);
    }

    #[test]
    fn a_function_reports_at_the_beginning_of_its_body() {
        let rust = "trait T { fn go(&self); }\nimpl T for U {\n    fn go(&self, f: impl Fn(u8)) -> X {\n        going(f)\n    }\n}\n";
        let expected = rust.replace("-> X {", "-> X { qd_core::walk::passed(\"a/b.rs::go\");");
        assert_eq!(report(rust, "a/b.rs::go", "go").unwrap(), expected);
        let page = "class S {\n  act(c: { a: 1 }): string {\n    act(c);\n  }\n}\n";
        let expected = page.replace("string {", "string { globalThis.qdPassed(\"a/b.ts::act\");");
        assert_eq!(report(page, "a/b.ts::act", "act").unwrap(), expected);
        assert!(report(page, "a/b.ts::react", "react").is_err());
    }
}
