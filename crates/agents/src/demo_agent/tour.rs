//! A tour of what a transcript can hold, for tests and for whoever draws it. What can be done for real is done.

use serde_json::{Value, json};
use std::cmp::Ordering;

use super::files;
use super::script::Edit;
use super::turn::Turn;
use super::work::text_content;

/// A picture of six bars, a PNG in base64.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAADAAAAAgCAIAAADbtmxLAAAAUUlEQVR42mN48+7ToEIMow4addCog6iE3PJOoKFRB406aNRB5Fkw6qAh5yBSxUcdRLaDqJUmRh004A6itfiogwg6aKAsHnXQqINGHTTqIKg4AGd81MR5HJClAAAAAElFTkSuQmCC";
const NOTE: &str = "demo-notes/tour.md";
const MOVED: &str = "demo-notes/tour-moved.md";

impl Turn {
    pub(super) async fn tour(&mut self) {
        self.allowed = true;
        self.voice.thought("I show one of each.\n\nScripted, no model: nothing of this is thought about.\n").await;
        self.tell_steps(1).await;
        self.speak("First I **read**:\n\n- some files,\n- and what stands in them.\n\n").await;
        for path in ["src/lib.rs", "src/parse.rs", "README.md"] {
            self.shown(&format!("Read {path}"), "read", json!({ "locations": self.location(path) }), "(nothing)").await;
        }
        let found = "src/lib.rs:12: fn parse(\nsrc/parse.rs:3: fn parse(\n";
        self.shown("Search `fn parse` in src", "search", json!({ "rawInput": { "pattern": "fn parse" } }), found).await;
        self.shown("Think about the name", "think", json!({}), "`parse` says it.").await;
        let address = json!({ "rawInput": { "url": "https://example.org/" } });
        self.shown("Fetch https://example.org/", "fetch", address, "(Scripted: nothing was fetched.)").await;
        let issue = json!({ "rawInput": { "query": "parser", "states": ["open", "planned"], "limit": 20 } });
        self.shown("tracker: find_issues", "other", issue.clone(), "2 issues: #12, #31").await;
        let id = self.begin("tracker: close_issue", "other", issue).await;
        self.end(&id, "failed", text_content("The tracker does not answer.")).await;
        self.tell_steps(2).await;
        self.files().await;
        self.run("seq -f 'line %g of a long output' 400").await;
        self.run("echo 'it does not compile' >&2; exit 3").await;
        let id = self.begin("Draw the bars", "other", json!({})).await;
        let image = json!({ "type": "image", "mimeType": "image/png", "data": PICTURE });
        self.end(&id, "completed", json!({ "content": [{ "type": "content", "content": image }] })).await;
        self.speak("And this is how it looks:\n\n").await;
        self.voice.image("image/png", PICTURE).await;
        self.tell_steps(3).await;
        self.speak(
            "\n```rust\nfn parse(text: &str) -> Vec<&str> {\n    text.lines().collect()\n}\n```\n\nThat was all.\n",
        )
        .await;
    }

    /// Makes a file, changes it, moves it, deletes it.
    async fn files(&self) {
        let text = "# Tour\n\nOne\nTwo\nThree\nFour\nFive\n";
        self.write(NOTE, None, Some(text.to_owned())).await;
        let change =
            |find: &str, replace: &str| Edit { path: NOTE.to_owned(), find: find.into(), replace: replace.into() };
        self.edit(&change("Three\n", "Three and a half\n")).await;
        let (from, to) = (files::inside(&self.cwd, NOTE), files::inside(&self.cwd, MOVED));
        let moved = from.zip(to.as_ref()).is_some_and(|(from, to)| std::fs::rename(from, to).is_ok());
        self.settled(&format!("Move {NOTE} to {MOVED}"), "move", MOVED, moved).await;
        let deleted = to.is_some_and(|path| std::fs::remove_file(path).is_ok());
        self.settled(&format!("Delete {MOVED}"), "delete", MOVED, deleted).await;
    }

    async fn settled(&self, title: &str, kind: &str, path: &str, done: bool) {
        let id = self.begin(title, kind, json!({ "locations": self.location(path) })).await;
        self.end(&id, if done { "completed" } else { "failed" }, json!({})).await;
    }

    async fn shown(&self, title: &str, kind: &str, fields: Value, text: &str) {
        let id = self.begin(title, kind, fields).await;
        self.end(&id, "completed", text_content(text)).await;
    }

    async fn tell_steps(&self, now: usize) {
        let status = |at: usize| match at.cmp(&now) {
            Ordering::Less => "completed",
            Ordering::Equal => "in_progress",
            Ordering::Greater => "pending",
        };
        let steps = ["Look around", "Change something", "Show it"];
        let entry =
            |(at, words): (usize, &&str)| json!({ "content": words, "priority": "medium", "status": status(at + 1) });
        let entries: Vec<_> = steps.iter().enumerate().map(entry).collect();
        self.voice.update(json!({ "sessionUpdate": "plan", "entries": entries })).await;
    }
}
