//! `qd approve`.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use crate::say;
use qd_core::command::{AnswerRequest, Command};
use qd_core::event::{OptionEffect, Request, RequestOption};

/// Answer what a session's agent asks: a permission or a question.
///
/// Without an option a permission is given once. An option is named by its id, its words, or one of allow, always,
/// deny and never.
#[derive(clap::Args)]
pub struct Approve {
    /// The session: its id, or the beginning or end of it.
    session: String,
    /// What to answer.
    option: Option<String>,
    /// Words with the answer: why not, or an answer of your own. Not every agent hears them.
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    sending: Sending,
}

impl Approve {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let session = find::session(&state, &self.session)?;
        let Some(request) = session.requests.first() else {
            let message = "This session asks nothing at the moment. `qd sessions` shows which do.";
            return Err(Error::Usage(message.to_owned()));
        };
        let option = chosen(request, self.option.as_deref())?;
        if !context.json {
            say::line(format_args!("{}: {}", request.title, option.label));
        }
        let id = self.sending.id();
        let answer = AnswerRequest {
            note: self.note,
            ..AnswerRequest::new(id.into(), session.id, request.id, option.id.clone())
        };
        client.send(id, "answer", &Command::AnswerRequest(answer), context.json)
    }
}

fn chosen<'a>(request: &'a Request, written: Option<&str>) -> Result<&'a RequestOption, Error> {
    let of_effect = |effect| request.options.iter().find(|o| o.effect == effect);
    let found = match written {
        None => of_effect(OptionEffect::AllowOnce),
        Some(written) => {
            let lower = written.to_lowercase();
            let named = request.options.iter().find(|o| o.id == written || o.label.to_lowercase() == lower);
            named.or_else(|| match lower.as_str() {
                "allow" => of_effect(OptionEffect::AllowOnce),
                "always" => of_effect(OptionEffect::AllowAlways),
                "deny" => of_effect(OptionEffect::RejectOnce),
                "never" => of_effect(OptionEffect::RejectAlways),
                _ => None,
            })
        }
    };
    found.ok_or_else(|| {
        let labels: Vec<String> = request.options.iter().map(|o| format!("{:?}", o.label)).collect();
        Error::Usage(format!("{} Choose one of {}", request.title, labels.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn request(options: &[(&str, &str, OptionEffect)]) -> Request {
        Request {
            id: Uuid::nil().into(),
            title: "Run cargo test?".to_owned(),
            detail: None,
            tool: None,
            options: options
                .iter()
                .map(|(id, label, effect)| RequestOption {
                    id: (*id).to_owned(),
                    label: (*label).to_owned(),
                    effect: *effect,
                    detail: None,
                })
                .collect(),
            question: false,
            takes_note: false,
            input: None,
        }
    }

    #[test]
    fn a_permission_is_given_once_unless_said_otherwise() {
        let request = request(&[
            ("a", "Always", OptionEffect::AllowAlways),
            ("o", "Once", OptionEffect::AllowOnce),
            ("r", "No", OptionEffect::RejectOnce),
        ]);
        for (written, id) in
            [(None, "o"), (Some("allow"), "o"), (Some("always"), "a"), (Some("deny"), "r"), (Some("no"), "r")]
        {
            assert_eq!(chosen(&request, written).unwrap().id, id, "{written:?}");
        }
        assert!(chosen(&request, Some("never")).is_err());
    }

    #[test]
    fn a_question_is_never_answered_by_itself() {
        let request = request(&[("1", "Red", OptionEffect::Choice), ("2", "Blue", OptionEffect::Choice)]);
        let message = chosen(&request, None).unwrap_err().to_string();
        assert!(message.contains("\"Red\", \"Blue\""), "{message}");
        assert_eq!(chosen(&request, Some("blue")).unwrap().id, "2");
    }
}
