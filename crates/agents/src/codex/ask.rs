//! What the agent asks: approvals of commands and of changes, and questions.

use qd_core::event::{EventBody, OptionEffect, Request, RequestOption, ToolKind};
use qd_core::ids::{MessageId, RequestId};
use serde_json::{Value, json};

use super::items::command;
use super::{Codex, Phase};
use crate::driver::{Outbox, Refused};
use crate::permission::allows;
use crate::questions::Questions;
use crate::rpc;

/// How much of what is to be permitted is shown.
const DETAIL: usize = 2000;

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    /// The agent's id of it.
    call: Value,
    /// The options and what each says to the agent.
    decisions: Vec<(String, Value)>,
    questions: Option<Questions>,
}

impl Codex {
    /// A request of the agent.
    pub(super) fn asked(&mut self, call: &Value, method: &str, params: &Value, out: &mut Outbox) {
        match method {
            "item/commandExecution/requestApproval" | "item/fileChange/requestApproval" => {
                self.approval(call, params, out);
            }
            "item/tool/requestUserInput" => {
                let all = params.get("questions").and_then(Value::as_array).cloned().unwrap_or_default();
                match Questions::new(all) {
                    Some(questions) => self.question(call, questions, out),
                    None => reply(call, &json!({ "answers": {} }), out),
                }
            }
            method => {
                let error = json!({ "code": rpc::METHOD_NOT_FOUND, "message": format!("{method} is not offered") });
                out.send(&json!({ "id": call, "error": error }));
            }
        }
    }

    fn approval(&mut self, call: &Value, params: &Value, out: &mut Outbox) {
        let text = |name: &str| params.get(name).and_then(Value::as_str);
        let item = text("itemId").unwrap_or_default();
        let known = self.items.known(item).cloned();
        let (kind, files) = known.as_ref().map_or((None, Vec::new()), |known| (Some(known.kind), known.files.clone()));
        // Writing outside is asked for by a root of its own.
        let widens = params.get("grantRoot").is_some_and(|root| !root.is_null());
        if !widens && allows(self.start.permission, kind, &files) {
            return reply(call, &json!({ "decision": "accept" }), out);
        }
        let run = text("command").map(command);
        let title = run.clone().or_else(|| known.map(|known| known.title));
        let decisions = decisions(params, kind == Some(ToolKind::Execute) || run.is_some());
        let options = decisions.iter().map(|(option, _)| option.clone()).collect();
        let request = Request {
            id: self.request_id(),
            title: title.unwrap_or_else(|| format!("{} asks for permission", self.start.title)),
            detail: text("reason").map(str::to_owned).or(run).map(|detail| detail.chars().take(DETAIL).collect()),
            tool: Some(item.to_owned()),
            options,
            question: false,
            // Words beside a no steer the turn that goes on.
            takes_note: true,
            input: None,
        };
        let decisions = decisions.into_iter().map(|(option, decision)| (option.id, decision)).collect();
        self.open(request, Pending { call: call.clone(), decisions, questions: None }, out);
    }

    fn request_id(&mut self) -> RequestId {
        self.asked += 1;
        self.start.request_id(self.asked)
    }

    fn open(&mut self, request: Request, pending: Pending, out: &mut Outbox) {
        self.requests.insert(request.id, pending);
        out.event(EventBody::Asked { request });
    }

    /// Asks the next one of several questions.
    fn question(&mut self, call: &Value, questions: Questions, out: &mut Outbox) {
        let id = self.request_id();
        let Some(request) = questions.ask(id) else { return };
        let decisions = request.options.iter().map(|option| (option.id.clone(), Value::Null)).collect();
        self.open(request, Pending { call: call.clone(), decisions, questions: Some(questions) }, out);
    }

    pub(super) fn answer(
        &mut self,
        request: RequestId,
        option: Option<String>,
        note: Option<String>,
        message: Option<MessageId>,
        out: &mut Outbox,
    ) -> Result<(), Refused> {
        let pending = self.requests.get(&request).ok_or(Refused::NoSuchRequest)?;
        let decision = match &option {
            None => json!("cancel"),
            Some(option) => {
                let found = pending.decisions.iter().find(|(id, _)| id == option);
                found.map(|(_, decision)| decision.clone()).ok_or(Refused::NoSuchOption { option: option.clone() })?
            }
        };
        let Some(mut pending) = self.requests.remove(&request) else { return Err(Refused::NoSuchRequest) };
        out.event(EventBody::Answered { request, option: option.clone(), note: note.clone(), message });
        let said = note.filter(|note| !note.trim().is_empty());
        if let Some(mut questions) = pending.questions.take() {
            let answers: Vec<String> = said.or(option).into_iter().collect();
            if questions.answer("id", json!({ "answers": answers })) {
                self.question(&pending.call, questions, out);
            } else {
                let (_, answers) = questions.into_parts();
                reply(&pending.call, &json!({ "answers": answers }), out);
            }
            return Ok(());
        }
        reply(&pending.call, &json!({ "decision": decision }), out);
        if let Some(said) = said {
            // Where the turn is over there is nobody to hear it.
            let _ = self.steer(&said, out);
        }
        Ok(())
    }

    /// Settles everything that is asked: the turn is over, or about to be.
    pub(super) fn withdraw_all(&mut self, out: &mut Outbox) {
        let in_turn = matches!(self.phase, Phase::InTurn { .. });
        for (request, pending) in std::mem::take(&mut self.requests) {
            if in_turn && pending.questions.is_none() {
                reply(&pending.call, &json!({ "decision": "cancel" }), out);
            }
            out.event(EventBody::Answered { request, option: None, note: None, message: None });
        }
    }

    /// The agent takes a request back, or confirms an answer.
    pub(super) fn resolved(&mut self, call: &Value, out: &mut Outbox) {
        let found = self.requests.iter().find(|(_, pending)| pending.call == *call).map(|(id, _)| *id);
        if let Some(request) = found {
            self.requests.remove(&request);
            out.event(EventBody::Answered { request, option: None, note: None, message: None });
        }
    }
}

/// What can be answered, with what each says to the agent: once; for longer, as far as it is offered; no.
fn decisions(params: &Value, is_command: bool) -> Vec<(RequestOption, Value)> {
    let offered = params.get("availableDecisions").and_then(Value::as_array);
    let offers = |decision: &str| offered.is_none_or(|all| all.iter().any(|offered| offered == decision));
    let mut all = vec![(RequestOption::new("accept", "Allow", OptionEffect::AllowOnce), json!("accept"))];
    if offers("acceptForSession") {
        let scope = if is_command { "this command in this session" } else { "these files in this session" };
        let always = RequestOption {
            detail: Some(scope.to_owned()),
            ..RequestOption::new("acceptForSession", "Always", OptionEffect::AllowAlways)
        };
        all.push((always, json!("acceptForSession")));
    }
    let amendment =
        offered.into_iter().flatten().find(|offered| offered.get("acceptWithExecpolicyAmendment").is_some());
    if let Some(decision) = amendment {
        let words = decision.pointer("/acceptWithExecpolicyAmendment/execpolicy_amendment").and_then(Value::as_array);
        let words: Vec<_> = words.into_iter().flatten().filter_map(Value::as_str).collect();
        let scope = format!("commands that begin with `{}`", words.join(" "));
        all.push((
            RequestOption { detail: Some(scope), ..RequestOption::new("always", "Always", OptionEffect::AllowAlways) },
            decision.clone(),
        ));
    }
    all.push((RequestOption::new("decline", "Deny", OptionEffect::RejectOnce), json!("decline")));
    all.push((RequestOption::new("cancel", "Deny and stop", OptionEffect::RejectOnce), json!("cancel")));
    all
}

fn reply(call: &Value, result: &Value, out: &mut Outbox) {
    out.send(&json!({ "id": call, "result": result }));
}
