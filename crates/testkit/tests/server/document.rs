//! A task's document as the model writes it: a list that grows in an editor, a line that editor and panel change, a
//! list that grows in the panel. Between them stand lines that nobody changes.

use std::fs;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    /// Which document it is; stays.
    pub id: u32,
    pub editor: Vec<u32>,
    pub both: u32,
    pub panel: Vec<u32>,
}

impl Text {
    pub fn new(title: &str, id: u32) -> Self {
        Self { title: title.to_owned(), id, editor: Vec::new(), both: 0, panel: Vec::new() }
    }

    pub fn render(&self) -> String {
        let list = |items: &[u32]| items.iter().fold(String::new(), |all, n| format!("{all}- {n}\n"));
        let Self { title, id, editor, both, panel } = self;
        let (editor, panel) = (list(editor), list(panel));
        format!(
            "# {title}\n\nThis is {id}.\nFrom an editor:\n{editor}That was it.\nBoth: {both}\nSo much for both.\n\
             From the panel:\n{panel}The end.\n"
        )
    }

    /// The document of a file; `None` where it is none, or not whole.
    pub fn parse(text: &str) -> Option<Self> {
        let between = |from: &str, to: &str| Some(text.split_once(from)?.1.split_once(to)?.0);
        let list = |from, to| {
            let items = between(from, to)?.lines().map(|line| line.strip_prefix("- ")?.parse().ok());
            items.collect::<Option<Vec<u32>>>()
        };
        let parsed = Self {
            title: between("# ", "\n")?.to_owned(),
            id: between("This is ", ".\n")?.parse().ok()?,
            editor: list("From an editor:\n", "That was it.\n")?,
            both: between("Both: ", "\n")?.parse().ok()?,
            panel: list("From the panel:\n", "The end.\n")?,
        };
        (parsed.render() == text).then_some(parsed)
    }

    /// Both edits of `base`; `None` where they contradict each other.
    pub fn merge(base: &Self, theirs: &Self, ours: &Self) -> Option<Self> {
        Some(Self {
            title: base.title.clone(),
            id: base.id,
            editor: merged(&base.editor, &theirs.editor, &ours.editor)?,
            both: merged(&base.both, &theirs.both, &ours.both)?,
            panel: merged(&base.panel, &theirs.panel, &ours.panel)?,
        })
    }
}

fn merged<T: PartialEq + Clone>(base: &T, theirs: &T, ours: &T) -> Option<T> {
    match (theirs == base, ours == base) {
        (_, true) => Some(theirs.clone()),
        (true, false) => Some(ours.clone()),
        (false, false) => (theirs == ours).then(|| ours.clone()),
    }
}

/// Edits a file as an editor does: read, changed, put in its place whole. False where there is no such file.
pub fn edit_file(file: &Path, beside: &Path, change: impl FnOnce(&mut Text)) -> bool {
    let Ok(before) = fs::read_to_string(file) else { return false };
    let mut text = Text::parse(&before).unwrap_or_else(|| panic!("{} is not whole:\n{before}", file.display()));
    change(&mut text);
    fs::write(beside, text.render()).unwrap();
    fs::rename(beside, file).unwrap();
    true
}
