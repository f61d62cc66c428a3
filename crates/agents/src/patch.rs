//! Unified diffs as what a tool call shows: the text around each change, before and after.

use qd_core::event::ToolContent;

/// One hunk, given by its lines with their signs.
pub(crate) fn hunk<'a>(path: &str, lines: &(impl Iterator<Item = &'a str> + Clone)) -> ToolContent {
    let side = |without: char| {
        let lines = lines.clone().filter(|line| !line.starts_with([without, '\\']));
        lines.filter_map(|line| line.get(1..)).fold(String::new(), |text, line| text + line + "\n")
    };
    ToolContent::Diff { path: path.to_owned(), old: Some(side('+')), new: side('-') }
}

/// All hunks of a diff of one file.
pub(crate) fn hunks(path: &str, diff: &str) -> Vec<ToolContent> {
    let mut hunks: Vec<Vec<&str>> = Vec::new();
    for line in diff.lines() {
        match hunks.last_mut() {
            _ if line.starts_with("@@") => hunks.push(Vec::new()),
            Some(lines) => lines.push(line),
            // What stands before the first hunk names the files.
            None => {}
        }
    }
    hunks.iter().map(|lines| hunk(path, &lines.iter().copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hunk_shows_its_lines_before_and_after() {
        let diff =
            "--- a\n+++ b\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n@@ -9 +9 @@\n-nine\n+9\n\\ No newline at end of file\n";
        let shown = |old: &str, new: &str| ToolContent::Diff {
            path: "f".to_owned(),
            old: Some(old.to_owned()),
            new: new.to_owned(),
        };
        assert_eq!(hunks("f", diff), [shown("one\ntwo\n", "one\n2\n"), shown("nine\n", "9\n")]);
    }
}
