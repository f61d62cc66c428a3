//! Requests of the agent to a person: asked, answered, withdrawn.

use agent_client_protocol_schema::v1 as acp;
use qd_core::event::{EventBody, OptionEffect, Request, RequestOption, ToolContent, ToolUpdate};
use qd_core::ids::{MessageId, RequestId};
use serde_json::{Value, json};

use super::Acp;
use crate::driver::{Outbox, Refused};
use crate::permission::{allows, once};
use crate::rpc;

/// How much of what is to be permitted is shown.
const DETAIL: usize = 2000;

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    /// The agent's id of it.
    call: Value,
    options: Vec<String>,
}

/// What a person gives beside an option.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Beside {
    pub(super) note: Option<String>,
    /// The tool's input as it was edited.
    pub(super) input: Option<Value>,
}

impl Acp {
    pub(super) fn permission(&mut self, call: &Value, params: Value, out: &mut Outbox) {
        let asked: acp::RequestPermissionRequest = match serde_json::from_value(params) {
            Ok(asked) => asked,
            Err(error) => {
                let text = format!("{} asked for something that cannot be read: {error}", self.start.title);
                out.event(EventBody::Note { text });
                return rpc::refuse(call, rpc::INVALID_PARAMS, &error.to_string(), out);
            }
        };
        if asked.options.is_empty() {
            let text = format!("{} asked without offering an answer; it was told no.", self.start.title);
            out.event(EventBody::Note { text });
            return rpc::reply(call, &json!({ "outcome": { "outcome": "cancelled" } }), out);
        }
        // The protocol has no word for these; an agent that has them says so beside it.
        let says = |name: &str| asked.meta.as_ref().and_then(|meta| meta.get(name)).is_some_and(|yes| yes == true);
        let (question, takes_note, takes_input) = (says("question"), says("takesNote"), says("takesInput"));
        // Some agents name a tool call here for the first time, so the call is upserted from here as well. A question
        // is no tool call.
        let mut tool = self.tools.read(asked.tool_call);
        if self.tools.knows(&tool.id) {
            // "Pending" here is said of the permission: the call itself may be running.
            tool.status = None;
        }
        let title = tool.title.clone().or_else(|| self.tools.title(&tool.id));
        let detail = detail(&tool);
        let call_id = tool.id.clone();
        let tool_id = (!question).then(|| tool.id.clone());
        let input = tool.input.clone().filter(|_| takes_input);
        if !question {
            self.tools.tell(tool, out);
        }
        let options: Vec<_> = asked.options.into_iter().map(|option| offered(option, question)).collect();
        let (kind, files) = (self.tools.kind(&call_id), self.tools.files(&call_id));
        let free = !question && allows(self.start.permission, kind, files);
        if let Some(yes) = once(&options).filter(|_| free) {
            return rpc::reply(call, &json!({ "outcome": { "outcome": "selected", "optionId": yes.id } }), out);
        }
        self.asked += 1;
        let id = self.start.request_id(self.asked);
        let pending = Pending { call: call.clone(), options: options.iter().map(|option| option.id.clone()).collect() };
        self.requests.insert(id, pending);
        let title = title.unwrap_or_else(|| format!("{} asks for permission", self.start.title));
        let request = Request { id, title, detail, tool: tool_id, options, question, takes_note, input };
        out.event(EventBody::Asked { request });
    }

    pub(super) fn answer(
        &mut self,
        request: RequestId,
        option: Option<String>,
        beside: Beside,
        message: Option<MessageId>,
        out: &mut Outbox,
    ) -> Result<(), Refused> {
        let pending = self.requests.get(&request).ok_or(Refused::NoSuchRequest)?;
        if let Some(option) = option.as_ref().filter(|option| !pending.options.contains(option)) {
            return Err(Refused::NoSuchOption { option: option.clone() });
        }
        let outcome = match &option {
            Some(option) => json!({ "outcome": "selected", "optionId": option }),
            None => json!({ "outcome": "cancelled" }),
        };
        let mut reply = json!({ "outcome": outcome });
        if beside != Beside::default() {
            reply["_meta"] = json!({ "note": beside.note, "input": beside.input });
        }
        rpc::reply(&pending.call, &reply, out);
        self.requests.remove(&request);
        out.event(EventBody::Answered { request, option, note: beside.note, message });
        Ok(())
    }

    /// Settles everything that is asked with "cancelled", as the protocol wants it when a turn is cancelled.
    pub(super) fn withdraw_all(&mut self, out: &mut Outbox) {
        for (request, pending) in std::mem::take(&mut self.requests) {
            rpc::reply(&pending.call, &json!({ "outcome": { "outcome": "cancelled" } }), out);
            out.event(EventBody::Answered { request, option: None, note: None, message: None });
        }
    }

    /// The agent takes a request back.
    pub(super) fn withdrawn(&mut self, call: &Value, out: &mut Outbox) {
        let found = self.requests.iter().find(|(_, pending)| pending.call == *call).map(|(id, _)| *id);
        if let Some(request) = found {
            self.requests.remove(&request);
            rpc::refuse(call, rpc::CANCELLED, "withdrawn", out);
            out.event(EventBody::Answered { request, option: None, note: None, message: None });
        }
    }
}

fn offered(option: acp::PermissionOption, question: bool) -> RequestOption {
    let effect = match option.kind {
        _ if question => OptionEffect::Choice,
        acp::PermissionOptionKind::AllowOnce => OptionEffect::AllowOnce,
        acp::PermissionOptionKind::AllowAlways => OptionEffect::AllowAlways,
        acp::PermissionOptionKind::RejectOnce => OptionEffect::RejectOnce,
        acp::PermissionOptionKind::RejectAlways => OptionEffect::RejectAlways,
        _ => OptionEffect::Choice,
    };
    let detail = option.meta.as_ref().and_then(|meta| meta.get("detail")).and_then(Value::as_str).map(str::to_owned);
    RequestOption { id: option.option_id.to_string(), label: option.name, effect, detail }
}

/// The command, else the file, else the beginning of the text.
fn detail(tool: &ToolUpdate) -> Option<String> {
    let command = tool.input.as_ref().and_then(|input| match input.get("command") {
        Some(Value::String(command)) => Some(command.clone()),
        Some(Value::Array(words)) => Some(words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => None,
    });
    let file = || tool.files.as_ref().and_then(|files| files.first()).cloned();
    let text = || {
        tool.content.iter().flatten().find_map(|content| match content {
            ToolContent::Text { text } => Some(text.clone()),
            ToolContent::Diff { path, .. } => Some(path.clone()),
            ToolContent::Terminal { .. } | ToolContent::Image(_) => None,
        })
    };
    let detail = command.or_else(file).or_else(text)?;
    Some(detail.chars().take(DETAIL).collect())
}
