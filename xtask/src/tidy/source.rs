//! A source file as the rules see it: code apart from literals and comments,
//! and tests apart from the rest. It knows no rule.

/// What a file is written in, as far as a rule cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    TypeScript,
    Other,
}

/// One file of the repository.
pub struct Source {
    /// Below the root, with `/`.
    pub path: String,
    pub language: Language,
    pub text: String,
    /// The lines with literals and comments blanked.
    pub code: Vec<String>,
    /// String literals with the number of the line they begin on, from 1.
    pub literals: Vec<(usize, String)>,
    /// For each line, whether it belongs to a test.
    pub is_test: Vec<bool>,
}

impl Source {
    /// Reads a file's text; nothing is guessed from other files.
    pub fn new(path: &str, text: &str) -> Self {
        let language = match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "rs" => Language::Rust,
            "ts" | "tsx" => Language::TypeScript,
            _ => Language::Other,
        };
        let (blanked, literals) = match language {
            Language::Other => (text.to_owned(), Vec::new()),
            language => Lexer::new(text, language).run(),
        };
        let code: Vec<String> = blanked.lines().map(str::to_owned).collect();
        let is_test = if is_test_file(path) { vec![true; code.len()] } else { test_lines(&code) };
        Self { path: path.to_owned(), language, text: text.to_owned(), code, literals, is_test }
    }

    /// The crate that a path under `crates/` belongs to, or `xtask`.
    pub fn crate_name(&self) -> Option<&str> {
        match self.path.strip_prefix("crates/") {
            Some(below) => below.split('/').next(),
            None => self.path.starts_with("xtask/").then_some("xtask"),
        }
    }

    /// Paths of the files that `#[cfg(test)] mod name;` here makes part of the tests.
    pub fn test_modules(&self) -> Vec<String> {
        let Some(stem) = self.path.strip_suffix(".rs") else { return Vec::new() };
        let folder = match stem.rsplit_once('/') {
            Some((folder, "lib" | "main")) => folder,
            _ => stem,
        };
        let pairs = self.code.windows(2).filter(|pair| pair[0].trim() == "#[cfg(test)]");
        let names = pairs.filter_map(|pair| pair[1].trim().rsplit_once("mod ")?.1.strip_suffix(';'));
        names.map(|name| format!("{folder}/{name}.rs")).collect()
    }

    /// Lines that are no test.
    pub fn product_lines(&self) -> usize {
        self.is_test.iter().filter(|is_test| !**is_test).count()
    }

    /// Numbered lines of code, from 1, with whether each is a test's.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str, bool)> {
        let lines = self.code.iter().zip(&self.is_test).enumerate();
        lines.map(|(index, (line, is_test))| (index + 1, line.as_str(), *is_test))
    }

    /// Whether a line, by its number from 1, is a test's.
    pub fn is_test_line(&self, number: usize) -> bool {
        self.is_test.get(number.saturating_sub(1)).copied().unwrap_or_default()
    }
}

fn is_test_file(path: &str) -> bool {
    let mut folders = path.split('/').rev();
    let name = folders.next().unwrap_or_default();
    name == "tests.rs"
        || name.ends_with("_tests.rs")
        || name.contains(".test.")
        || name.contains(".spec.")
        || folders.any(|folder| ["tests", "benches", "e2e", "fake", "fixtures"].contains(&folder))
}

/// Marks what `#[cfg(test)]` covers: up to the end of its block or statement.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marks = vec![false; code.len()];
    let mut depth: Option<usize> = None;
    for (line, mark) in code.iter().zip(&mut marks) {
        let start = if depth.is_some() { Some(0) } else { line.find("#[cfg(test)]").map(|at| at + 12) };
        let Some(start) = start else { continue };
        *mark = true;
        depth = after(line.get(start..).unwrap_or_default(), depth.unwrap_or_default());
    }
    marks
}

/// The depth of braces after a line, none when what was open has ended.
fn after(line: &str, mut depth: usize) -> Option<usize> {
    for letter in line.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth <= 1 => return None,
            '}' => depth -= 1,
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    Some(depth)
}

/// Takes literals and comments out of Rust or TypeScript. It is no parser:
/// where the two differ in something rare it may err to the end of the line.
struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    language: Language,
    line: usize,
    code: String,
    literals: Vec<(usize, String)>,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, language: Language) -> Self {
        let rest = text.chars().peekable();
        Self { rest, language, line: 1, code: String::new(), literals: Vec::new() }
    }

    fn run(mut self) -> (String, Vec<(usize, String)>) {
        while let Some(letter) = self.rest.next() {
            match (letter, self.rest.peek().copied()) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string('"', 0),
                ('\'' | '`', _) if self.language == Language::TypeScript => self.string(letter, 0),
                ('\'', _) => self.letter_or_lifetime(),
                ('r', Some('"' | '#')) if self.begins_a_word() => self.raw_string(),
                _ => self.keep(letter),
            }
        }
        (self.code, self.literals)
    }

    fn keep(&mut self, letter: char) {
        self.code.push(letter);
        self.line += usize::from(letter == '\n');
    }

    fn begins_a_word(&self) -> bool {
        let mut before = self.code.chars().rev();
        let last = before.next();
        let of_a_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        self.language == Language::Rust && (!of_a_word(last) || (last == Some('b') && !of_a_word(before.next())))
    }

    /// Keeps line ends, so that numbers stay right, and drops the rest.
    fn blank(&mut self, letter: char) {
        if letter == '\n' {
            self.keep(letter);
        }
    }

    fn line_comment(&mut self) {
        while let Some(letter) = self.rest.next_if(|letter| *letter != '\n') {
            self.blank(letter);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 1;
        let mut previous = '/';
        self.rest.next();
        while let Some(letter) = self.rest.next() {
            self.blank(letter);
            match (previous, letter) {
                ('*', '/') => depth -= 1,
                ('/', '*') if self.language == Language::Rust => depth += 1,
                _ => {
                    previous = letter;
                    continue;
                }
            }
            previous = ' ';
            if depth == 0 {
                return;
            }
        }
    }

    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.rest.next_if_eq(&'#').is_some() {
            hashes += 1;
        }
        if self.rest.next_if_eq(&'"').is_some() {
            self.string('"', hashes);
        } else {
            // A raw name, such as `r#type`.
            self.keep('r');
        }
    }

    /// A string after its opening quote; `hashes` of a raw one, which has no escapes.
    /// A raw string without hashes is read with escapes: rare, and harmless here.
    fn string(&mut self, quote: char, hashes: usize) {
        let start = self.line;
        let mut literal = String::new();
        let ends_with_line = self.language == Language::TypeScript && quote != '`';
        self.code.push_str("\"\"");
        while let Some(letter) = self.rest.next() {
            self.blank(letter);
            if (letter == quote && self.closes(hashes)) || (letter == '\n' && ends_with_line) {
                break;
            }
            literal.push(letter);
            if letter == '\\'
                && hashes == 0
                && let Some(escaped) = self.rest.next()
            {
                self.blank(escaped);
                literal.push(escaped);
            }
        }
        self.literals.push((start, literal));
    }

    fn closes(&mut self, hashes: usize) -> bool {
        let mut ahead = self.rest.clone();
        let closes = (0..hashes).all(|_| ahead.next() == Some('#'));
        if closes {
            self.rest = ahead;
        }
        closes
    }

    /// `'a'` and `'\n'` go, `'a` stays.
    fn letter_or_lifetime(&mut self) {
        let mut ahead = self.rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('\\'), _) => {
                self.rest.next();
                self.rest.next();
                while self.rest.next_if(|letter| *letter != '\'' && *letter != '\n').is_some() {}
                self.rest.next_if_eq(&'\'');
            }
            (Some(_), Some('\'')) => {
                self.rest.next();
                self.rest.next();
            }
            _ => self.code.push('\''),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Source {
        Source::new("crates/x/src/x.rs", text)
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let source = rust("let a = \"x // y\"; // z\n/* b /* c */ d */ e('\"', '\\'', 'f');\n");
        assert_eq!(source.code, ["let a = \"\"; ", " e(, , );"]);
        assert_eq!(source.literals, [(1, "x // y".to_owned())]);
    }

    #[test]
    fn raw_strings_and_lifetimes_are_told_apart() {
        let source = rust("fn f<'a>(x: &'a str) { g(r#\"a\"b\"#, br\"c\", r#type) }\nlast");
        assert_eq!(source.code[0], "fn f<'a>(x: &'a str) { g(\"\", b\"\", rtype) }");
        assert_eq!(source.literals[0].1, "a\"b");
        assert_eq!(source.code[1], "last");
    }

    #[test]
    fn lines_keep_their_numbers_over_long_literals() {
        let source = rust("let a = \"one\n two\";\nlet b = \"three\";");
        assert_eq!(source.code.len(), 3);
        assert_eq!(source.literals[1], (3, "three".to_owned()));
    }

    #[test]
    fn a_quote_in_a_typescript_pattern_spoils_its_line_only() {
        let source = Source::new("ui/src/a.ts", "const a = /'/;\nconst b = 'c';");
        assert_eq!(source.code[1], "const b = \"\";");
    }

    #[test]
    fn what_cfg_test_covers_is_a_test() {
        let source = rust("a\n#[cfg(test)]\nmod tests {\n fn f() {}\n}\nb\n#[cfg(test)]\nuse c;\nd\n");
        assert_eq!(source.is_test, [false, true, true, true, true, false, true, true, false]);
        assert_eq!(source.product_lines(), 3);
    }

    #[test]
    fn a_module_of_the_tests_has_its_file_beside_or_below() {
        let text = "#[cfg(test)]\npub(crate) mod testing;\nmod product;\n";
        assert_eq!(Source::new("crates/x/src/lib.rs", text).test_modules(), ["crates/x/src/testing.rs"]);
        assert_eq!(Source::new("crates/x/src/a.rs", text).test_modules(), ["crates/x/src/a/testing.rs"]);
    }

    #[test]
    fn test_files_are_known_by_their_place_and_name() {
        for path in ["crates/x/tests/a.rs", "crates/x/src/a/tests.rs", "ui/src/a.test.ts", "ui/e2e/a.ts"] {
            assert!(Source::new(path, "a").is_test_line(1), "{path}");
        }
        assert!(!Source::new("crates/x/src/contests.rs", "a").is_test_line(1));
    }
}
