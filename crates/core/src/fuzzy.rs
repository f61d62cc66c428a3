//! How well a path fits what was typed to find it.
//!
//! Kinds of fit stand far apart, so that how recent a file is only decides among fits of about the same kind.

/// A name that begins with it.
const BEGINS_NAME: i32 = 1000;
/// A word of the name begins with it.
const BEGINS_WORD: i32 = 850;
/// Part of the name.
const IN_NAME: i32 = 700;
/// Part of the path.
const IN_PATH: i32 = 550;
/// Its letters in their order.
const SCATTERED: i32 = 200;
/// The most that letters that stand well add to [`SCATTERED`].
const STANDS_WELL: i32 = 250;

/// A path, prepared to be compared many times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searchable {
    lower: String,
    /// Where its name begins.
    name: usize,
}

impl Searchable {
    /// Prepares `path`.
    pub fn new(path: &str) -> Self {
        let lower = path.to_lowercase();
        let name = lower.rfind('/').map_or(0, |slash| slash + 1);
        Self { lower, name }
    }

    /// How well it fits `query`, which is in lower case: more is better, `None` where it does not.
    pub fn fit(&self, query: &str) -> Option<i32> {
        if query.is_empty() {
            return Some(0);
        }
        let name = &self.lower[self.name..];
        let kind = match (name.find(query), self.lower.find(query)) {
            (Some(0), _) => BEGINS_NAME,
            (Some(at), _) if begins_word(name, at) => BEGINS_WORD,
            (Some(_), _) => IN_NAME,
            (None, Some(_)) => IN_PATH,
            (None, None) => SCATTERED + scattered(&self.lower, query)?.min(STANDS_WELL),
        };
        let length = i32::try_from(self.lower.len()).unwrap_or(i32::MAX);
        Some(kind - length.min(100))
    }
}

fn begins_word(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric())
}

/// Letters of `query` in their order, taken from the end, where the name is.
fn scattered(text: &str, query: &str) -> Option<i32> {
    let mut points = 0;
    let mut last = text.len();
    for wanted in query.chars().rev() {
        let at = text[..last].rfind(wanted)?;
        if at + wanted.len_utf8() == last {
            points += 20;
        }
        if begins_word(text, at) {
            points += 25;
        }
        last = at;
    }
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(query: &str, paths: &[&'a str]) -> Vec<&'a str> {
        let mut found: Vec<_> =
            paths.iter().filter_map(|path| Searchable::new(path).fit(query).map(|fit| (fit, *path))).collect();
        found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
        found.into_iter().map(|(_, path)| path).collect()
    }

    #[test]
    fn the_name_counts_more_than_the_folders_and_words_more_than_scattered_letters() {
        let paths = [
            "comp/x/other.ts",
            "ui/decomposer.ts",
            "ui/the-composer.ts",
            "ui/Composer.tsx",
            "c/o/m/p/a.ts",
            "README.md",
        ];
        assert_eq!(
            best("comp", &paths),
            ["ui/Composer.tsx", "ui/the-composer.ts", "ui/decomposer.ts", "comp/x/other.ts", "c/o/m/p/a.ts"]
        );
        assert_eq!(best("uicomp", &paths)[0], "ui/Composer.tsx");
        assert_eq!(best("zzz", &paths), [""; 0]);
    }

    #[test]
    fn letters_of_several_bytes_break_nothing() {
        assert!(Searchable::new("grüße/🙂 notes.md").fit("ü🙂s").is_some());
        assert!(Searchable::new("İstanbul/ß.md").fit("ß").is_some());
    }
}
