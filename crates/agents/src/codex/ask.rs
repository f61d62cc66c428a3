//! What the agent asks: approvals of commands and of changes, and questions.

use qd_core::event::{EventBody, OptionEffect, Request, RequestOption, ToolKind};
use qd_core::ids::{MessageId, RequestId, of_cause};
use serde_json::{Map, Value, json};

use super::items::command;
use super::{Codex, Phase};
use crate::driver::{Outbox, Refused};
use crate::permission::allows;
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

/// Questions that are asked one after the other and answered at once.
#[derive(Debug)]
struct Questions {
    all: Vec<Value>,
    answers: Map<String, Value>,
    /// How many were answered: two of them may have the same name.
    answered: usize,
}

impl Questions {
    fn next(&self) -> Option<&Value> {
        self.all.get(self.answered)
    }
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
                if all.is_empty() {
                    return reply(call, &json!({ "answers": {} }), out);
                }
                let questions = Some(Questions { all, answers: Map::new(), answered: 0 });
                self.question(Pending { call: call.clone(), decisions: Vec::new(), questions }, out);
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
        RequestId(of_cause(&["request", &self.start.seed, &self.asked.to_string()]))
    }

    fn open(&mut self, request: Request, pending: Pending, out: &mut Outbox) {
        self.requests.insert(request.id, pending);
        out.event(EventBody::Asked { request });
    }

    /// Asks the next one of several questions.
    fn question(&mut self, pending: Pending, out: &mut Outbox) {
        let Some(question) = pending.questions.as_ref().and_then(Questions::next) else { return };
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let choices = question.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let choice = |choice: &Value| {
            let label = text(choice, "label")?;
            Some(option(&label, &label, OptionEffect::Choice, text(choice, "description")))
        };
        let mut options: Vec<_> = choices.iter().filter_map(choice).collect();
        if options.is_empty() {
            options.push(option("answer", "Answer", OptionEffect::Choice, None));
        }
        let decisions = options.iter().map(|option| (option.id.clone(), Value::Null)).collect();
        let request = Request {
            title: text(question, "question").unwrap_or_else(|| "It has a question.".to_owned()),
            detail: None,
            tool: None,
            options,
            question: true,
            takes_note: true,
            input: None,
            id: self.request_id(),
        };
        self.open(request, Pending { decisions, ..pending }, out);
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
            let id = questions.next().and_then(|question| question.get("id")?.as_str()).unwrap_or_default().to_owned();
            let answers: Vec<String> = said.or(option).into_iter().collect();
            questions.answers.insert(id, json!({ "answers": answers }));
            questions.answered += 1;
            if questions.next().is_some() {
                self.question(Pending { questions: Some(questions), ..pending }, out);
            } else {
                reply(&pending.call, &json!({ "answers": questions.answers }), out);
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

fn option(id: &str, label: &str, effect: OptionEffect, detail: Option<String>) -> RequestOption {
    RequestOption { id: id.to_owned(), label: label.to_owned(), effect, detail }
}

/// What can be answered, with what each says to the agent: once; for longer, as far as it is offered; no.
fn decisions(params: &Value, is_command: bool) -> Vec<(RequestOption, Value)> {
    let offered = params.get("availableDecisions").and_then(Value::as_array);
    let offers = |decision: &str| offered.is_none_or(|all| all.iter().any(|offered| offered == decision));
    let mut all = vec![(option("accept", "Allow", OptionEffect::AllowOnce, None), json!("accept"))];
    if offers("acceptForSession") {
        let scope = if is_command { "this command in this session" } else { "these files in this session" };
        let always = option("acceptForSession", "Always", OptionEffect::AllowAlways, Some(scope.to_owned()));
        all.push((always, json!("acceptForSession")));
    }
    let amendment =
        offered.into_iter().flatten().find(|offered| offered.get("acceptWithExecpolicyAmendment").is_some());
    if let Some(decision) = amendment {
        let words = decision.pointer("/acceptWithExecpolicyAmendment/execpolicy_amendment").and_then(Value::as_array);
        let words: Vec<_> = words.into_iter().flatten().filter_map(Value::as_str).collect();
        let scope = format!("commands that begin with `{}`", words.join(" "));
        all.push((option("always", "Always", OptionEffect::AllowAlways, Some(scope)), decision.clone()));
    }
    all.push((option("decline", "Deny", OptionEffect::RejectOnce, None), json!("decline")));
    all.push((option("cancel", "Deny and stop", OptionEffect::RejectOnce, None), json!("cancel")));
    all
}

fn reply(call: &Value, result: &Value, out: &mut Outbox) {
    out.send(&json!({ "id": call, "result": result }));
}
