//! Tool calls: upserted by id from three kinds of messages, closed where the agent forgets to.

use agent_client_protocol_schema::v1 as acp;
use qd_core::event::{EventBody, Image, ToolContent, ToolKind, ToolStatus, ToolUpdate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::update::block_text;
use crate::driver::Outbox;
use crate::printed::Printed;

/// The tool calls of the current turn.
#[derive(Debug)]
pub(super) struct OpenTools {
    cwd: PathBuf,
    open: BTreeMap<String, Open>,
}

#[derive(Debug, Default)]
struct Open {
    finished: bool,
    title: Option<String>,
    kind: Option<ToolKind>,
    files: Vec<String>,
    terminal: Option<Terminal>,
}

/// The output of a command that comes in pieces beside the protocol's own fields (`_meta.terminal_output_delta`).
#[derive(Debug, Default)]
struct Terminal {
    printed: Printed,
    exit: Option<i32>,
}

impl OpenTools {
    pub(super) fn new(cwd: PathBuf) -> Self {
        Self { cwd, open: BTreeMap::new() }
    }

    /// The last known title of a call.
    pub(super) fn title(&self, id: &str) -> Option<String> {
        self.open.get(id).and_then(|open| open.title.clone())
    }

    /// The kind of a call, as far as it was told.
    pub(super) fn kind(&self, id: &str) -> Option<ToolKind> {
        self.open.get(id).and_then(|open| open.kind)
    }

    /// The files that a call concerns, as far as they were told.
    pub(super) fn files(&self, id: &str) -> &[String] {
        self.open.get(id).map(|open| open.files.as_slice()).unwrap_or_default()
    }

    /// Whether the call was told of before.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.open.contains_key(id)
    }

    /// Reads a call as the protocol gives it.
    pub(super) fn read(&mut self, update: acp::ToolCallUpdate) -> ToolUpdate {
        let id = update.tool_call_id.to_string();
        let fields = update.fields;
        let status = fields.status.map(status);
        // The working directory itself is no news.
        let files: Option<Vec<String>> = fields.locations.map(|locations| {
            let files = locations.iter().map(|location| self.relative(&location.path));
            files.filter(|file| !file.is_empty()).collect()
        });
        let mut content = fields.content.map(|content| self.contents(content)).filter(|content| !content.is_empty());
        let ended = matches!(status, Some(ToolStatus::Completed | ToolStatus::Failed));
        if let Some(terminal) = self.terminal(&id, update.meta.as_ref(), fields.raw_output.as_ref(), ended) {
            content.get_or_insert_default().push(terminal);
        }
        ToolUpdate {
            id,
            title: fields.title,
            tool: fields.kind.map(kind),
            status,
            files: files.filter(|files| !files.is_empty()),
            content,
            input: fields.raw_input.filter(|input| !is_empty(input)),
        }
    }

    /// Tells what changed, if something did.
    pub(super) fn tell(&mut self, update: ToolUpdate, out: &mut Outbox) {
        let nothing = ToolUpdate { id: update.id.clone(), ..ToolUpdate::default() };
        let open = self.open.entry(update.id.clone()).or_default();
        open.title = update.title.clone().or_else(|| open.title.take());
        open.kind = update.tool.or(open.kind);
        open.files = update.files.clone().unwrap_or_else(|| std::mem::take(&mut open.files));
        if let Some(status) = update.status {
            open.finished = matches!(status, ToolStatus::Completed | ToolStatus::Failed);
        }
        if update != nothing {
            out.event(EventBody::Tool(update));
        }
    }

    /// The turn is over. Some agents leave a rejected or cancelled call without a last word (Gemini does): whatever
    /// was not reported as done did not get done.
    pub(super) fn close(&mut self, out: &mut Outbox) {
        let open = std::mem::take(&mut self.open).into_iter().filter(|(_, open)| !open.finished);
        for (id, _) in open {
            out.event(EventBody::Tool(ToolUpdate { id, status: Some(ToolStatus::Failed), ..ToolUpdate::default() }));
        }
    }

    fn contents(&self, content: Vec<acp::ToolCallContent>) -> Vec<ToolContent> {
        content
            .into_iter()
            .filter_map(|content| match content {
                acp::ToolCallContent::Content(content) => Some(match content.content {
                    acp::ContentBlock::Image(image) => {
                        ToolContent::Image(Image { mime: image.mime_type, data: image.data })
                    }
                    block => ToolContent::Text { text: block_text(&block) },
                }),
                acp::ToolCallContent::Diff(diff) => {
                    Some(ToolContent::Diff { path: self.relative(&diff.path), old: diff.old_text, new: diff.new_text })
                }
                // A terminal is only named here; what it printed comes beside it.
                _ => None,
            })
            .collect()
    }

    /// Output that came with this update, when it is worth telling: at the end, and while it grows each time that it
    /// has doubled, so that telling it whole again costs no more than the output itself.
    fn terminal(
        &mut self,
        id: &str,
        meta: Option<&acp::Meta>,
        raw: Option<&Value>,
        ended: bool,
    ) -> Option<ToolContent> {
        let piece = meta.and_then(|meta| meta.get("terminal_output_delta"));
        let exit = meta.and_then(|meta| meta.get("terminal_exit"));
        let known = self.open.get(id).is_some_and(|open| open.terminal.is_some());
        if piece.is_none() && exit.is_none() && !known {
            return None;
        }
        let terminal = self.open.entry(id.to_owned()).or_default().terminal.get_or_insert_default();
        if let Some(piece) = piece.and_then(|piece| piece.get("data")).and_then(Value::as_str) {
            terminal.printed.push(piece);
        }
        let code = exit.or(raw).and_then(|exit| exit.get("exit_code")).and_then(Value::as_i64);
        terminal.exit = code.and_then(|code| i32::try_from(code).ok()).or(terminal.exit);
        let output = terminal.printed.tell(ended || exit.is_some())?;
        Some(ToolContent::Terminal { output, exit: terminal.exit })
    }

    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.cwd).unwrap_or(path).to_string_lossy().into_owned()
    }
}

fn is_empty(input: &Value) -> bool {
    input.is_null() || input.as_object().is_some_and(serde_json::Map::is_empty)
}

fn kind(kind: acp::ToolKind) -> ToolKind {
    match kind {
        acp::ToolKind::Read => ToolKind::Read,
        acp::ToolKind::Edit => ToolKind::Edit,
        acp::ToolKind::Delete => ToolKind::Delete,
        acp::ToolKind::Move => ToolKind::Move,
        acp::ToolKind::Search => ToolKind::Search,
        acp::ToolKind::Execute => ToolKind::Execute,
        acp::ToolKind::Think => ToolKind::Think,
        acp::ToolKind::Fetch => ToolKind::Fetch,
        _ => ToolKind::Other,
    }
}

fn status(status: acp::ToolCallStatus) -> ToolStatus {
    match status {
        acp::ToolCallStatus::InProgress => ToolStatus::Running,
        acp::ToolCallStatus::Completed => ToolStatus::Completed,
        acp::ToolCallStatus::Failed => ToolStatus::Failed,
        _ => ToolStatus::Pending,
    }
}
