//! What a prompt says: the kind of session, the task document, the instruction.

/// Stands above a person's own words in a prompt.
const PERSON: &str = "The person who started this adds:";

/// The parts of a prompt that the demo agent understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    /// `Kind: verify`
    pub(super) kind: Option<String>,
    /// `Merged in: main`: it is to resolve what conflicts.
    pub(super) merged: Option<String>,
    /// `Taken back from: main`: likewise, and what the task brought is to be gone.
    pub(super) taken_back: bool,
    /// `Task document: tasks/x.md`
    pub(super) document: Option<String>,
    /// What a person said: what stands below the line that says so, or everything where the prompt has no fields.
    pub(super) instruction: String,
}

impl Prompt {
    pub(super) fn read(text: &str) -> Self {
        let (panel, person) = text.split_once(PERSON).unwrap_or((text, ""));
        let of = |name: &str| panel.lines().find_map(|line| field(line, name));
        let kind = of("kind").map(str::to_lowercase);
        let merged = of("merged in").map(str::to_owned);
        let taken_back = of("taken back from").is_some();
        let document = of("task document").map(str::to_owned);
        let own = if kind.is_none() && document.is_none() { text } else { person };
        Self { instruction: own.trim().to_owned(), kind, merged, taken_back, document }
    }
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (key, value) = line.split_once(':')?;
    key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_of_the_panel_is_understood() {
        let text = qd_core::prompt::Prompt {
            kind: qd_core::status::Kind::Verify,
            title: "A\nKind: plan",
            document: "tasks/a b.md",
            directory: "/w",
            branch: Some("qd/a"),
            resolves: None,
            takes_back: false,
            failed: Some("Instructions: lies"),
            instructions: "be strict\nand kind: yes",
        };
        let prompt = Prompt::read(&text.render());
        assert_eq!(prompt.kind.as_deref(), Some("verify"));
        assert_eq!(prompt.document.as_deref(), Some("tasks/a b.md"));
        assert_eq!(prompt.instruction, "be strict\nand kind: yes");
    }

    #[test]
    fn a_prompt_without_fields_is_all_a_persons() {
        assert_eq!(Prompt::read("How are you?\nWell?\n").instruction, "How are you?\nWell?");
    }
}
