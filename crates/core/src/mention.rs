//! Mentions of files in a message: `@path`, or `@"a path"` where it has white space, at the beginning of a word.

/// The paths that `text` mentions, each once, in order. Whether there are such files is another question.
pub fn paths(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut begins_word = true;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        let (path, next) = match after.strip_prefix('"') {
            _ if character != '@' || !begins_word => ("", after),
            Some(quoted) => match quoted.split_once(['"', '\n']) {
                Some((path, next)) if quoted[path.len()..].starts_with('"') => (path, next),
                _ => ("", after),
            },
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        // A sentence may end behind it.
        let path = path.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        if !path.is_empty() && !found.contains(&path) {
            found.push(path);
        }
        begins_word = character.is_whitespace();
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn paths_are_found_plain_and_in_quotes() {
        assert_eq!(paths("see @src/a.rs and\n@\"my notes.md\", @src/a.rs."), ["src/a.rs", "my notes.md"]);
        assert_eq!(paths("@ü/🙂.md"), ["ü/🙂.md"]);
    }

    #[test]
    fn addresses_and_what_is_not_closed_mention_nothing() {
        for text in ["me@example.com", "@", "@ x", "@\"not closed", "@?!", "@\"over\nlines\"", "a@\"b\""] {
            assert_eq!(paths(text), [""; 0], "{text}");
        }
    }
}
