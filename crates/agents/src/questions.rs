//! Questions that come together, are asked one after the other and answered at once.

use qd_core::event::{OptionEffect, Request, RequestOption};
use qd_core::ids::RequestId;
use serde_json::{Map, Value};

/// What is left of them, and what was answered.
#[derive(Debug)]
pub(crate) struct Questions {
    all: Vec<Value>,
    answers: Map<String, Value>,
    /// How many were answered: two of them may have the same name.
    answered: usize,
}

impl Questions {
    /// None where there is nothing to ask.
    pub(crate) fn new(all: Vec<Value>) -> Option<Self> {
        (!all.is_empty()).then(|| Self { all, answers: Map::new(), answered: 0 })
    }

    /// The next one as a request; none where all are answered.
    pub(crate) fn ask(&self, id: RequestId) -> Option<Request> {
        let question = self.all.get(self.answered)?;
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let choices = question.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let choice = |choice: &Value| {
            let label = text(choice, "label")?;
            let detail = text(choice, "description");
            Some(RequestOption { detail, ..RequestOption::new(&label, &label, OptionEffect::Choice) })
        };
        let mut options: Vec<_> = choices.iter().filter_map(choice).collect();
        if options.is_empty() {
            options.push(RequestOption::new("answer", "Answer", OptionEffect::Choice));
        }
        let several = question.get("multiSelect") == Some(&Value::Bool(true));
        Some(Request {
            id,
            title: text(question, "question").unwrap_or_else(|| "It has a question.".to_owned()),
            detail: several.then(|| "More than one may be chosen: name them in your own words.".to_owned()),
            tool: None,
            options,
            question: true,
            takes_note: true,
            input: None,
        })
    }

    /// Takes the answer to the one that was asked, under its `name`. True where another one is left.
    pub(crate) fn answer(&mut self, name: &str, answer: Value) -> bool {
        let question = self.all.get(self.answered);
        let key = question.and_then(|question| question.get(name)?.as_str()).unwrap_or_default().to_owned();
        self.answers.insert(key, answer);
        self.answered += 1;
        self.answered < self.all.len()
    }

    /// As they came, and the answers by name.
    pub(crate) fn into_parts(self) -> (Vec<Value>, Map<String, Value>) {
        (self.all, self.answers)
    }
}
