//! Items of a turn: messages, thoughts, commands, file changes and the rest, each told as it begins and as it ends.

use qd_core::event::{EventBody, ToolContent, ToolKind, ToolStatus, ToolUpdate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::driver::Outbox;
use crate::patch::hunks;
use crate::printed::{MOST, Printed, tail};

/// The items of the current turn.
#[derive(Debug)]
pub(super) struct Items {
    cwd: PathBuf,
    /// Tool calls that run, with what they printed and how much of that was told.
    open: BTreeMap<String, Printed>,
    /// What is known of each call, for a permission that names it.
    known: BTreeMap<String, Known>,
    /// The message or thought that the last piece belonged to.
    last: Option<String>,
    /// Whether the current message came in pieces.
    in_pieces: Option<String>,
}

/// A tool call as a permission asks for it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) title: String,
    pub(super) kind: ToolKind,
    pub(super) files: Vec<String>,
}

impl Items {
    pub(super) fn new(cwd: PathBuf) -> Self {
        Self { cwd, open: BTreeMap::new(), known: BTreeMap::new(), last: None, in_pieces: None }
    }

    pub(super) fn known(&self, id: &str) -> Option<&Known> {
        self.known.get(id)
    }

    /// A piece of a message.
    pub(super) fn text(&mut self, id: &str, text: &str, out: &mut Outbox) {
        if text.is_empty() {
            return;
        }
        // Two messages in a row are two paragraphs; nothing in their text says so.
        if self.last.as_deref().is_some_and(|last| last != id) {
            out.event(EventBody::Text { text: "\n\n".to_owned() });
        }
        self.last = Some(id.to_owned());
        self.in_pieces = Some(id.to_owned());
        out.event(EventBody::Text { text: text.to_owned() });
    }

    /// A piece of a thought.
    pub(super) fn thought(&mut self, id: &str, text: &str, out: &mut Outbox) {
        self.last = None;
        self.in_pieces = Some(id.to_owned());
        out.event(EventBody::Thought { text: text.to_owned() });
    }

    /// A piece of a command's output.
    pub(super) fn output(&mut self, id: &str, text: &str, out: &mut Outbox) {
        let Some(printed) = self.open.get_mut(id) else { return };
        printed.push(text);
        if let Some(output) = printed.tell(false) {
            let content = vec![ToolContent::Terminal { output, exit: None }];
            let update = ToolUpdate { id: id.to_owned(), content: Some(content), ..ToolUpdate::default() };
            out.event(EventBody::Tool(update));
        }
    }

    /// An item that began or ended.
    pub(super) fn item(&mut self, ended: bool, item: &Value, out: &mut Outbox) {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = text("id");
        match text("type") {
            // The prompt is in the log already; the rest is its own household.
            "userMessage" | "hookPrompt" | "functionCallOutput" | "contextCompaction" | "enteredReviewMode"
            | "exitedReviewMode" | "sleep" | "subAgentActivity" => {}
            "agentMessage" | "plan" => {
                if ended && self.in_pieces.as_deref() != Some(id) {
                    self.text(id, text("text"), out);
                }
            }
            "reasoning" => {
                if ended && self.in_pieces.as_deref() != Some(id) {
                    let parts = item.get("summary").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                    let whole = parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n\n");
                    if !whole.is_empty() {
                        self.thought(id, &whole, out);
                    }
                }
            }
            kind => self.tool(kind, ended, item, out),
        }
    }

    /// The turn is over: whatever was not reported as done did not get done.
    pub(super) fn close(&mut self, out: &mut Outbox) {
        self.last = None;
        self.known.clear();
        for id in std::mem::take(&mut self.open).into_keys() {
            out.event(EventBody::Tool(ToolUpdate { id, status: Some(ToolStatus::Failed), ..ToolUpdate::default() }));
        }
    }

    fn tool(&mut self, kind: &str, ended: bool, item: &Value, out: &mut Outbox) {
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.last = None;
        let known = self.read(kind, item);
        let printed = if ended { self.open.remove(&id) } else { None };
        if !ended {
            self.open.entry(id.clone()).or_default();
        }
        let content = self.content(kind, item, printed, ended);
        let status = match item.get("status").and_then(Value::as_str) {
            Some("failed" | "declined") => ToolStatus::Failed,
            _ if ended => ToolStatus::Completed,
            _ => ToolStatus::Running,
        };
        let input = item.get("arguments").filter(|arguments| !arguments.is_null()).cloned();
        out.event(EventBody::Tool(ToolUpdate {
            id: id.clone(),
            title: Some(known.title.clone()),
            tool: Some(known.kind),
            status: Some(status),
            files: (!known.files.is_empty()).then(|| known.files.clone()),
            content: (!content.is_empty()).then_some(content),
            input,
        }));
        self.known.insert(id, known);
    }

    fn read(&self, kind: &str, item: &Value) -> Known {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let (title, kind, files) = match kind {
            "commandExecution" => (command(text("command")), ToolKind::Execute, Vec::new()),
            "fileChange" => {
                let changes = item.get("changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let path = |change: &Value| Some(self.relative(change.get("path")?.as_str()?));
                let files: Vec<_> = changes.iter().filter_map(path).collect();
                let kinds: Vec<_> = changes.iter().filter_map(|c| c.pointer("/kind/type")?.as_str()).collect();
                let (verb, kind) = match kinds.as_slice() {
                    ["add"] => ("Write", ToolKind::Edit),
                    ["delete"] => ("Delete", ToolKind::Delete),
                    _ => ("Edit", ToolKind::Edit),
                };
                let what = match files.as_slice() {
                    [one] => one.clone(),
                    all => format!("{} files", all.len()),
                };
                (format!("{verb} {what}"), kind, files)
            }
            "mcpToolCall" => (format!("{}: {}", text("server"), text("tool")), ToolKind::Other, Vec::new()),
            "dynamicToolCall" => (text("tool").to_owned(), ToolKind::Other, Vec::new()),
            "webSearch" => (format!("Search the web for {}", text("query")), ToolKind::Fetch, Vec::new()),
            "imageView" => {
                let path = self.relative(text("path"));
                (format!("Look at {path}"), ToolKind::Read, vec![path])
            }
            "collabAgentToolCall" => (format!("Agent: {}", text("tool")), ToolKind::Think, Vec::new()),
            other => (other.to_owned(), ToolKind::Other, Vec::new()),
        };
        Known { title, kind, files }
    }

    fn content(&self, kind: &str, item: &Value, printed: Option<Printed>, ended: bool) -> Vec<ToolContent> {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        match kind {
            "commandExecution" if ended => {
                let printed = printed.map(Printed::into_output);
                let output = text("aggregatedOutput").map(|output| tail(output, MOST).to_owned()).or(printed);
                let exit = item.get("exitCode").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok());
                vec![ToolContent::Terminal { output: output.unwrap_or_default(), exit }]
            }
            "fileChange" => {
                let changes = item.get("changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                changes.iter().flat_map(|change| self.change(change)).collect()
            }
            "mcpToolCall" | "dynamicToolCall" | "webSearch" if ended => {
                let shown =
                    ["error", "result", "contentItems", "results"].into_iter().filter_map(|name| item.get(name));
                let shown = shown.filter(|value| !value.is_null()).map(|value| match value {
                    Value::String(text) => text.clone(),
                    value => serde_json::to_string_pretty(value).unwrap_or_default(),
                });
                shown.map(|text| ToolContent::Text { text: tail(&text, MOST).to_owned() }).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A change of one file. Of a new or a deleted file the "diff" is its text.
    fn change(&self, change: &Value) -> Vec<ToolContent> {
        let text = |pointer: &str| change.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let path = self.relative(text("/path"));
        match text("/kind/type") {
            "add" => vec![ToolContent::Diff { path, old: None, new: text("/diff").to_owned() }],
            "delete" => vec![ToolContent::Diff { path, old: Some(text("/diff").to_owned()), new: String::new() }],
            _ => hunks(&path, text("/diff")),
        }
    }

    fn relative(&self, path: &str) -> String {
        let inside = Path::new(path).strip_prefix(&self.cwd);
        inside.map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
    }
}

/// A command as a person would write it: the shell that it is given to is left out.
pub(super) fn command(whole: &str) -> String {
    let inner = ["/bin/bash -lc ", "bash -lc ", "/bin/sh -lc ", "/bin/sh -c "]
        .iter()
        .find_map(|shell| whole.strip_prefix(shell));
    let Some(inner) = inner else { return whole.to_owned() };
    let bare = inner.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
    let bare = bare.or_else(|| inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'))).unwrap_or(inner);
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}
