//! What agents are told. One template per kind; each names the document and the directory that the process really
//! runs in. Text of a task or a person stands behind a marker line of its own, so that it can't be taken for the
//! panel's words.

use crate::status::Kind;

/// What a prompt is made of.
#[derive(Clone, Debug)]
pub struct Prompt<'a> {
    /// What the session is for.
    pub kind: Kind,
    /// The task's title.
    pub title: &'a str,
    /// Path of the task document, relative to the working directory.
    pub document: &'a str,
    /// The directory that the process runs in.
    pub directory: &'a str,
    /// The branch that is checked out in it, where it is a worktree of the task.
    pub branch: Option<&'a str>,
    /// A person's further instructions.
    pub instructions: &'a str,
}

impl Prompt<'_> {
    /// The text that is sent.
    pub fn render(&self) -> String {
        let title = self.title.replace(['\n', '\r'], " ");
        let mut text = format!(
            "Kind: {}\nTask: {title}\nTask document: {}\nWorking directory: {}\n",
            serde_json::to_value(self.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(),
            self.document,
            self.directory,
        );
        if let Some(branch) = self.branch {
            text.push_str("Branch: ");
            text.push_str(branch);
            text.push('\n');
        }
        text.push('\n');
        text.push_str(template(self.kind));
        let instructions = self.instructions.trim();
        if !instructions.is_empty() {
            text.push_str("\n\nThe person who started this adds:\n\n");
            text.push_str(instructions);
        }
        text.push('\n');
        text
    }
}

fn template(kind: Kind) -> &'static str {
    match kind {
        Kind::Implement => {
            "Read the task document and implement it in the working directory. Follow the conventions of the code that is \
             there. Work through its boxes in order; mark a box `[-]` when you begin with it and `[x]` only when it is \
             true in the code. Run the project's own checks before you end. Change nothing that the task does not ask for. \
             Do not commit, do not switch branches: the panel does that."
        }
        Kind::Verify => {
            "Read the task document and judge whether the code in the working directory really does what it says. Run the \
             project's own checks. For each box: leave `[x]` where the code proves it; untick it where it does not, with \
             one indented line below it that says what is missing and where (file:line). Change nothing but the boxes and \
             those lines. End with a verdict in one sentence."
        }
        Kind::Rewrite => {
            "Rewrite the task document as asked below. Keep what is not concerned word for word, and ticked boxes ticked. \
             Change nothing but the task document."
        }
        Kind::Plan => "Read the task document and the code, then write a plan with checkboxes into the task document.",
        Kind::Debug => {
            "Find the cause of the bug that the task document describes and write it, with evidence, into the document."
        }
        Kind::Review => "Review the task document: what is unclear, missing or wrong? Change nothing.",
        Kind::Comment => "Work on the comments below.",
        Kind::Synthesise => "Put the results below together into the task document.",
        Kind::Debate => "Criticise the task document from the point of view given below.",
        Kind::Chat => "Answer the question below about this project. Change nothing unless asked.",
        Kind::CommitMessage => "Write a commit message for the changes in the working directory. Print nothing else.",
    }
}
