//! Tool calls: from the model's block to the result with what the tool itself says.

use qd_core::event::{EventBody, PlanEntry, ToolContent, ToolKind, ToolStatus, ToolUpdate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::speech::image;
use crate::driver::Outbox;
use crate::patch::hunk;
use crate::printed::{MOST, tail};

/// The calls of the turn.
#[derive(Debug)]
pub(super) struct Tools {
    cwd: PathBuf,
    /// Open calls: the tool of each.
    open: BTreeMap<String, String>,
    /// Calls that go on in the background: whether the turn waits for them.
    background: BTreeMap<String, bool>,
}

/// A call as it is told and as a permission asks for it.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) title: String,
    pub(super) kind: ToolKind,
    pub(super) files: Vec<String>,
    pub(super) content: Vec<ToolContent>,
    /// What is permitted: the command, the address, the plan.
    pub(super) detail: Option<String>,
}

impl Tools {
    pub(super) fn new(cwd: PathBuf) -> Self {
        Self { cwd, open: BTreeMap::new(), background: BTreeMap::new() }
    }

    /// The model begins to write a call.
    pub(super) fn begins(&mut self, block: &Value, out: &mut Outbox) {
        let Some((id, name)) = call(block) else { return };
        if name == "TodoWrite" {
            return;
        }
        self.open.insert(id.to_owned(), name.to_owned());
        out.event(EventBody::Tool(ToolUpdate {
            id: id.to_owned(),
            title: Some(spoken(name)),
            tool: Some(kind(name)),
            status: Some(ToolStatus::Pending),
            ..ToolUpdate::default()
        }));
    }

    /// A call, whole.
    pub(super) fn called(&mut self, block: &Value, out: &mut Outbox) {
        let Some((id, name)) = call(block) else { return };
        let input = block.get("input").cloned().unwrap_or_default();
        if name == "TodoWrite" {
            self.open.insert(id.to_owned(), name.to_owned());
            return out.event(EventBody::Plan { entries: todos(&input) });
        }
        self.open.insert(id.to_owned(), name.to_owned());
        let Described { title, kind, files, content, .. } = self.describe(name, &input);
        out.event(EventBody::Tool(ToolUpdate {
            id: id.to_owned(),
            title: Some(title),
            tool: Some(kind),
            status: Some(ToolStatus::Running),
            files: (!files.is_empty()).then_some(files),
            content: (!content.is_empty()).then_some(content),
            input: Some(input),
        }));
    }

    /// The results of calls, which come as words of the user.
    pub(super) fn results(&mut self, mut line: Value, out: &mut Outbox) {
        let structured = line.get_mut("tool_use_result").map(Value::take).unwrap_or_default();
        let blocks = line.pointer("/message/content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for block in blocks.iter().filter(|block| block["type"] == "tool_result") {
            let Some(id) = block.get("tool_use_id").and_then(Value::as_str) else { continue };
            let Some(name) = self.open.remove(id) else { continue };
            if name == "TodoWrite" {
                continue;
            }
            let failed = block.get("is_error") == Some(&Value::Bool(true));
            // A helper in the background: this is no result but the news that it was launched.
            if structured.get("isAsync") == Some(&Value::Bool(true)) {
                self.background.insert(id.to_owned(), true);
                continue;
            }
            if structured.get("backgroundTaskId").is_some_and(Value::is_string) {
                self.background.insert(id.to_owned(), false);
            }
            let content = self.result(&name, failed, block.get("content").unwrap_or(&Value::Null), &structured);
            out.event(EventBody::Tool(ToolUpdate {
                id: id.to_owned(),
                status: Some(if failed { ToolStatus::Failed } else { ToolStatus::Completed }),
                content: (!content.is_empty()).then_some(content),
                ..ToolUpdate::default()
            }));
        }
    }

    /// The turn is over: whatever was not reported as done did not get done.
    pub(super) fn close(&mut self, out: &mut Outbox) {
        for (id, name) in std::mem::take(&mut self.open) {
            if name != "TodoWrite" {
                out.event(EventBody::Tool(ToolUpdate {
                    id,
                    status: Some(ToolStatus::Failed),
                    ..ToolUpdate::default()
                }));
            }
        }
        self.background.retain(|id, waited_for| {
            if *waited_for {
                out.event(EventBody::Tool(ToolUpdate {
                    id: id.clone(),
                    status: Some(ToolStatus::Failed),
                    ..ToolUpdate::default()
                }));
            }
            !*waited_for
        });
    }

    /// A task in the background has ended.
    pub(super) fn notified(&mut self, line: &Value, out: &mut Outbox) {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let Some(id) = text("tool_use_id").filter(|id| self.background.remove(*id).is_some()) else { return };
        let done = text("status") == Some("completed");
        let summary = text("summary").filter(|summary| !summary.is_empty());
        out.event(EventBody::Tool(ToolUpdate {
            id: id.to_owned(),
            status: Some(if done { ToolStatus::Completed } else { ToolStatus::Failed }),
            content: summary.map(|summary| vec![ToolContent::Text { text: end(summary) }]),
            ..ToolUpdate::default()
        }));
    }

    /// What a call is about.
    pub(super) fn describe(&self, name: &str, input: &Value) -> Described {
        let text = |field: &str| input.get(field).and_then(Value::as_str);
        let path =
            text("file_path").or_else(|| text("notebook_path")).or_else(|| text("path")).map(|p| self.relative(p));
        let at = path.as_deref().unwrap_or("a file");
        let title = match name {
            "Write" => format!("Write {at}"),
            "Edit" | "MultiEdit" | "NotebookEdit" => format!("Edit {at}"),
            "Read" => format!("Read {at}"),
            "Bash" => text("command").map(one_line).unwrap_or_default(),
            "Grep" => format!("Search for {}", text("pattern").unwrap_or_default()),
            "Glob" => format!("Find {}", text("pattern").unwrap_or_default()),
            "WebFetch" => format!("Fetch {}", text("url").unwrap_or_default()),
            "WebSearch" => format!("Search the web for {}", text("query").unwrap_or_default()),
            "Task" | "Agent" => text("description").map_or_else(|| spoken(name), str::to_owned),
            _ => spoken(name),
        };
        let content = match name {
            "Write" => text("content").map(|new| diff(at, None, new)).into_iter().collect(),
            "Edit" => edit(at, input).into_iter().collect(),
            "MultiEdit" => {
                let edits = input.get("edits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                edits.iter().filter_map(|input| edit(at, input)).collect()
            }
            "Task" | "Agent" => {
                text("prompt").map(|text| ToolContent::Text { text: text.to_owned() }).into_iter().collect()
            }
            _ => Vec::new(),
        };
        let detail = match name {
            "Bash" => text("command"),
            "WebFetch" => text("url"),
            "ExitPlanMode" => text("plan"),
            _ => path.as_deref(),
        };
        let detail = detail.map(str::to_owned);
        Described { title, kind: kind(name), files: path.into_iter().collect(), content, detail }
    }

    fn result(&self, name: &str, failed: bool, content: &Value, structured: &Value) -> Vec<ToolContent> {
        let text = |field: &str| structured.get(field).and_then(Value::as_str);
        if let Some(report) = report(name, structured) {
            return vec![ToolContent::Text { text: end(&report) }];
        }
        if text("backgroundTaskId").is_some() {
            return vec![ToolContent::Text { text: "It runs in the background.".to_owned() }];
        }
        if let (Some(stdout), Some(stderr)) = (text("stdout"), text("stderr")) {
            let between = if stdout.is_empty() || stderr.is_empty() || stdout.ends_with('\n') { "" } else { "\n" };
            let exit = (!failed).then_some(0);
            return vec![ToolContent::Terminal { output: end(&format!("{stdout}{between}{stderr}")), exit }];
        }
        let whole = plain(content);
        let code = whole.strip_prefix("Exit code ").and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        // A failure without a code did not run: it was denied, or cut off.
        if name == "Bash" && (code.is_some() || !failed) {
            let output = match (&code, whole.split_once('\n')) {
                (Some(_), Some((_, output))) => output,
                (Some(_), None) => "",
                (None, _) => &whole,
            };
            return vec![ToolContent::Terminal { output: end(output), exit: code }];
        }
        let hunks = structured.get("structuredPatch").and_then(Value::as_array).filter(|hunks| !hunks.is_empty());
        if let (Some(hunks), Some(path)) = (hunks, text("filePath")) {
            let path = self.relative(path);
            let lines = |hunk: &Value| hunk.get("lines").and_then(Value::as_array).cloned().unwrap_or_default();
            return hunks.iter().map(|hunk| self::hunk(&path, &lines(hunk).iter().filter_map(Value::as_str))).collect();
        }
        if text("type") == Some("create") {
            // The call has told the whole text.
            return Vec::new();
        }
        let mut shown: Vec<ToolContent> = images(content);
        if !whole.is_empty() {
            shown.push(ToolContent::Text { text: end(&whole) });
        }
        shown
    }

    fn relative(&self, path: &str) -> String {
        Path::new(path)
            .strip_prefix(&self.cwd)
            .map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
    }
}

fn call(block: &Value) -> Option<(&str, &str)> {
    Some((block.get("id")?.as_str()?, block.get("name")?.as_str()?))
}

/// The name of a tool for people: those of MCP servers are `mcp__SERVER__TOOL`.
fn spoken(name: &str) -> String {
    match name.strip_prefix("mcp__").and_then(|rest| rest.split_once("__")) {
        Some((server, tool)) => format!("{server}: {tool}"),
        None => name.to_owned(),
    }
}

pub(super) fn kind(name: &str) -> ToolKind {
    match name {
        "Read" | "NotebookRead" => ToolKind::Read,
        "Write" | "Edit" | "MultiEdit" | "NotebookEdit" => ToolKind::Edit,
        "Bash" | "BashOutput" | "KillShell" | "Monitor" => ToolKind::Execute,
        "Grep" | "Glob" | "ToolSearch" => ToolKind::Search,
        "WebFetch" | "WebSearch" => ToolKind::Fetch,
        "Task" | "Agent" | "EnterPlanMode" | "ExitPlanMode" => ToolKind::Think,
        _ => ToolKind::Other,
    }
}

fn todos(input: &Value) -> Vec<PlanEntry> {
    let todos = input.get("todos").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let entry = |todo: &Value| {
        let status = match todo.get("status").and_then(Value::as_str) {
            Some("in_progress") => ToolStatus::Running,
            Some("completed") => ToolStatus::Completed,
            _ => ToolStatus::Pending,
        };
        Some(PlanEntry { text: todo.get("content")?.as_str()?.to_owned(), status })
    };
    todos.iter().filter_map(entry).collect()
}

fn diff(path: &str, old: Option<&str>, new: &str) -> ToolContent {
    ToolContent::Diff { path: path.to_owned(), old: old.map(str::to_owned), new: new.to_owned() }
}

fn edit(path: &str, input: &Value) -> Option<ToolContent> {
    let text = |field: &str| input.get(field).and_then(Value::as_str);
    Some(diff(path, Some(text("old_string")?), text("new_string")?))
}

/// The text of a result: a string, or blocks of it.
fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts = blocks.iter().filter_map(|block| block.get("text").and_then(Value::as_str));
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// What a helper reports, without what the program writes around it for the model.
fn report(name: &str, structured: &Value) -> Option<String> {
    let blocks = structured.get("content").filter(|_| matches!(name, "Task" | "Agent"))?.as_array()?;
    let count =
        |field: &str| structured.get(field).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let to = blocks.len().saturating_sub(count("harnessTailCount").unwrap_or(0));
    let own = blocks.get(count("harnessNoteCount").unwrap_or(0)..to)?;
    let texts = own.iter().filter_map(|block| block.get("text").and_then(Value::as_str));
    Some(texts.collect::<Vec<_>>().join("\n").trim().to_owned()).filter(|report| !report.is_empty())
}

fn images(content: &Value) -> Vec<ToolContent> {
    let blocks = content.as_array().map(Vec::as_slice).unwrap_or_default();
    blocks.iter().filter(|block| block["type"] == "image").map(|block| ToolContent::Image(image(block))).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As much of a result as is kept.
fn end(text: &str) -> String {
    tail(text, MOST).to_owned()
}
