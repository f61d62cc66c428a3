//! What the agent asks: permissions for tool calls, and questions of its own (`AskUserQuestion`).

use qd_core::event::{EventBody, OptionEffect, Request, RequestOption};
use qd_core::ids::{MessageId, RequestId};
use serde_json::{Value, json};

use super::Claude;
use crate::driver::{Outbox, Refused};
use crate::permission::allows;
use crate::questions::Questions;

const ALLOW: &str = "allow";
const ALWAYS: &str = "always";
const DENY: &str = "deny";
/// How much of what is to be permitted is shown.
const DETAIL: usize = 2000;

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    /// The agent's id of it.
    call: String,
    options: Vec<String>,
    input: Value,
    /// What "always" means for the agent.
    suggestions: Value,
    questions: Option<Questions>,
}

impl Claude {
    /// A control request of the agent.
    pub(super) fn asked(&mut self, mut line: Value, out: &mut Outbox) {
        let id = line.get("request_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut request = line.get_mut("request").map(Value::take).unwrap_or_default();
        let subtype = request.get("subtype").and_then(Value::as_str).unwrap_or_default().to_owned();
        if subtype != "can_use_tool" {
            let error = format!("{subtype} is not offered by this client");
            let response = json!({ "subtype": "error", "request_id": id, "error": error });
            return out.send(&json!({ "type": "control_response", "response": response }));
        }
        let name = request.get("tool_name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let input = request.get_mut("input").map(Value::take).unwrap_or_default();
        let tool = request.get("tool_use_id").and_then(Value::as_str).map(str::to_owned);
        self.speech.interrupted();
        let questions = input.get("questions").and_then(Value::as_array).cloned().and_then(Questions::new);
        if let (Some(questions), "AskUserQuestion") = (questions, name.as_str()) {
            return self.question(&id, questions, out);
        }
        let described = self.tools.describe(&name, &input);
        let planned = name == "ExitPlanMode";
        if !planned && allows(self.start.permission, Some(described.kind), &described.files) {
            return reply(&id, &json!({ "behavior": "allow", "updatedInput": input }), out);
        }
        let suggestions = request.get_mut("permission_suggestions").map(Value::take).unwrap_or_default();
        let mut options = vec![RequestOption::new(ALLOW, "Allow", OptionEffect::AllowOnce)];
        if let Some(scope) = scope(&suggestions) {
            let always = RequestOption::new(ALWAYS, "Always", OptionEffect::AllowAlways);
            options.push(RequestOption { detail: Some(scope), ..always });
        }
        options.push(RequestOption::new(DENY, "Deny", OptionEffect::RejectOnce));
        let reason = request.get("decision_reason").or_else(|| request.get("blocked_path")).and_then(Value::as_str);
        let detail = described.detail.or_else(|| reason.map(str::to_owned));
        let asked = Request {
            id: self.request_id(),
            title: described.title,
            detail: detail.map(|detail| detail.chars().take(DETAIL).collect()),
            tool,
            options,
            question: false,
            takes_note: true,
            input: (!planned).then(|| input.clone()),
        };
        self.open(asked, Pending { call: id, options: Vec::new(), input, suggestions, questions: None }, out);
    }

    fn request_id(&mut self) -> RequestId {
        self.asked += 1;
        self.start.request_id(self.asked)
    }

    fn open(&mut self, request: Request, pending: Pending, out: &mut Outbox) {
        let options = request.options.iter().map(|option| option.id.clone()).collect();
        self.requests.insert(request.id, Pending { options, ..pending });
        out.event(EventBody::Asked { request });
    }

    /// Asks the next one of several questions.
    fn question(&mut self, call: &str, questions: Questions, out: &mut Outbox) {
        let id = self.request_id();
        let Some(request) = questions.ask(id) else { return };
        let (call, questions) = (call.to_owned(), Some(questions));
        let pending = Pending { call, options: Vec::new(), input: Value::Null, suggestions: Value::Null, questions };
        self.open(request, pending, out);
    }

    pub(super) fn answer(
        &mut self,
        request: RequestId,
        option: Option<String>,
        note: Option<String>,
        input: Option<Value>,
        message: Option<MessageId>,
        out: &mut Outbox,
    ) -> Result<(), Refused> {
        let pending = self.requests.get(&request).ok_or(Refused::NoSuchRequest)?;
        if let Some(option) = option.as_ref().filter(|option| !pending.options.contains(option)) {
            return Err(Refused::NoSuchOption { option: option.clone() });
        }
        let Some(mut pending) = self.requests.remove(&request) else { return Err(Refused::NoSuchRequest) };
        out.event(EventBody::Answered { request, option: option.clone(), note: note.clone(), message });
        let said = note.filter(|note| !note.trim().is_empty());
        if let Some(mut questions) = pending.questions.take() {
            let Some(option) = option else {
                deny(&pending.call, "The person does not answer.", out);
                return Ok(());
            };
            if questions.answer("question", Value::String(said.unwrap_or(option))) {
                self.question(&pending.call, questions, out);
            } else {
                let (questions, answers) = questions.into_parts();
                let input = json!({ "questions": questions, "answers": answers });
                reply(&pending.call, &json!({ "behavior": "allow", "updatedInput": input }), out);
            }
            return Ok(());
        }
        let input = input.unwrap_or(pending.input);
        match option.as_deref() {
            Some(ALLOW) => reply(&pending.call, &json!({ "behavior": "allow", "updatedInput": input }), out),
            Some(ALWAYS) => {
                let permissions = pending.suggestions;
                let answer = json!({ "behavior": "allow", "updatedInput": input, "updatedPermissions": permissions });
                reply(&pending.call, &answer, out);
            }
            _ => deny(&pending.call, said.as_deref().unwrap_or("The person said no."), out),
        }
        Ok(())
    }

    /// Settles everything that is asked with a no: the turn is over.
    pub(super) fn withdraw_all(&mut self, out: &mut Outbox) {
        for (request, pending) in std::mem::take(&mut self.requests) {
            deny(&pending.call, "The person ended the turn.", out);
            out.event(EventBody::Answered { request, option: None, note: None, message: None });
        }
    }

    /// The agent takes a request back.
    pub(super) fn withdrawn(&mut self, line: &Value, out: &mut Outbox) {
        let call = line.get("request_id").and_then(Value::as_str).unwrap_or_default();
        let found = self.requests.iter().find(|(_, pending)| pending.call == call).map(|(id, _)| *id);
        if let Some(request) = found {
            self.requests.remove(&request);
            out.event(EventBody::Answered { request, option: None, note: None, message: None });
        }
    }
}

fn reply(call: &str, answer: &Value, out: &mut Outbox) {
    let response = json!({ "subtype": "success", "request_id": call, "response": answer });
    out.send(&json!({ "type": "control_response", "response": response }));
}

fn deny(call: &str, words: &str, out: &mut Outbox) {
    reply(call, &json!({ "behavior": "deny", "message": words }), out);
}

/// How far "always" reaches, in words; none where the agent suggests nothing.
fn scope(suggestions: &Value) -> Option<String> {
    let suggestions = suggestions.as_array().filter(|all| !all.is_empty())?;
    let words = |suggestion: &Value| {
        let text = |name: &str| suggestion.get(name).and_then(Value::as_str).unwrap_or_default();
        let what = match text("type") {
            "setMode" if text("mode") == "acceptEdits" => "all edits".to_owned(),
            "setMode" => format!("the mode {}", text("mode")),
            "addDirectories" => "this folder".to_owned(),
            _ => {
                let rules = suggestion.get("rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let rule = |rule: &Value| {
                    let tool = rule.get("toolName").and_then(Value::as_str)?;
                    Some(match rule.get("ruleContent").and_then(Value::as_str) {
                        Some(content) => format!("{tool}({content})"),
                        None => tool.to_owned(),
                    })
                };
                rules.iter().filter_map(rule).collect::<Vec<_>>().join(", ")
            }
        };
        let how_long = match text("destination") {
            "session" => "in this session",
            "localSettings" | "projectSettings" => "in this project",
            "userSettings" => "in every project",
            _ => "from now on",
        };
        format!("{what} {how_long}")
    };
    Some(suggestions.iter().map(words).collect::<Vec<_>>().join("; "))
}
