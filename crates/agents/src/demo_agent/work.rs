//! The work itself: implement, verify, rewrite, talk. Real edits, a real command, no model.

use qd_proc::{Run, Spawn};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

use super::files;
use super::script::{Edit, Step, steps};
use super::turn::{Stop, Turn};

/// How long a command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(5);
/// How many steps a plan shows.
const PLAN: usize = 8;

impl Turn {
    pub(super) async fn work(mut self) -> Stop {
        let document = self.prompt.document.clone();
        match (self.prompt.kind.as_deref(), document) {
            (Some("verify"), Some(document)) => self.verify(&document).await,
            (Some("rewrite"), Some(document)) => self.rewrite(&document).await,
            (Some("plan"), Some(document)) => self.plan(&document).await,
            (Some("implement"), _) if self.prompt.merged.is_some() || self.prompt.taken_back => self.resolve().await,
            (Some("implement") | None, Some(document)) => self.implement(&document).await,
            (Some("commit-message"), Some(document)) => self.message(&document).await,
            (Some(kind), document) => {
                let about = document.map(|document| format!(" about `{document}`")).unwrap_or_default();
                let text =
                    format!("I am the demo agent (scripted, no model): for a {kind}{about} I have nothing to say.\n");
                self.speak(&text).await;
            }
            (None, None) => self.talk().await,
        }
        Stop::Ended
    }

    async fn talk(&self) {
        let words = &self.prompt.instruction;
        if let Some(words) = words.strip_prefix("/say ") {
            self.speak(&format!("{words}\n")).await;
        } else if words == "/where" {
            self.speak(&format!("In `{}`.\n", self.cwd.display())).await;
        } else {
            let count = self.count;
            let text = format!(
                "I am the demo agent (scripted, no model). This is prompt {count} of our conversation; you wrote: {words}\n"
            );
            self.speak(&text).await;
        }
        for (mime, data) in &self.images {
            self.speak("This came with it:\n").await;
            self.voice.image(mime, data).await;
        }
    }

    async fn implement(&mut self, document: &str) {
        let Some(text) = self.read(document).await else { return };
        let steps = steps(&self.cwd, document, &text);
        let mut plan = Plan::of(&text, &steps);
        self.tell_plan(&plan).await;
        self.voice.thought("Scripted, no model: I follow my script for this task.\n").await;
        // A box right behind a command stands for its success.
        let mut proven = true;
        for step in steps {
            match step {
                Step::Say(text) => self.speak(&text).await,
                Step::Edit(edit) => self.edit(&edit).await,
                Step::Run(command) => {
                    proven = self.run(&command).await == Some(true);
                    continue;
                }
                Step::Tick(_) if !proven => self.speak("So its box stays open.\n\n").await,
                Step::Tick(number) => {
                    self.tick(document, number).await;
                    if plan.advance() {
                        self.tell_plan(&plan).await;
                    }
                }
            }
            proven = true;
        }
        self.speak("\n\nDone. (Demo agent: scripted, no model.)\n").await;
    }

    /// What the document asks for, as a message for a commit.
    async fn message(&mut self, document: &str) {
        let Some(text) = self.read(document).await else { return };
        let reading = qd_core::document::read(&text);
        let title = qd_core::document::title(&reading, Some(document));
        self.speak(&format!("{title}\n\nBy the demo agent (scripted, no model).\n")).await;
    }

    /// Takes both sides of every conflict, one below the other.
    async fn resolve(&mut self) {
        let takes_back = self.prompt.taken_back;
        let takes = if takes_back { "what stood there before" } else { "both sides" };
        self.speak(&format!("I look at what conflicts and take {takes}. (Demo agent: scripted, no model.)\n")).await;
        let names = match self.git(&["diff", "--name-only", "-z", "--diff-filter=U"]).await {
            Ok(names) => names,
            Err(why) => return self.speak(&why).await,
        };
        for name in names.split('\0').filter(|name| !name.is_empty()) {
            let Some(text) = self.read(name).await else { continue };
            let resolved = if takes_back { files::second_side(&text) } else { files::both_sides(&text) };
            if takes_back && resolved == text {
                // No marks: before there was no such file.
                if let Err(why) = self.git(&["rm", "-q", "--", name]).await {
                    return self.speak(&why).await;
                }
                continue;
            }
            self.write(name, Some(text), Some(resolved)).await;
        }
        self.speak("Nothing conflicts any more.\n").await;
    }

    async fn git(&self, arguments: &[&str]) -> Result<String, String> {
        let git = Spawn::new("git").args(arguments).cwd(&self.cwd).envs(&self.settings.env);
        let output = Run::new(git, COMMAND_TIMEOUT).output().await;
        Ok(output.map_err(|error| format!("I can't ask git: {error}.\n"))?.stdout.text())
    }

    async fn verify(&mut self, document: &str) {
        let Some(text) = self.read(document).await else { return };
        self.voice.thought("Scripted, no model: I run the check and look at the boxes.\n").await;
        let command = check(&self.cwd);
        let passed = self.run(command).await;
        let mut text = text;
        if passed == Some(false) {
            let why = format!("Not proven: `{command}` fails.");
            let reopened = files::reopened(&text, &why);
            if reopened != text {
                self.write(document, Some(text), Some(reopened.clone())).await;
            }
            text = reopened;
        }
        let boxes = files::boxes(&text);
        let open = boxes.iter().filter(|(ticked, _)| !ticked).count();
        let state = |ticked| if ticked { "done" } else { "open" };
        let list: Vec<_> = boxes.iter().map(|(ticked, words)| format!("- {}: {words}", state(*ticked))).collect();
        let list = list.join("\n");
        let check = match passed {
            Some(true) => "The check passed.",
            Some(false) => "The check failed.",
            None => "The check was not run.",
        };
        let verdict = if passed == Some(true) && open == 0 { "verified" } else { "not verified" };
        let text = format!("{check} {open} of {} boxes are open.\n\n{list}\n\nVerdict: **{verdict}**.\n", boxes.len());
        self.speak(&text).await;
    }

    /// A plan that holds for any task: a model would read the code.
    async fn plan(&mut self, document: &str) {
        let Some(text) = self.read(document).await else { return };
        self.voice.thought("Scripted, no model: I write the plan that I write for every task.\n").await;
        if !files::boxes(&text).is_empty() {
            return self.speak("A plan stands there already. (Demo agent: scripted, no model.)\n").await;
        }
        let gap = if text.ends_with('\n') { "\n" } else { "\n\n" };
        let steps = ["Read what is there", "Change what the task asks for", "Run the checks of the project"];
        let mut written = format!("{text}{gap}## Plan\n\n");
        // One after the other, as a model writes.
        self.write(document, Some(text), Some(written.clone())).await;
        for step in steps {
            let old = std::mem::take(&mut written);
            written = format!("{old}- [ ] {step}\n");
            self.write(document, Some(old), Some(written.clone())).await;
        }
        self.speak("The plan stands in the document. (Demo agent: scripted, no model.)\n").await;
    }

    async fn rewrite(&mut self, document: &str) {
        let Some(text) = self.read(document).await else { return };
        let note = format!(
            "- {}: {}\n",
            qd_core::calendar::day(self.settings.now),
            self.prompt.instruction.replace('\n', " ")
        );
        let heading = "## Notes\n\n";
        let (find, replace) = if text.contains(heading) {
            (heading.to_owned(), format!("{heading}{note}"))
        } else {
            let gap = if text.ends_with('\n') { "\n" } else { "\n\n" };
            let whole = format!("{text}{gap}{heading}{note}");
            (text, whole)
        };
        let edit = Edit { path: document.to_owned(), find, replace };
        self.edit(&edit).await;
        self.speak("I put your wish into the notes of the task. (Demo agent: scripted, no model.)\n").await;
    }

    async fn read(&self, document: &str) -> Option<String> {
        let id = self.begin(&format!("Read {document}"), "read", json!({ "locations": self.location(document) })).await;
        let text = files::inside(&self.cwd, document).and_then(|path| std::fs::read_to_string(path).ok());
        self.end(&id, if text.is_some() { "completed" } else { "failed" }, json!({})).await;
        if text.is_none() {
            self.speak(&format!("There is no task document `{document}` here that I can read.\n")).await;
        }
        text
    }

    pub(super) async fn edit(&self, edit: &Edit) {
        let path = files::inside(&self.cwd, &edit.path);
        let old = path.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let new = match &old {
            _ if edit.find.is_empty() => Some(edit.replace.clone()),
            Some(old) if old.contains(&edit.find) => Some(old.replacen(&edit.find, &edit.replace, 1)),
            Some(old) if old.contains(&edit.replace) => {
                return self.speak(&format!("`{}` is changed already.\n\n", edit.path)).await;
            }
            _ => None,
        };
        self.write(&edit.path, old, new).await;
    }

    async fn tick(&self, document: &str, number: usize) {
        let old = files::inside(&self.cwd, document).and_then(|path| std::fs::read_to_string(path).ok());
        if let Some(new) = old.as_ref().and_then(|old| files::ticked(old, number)) {
            self.write(document, old, Some(new)).await;
        }
    }

    pub(super) async fn write(&self, path: &str, old: Option<String>, new: Option<String>) {
        let id = self.begin(&format!("Edit {path}"), "edit", json!({ "locations": self.location(path) })).await;
        let target = files::inside(&self.cwd, path);
        let (Some(target), Some(new)) = (target, new) else {
            self.end(&id, "failed", text_content("What was to be replaced does not stand there.")).await;
            return;
        };
        let written =
            target.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&target, &new));
        match written {
            Ok(()) => {
                let diff = json!({ "type": "diff", "path": target, "oldText": old, "newText": new });
                self.end(&id, "completed", json!({ "content": [diff] })).await;
            }
            Err(error) => self.end(&id, "failed", text_content(&error.to_string())).await,
        }
    }

    /// Runs a command line; asks before the first. Whether it succeeded; none where it was not allowed.
    pub(super) async fn run(&mut self, command: &str) -> Option<bool> {
        let input = json!({ "command": command });
        let fields = json!({ "rawInput": input, "status": "pending" });
        let id = self.begin(&format!("`{command}`"), "execute", fields).await;
        let mut fields = json!({ "status": "in_progress" });
        let mut command = command.to_owned();
        if !self.allowed {
            match self.ask(&id, &command).await {
                Ok(None) => {}
                Ok(Some(edited)) => {
                    fields["title"] = json!(format!("`{edited}`"));
                    fields["rawInput"] = json!({ "command": edited });
                    command = edited;
                }
                Err(why) => {
                    self.end(&id, "failed", text_content("Not allowed.")).await;
                    let why = why.map(|why| format!(" You said: {why}")).unwrap_or_default();
                    let text = format!("I was not allowed to run the command, so I go on without it.{why}\n\n");
                    self.speak(&text).await;
                    return None;
                }
            }
        }
        self.voice.tool("tool_call_update", &id, fields).await;
        let spawn = Spawn::new("sh").args(["-c", &command]).envs(&self.settings.env).cwd(&self.cwd);
        let ended = Run::new(spawn, COMMAND_TIMEOUT).limits(64 << 10, 64 << 10).output().await;
        let (code, printed) = match ended {
            Ok(output) => (output.code().unwrap_or(-1), format!("{}{}", output.stdout.text(), output.stderr.text())),
            Err(error) => (-1, error.to_string()),
        };
        let status = if code == 0 { "completed" } else { "failed" };
        let meta = json!({
            "terminal_output_delta": { "terminal_id": id, "data": printed },
            "terminal_exit": { "terminal_id": id, "exit_code": code, "signal": null },
        });
        self.end(&id, status, json!({ "_meta": meta, "content": [{ "type": "terminal", "terminalId": id }] })).await;
        Some(code == 0)
    }

    /// Asks for a command: allowed as it is, allowed as it was edited, or denied with a reason.
    async fn ask(&mut self, id: &str, command: &str) -> Result<Option<String>, Option<String>> {
        let options = json!([
            { "optionId": "allow", "name": "Allow", "kind": "allow_once" },
            { "optionId": "always", "name": "Always allow", "kind": "allow_always",
              "_meta": { "detail": "every command of this session" } },
            { "optionId": "reject", "name": "Deny", "kind": "reject_once" },
        ]);
        let call = json!({
            "toolCallId": id, "title": format!("Run `{command}`"), "kind": "execute", "status": "pending",
            "rawInput": { "command": command },
        });
        let meta = json!({ "takesNote": true, "takesInput": true });
        let asked = json!({ "toolCall": call, "options": options, "_meta": meta });
        let Some(answer) = self.voice.ask(asked).await else { return Err(None) };
        if !matches!(answer.option.as_str(), "allow" | "always") {
            return Err(answer.note);
        }
        self.allowed = true;
        let edited = answer.input.as_ref().and_then(|input| input["command"].as_str());
        Ok(edited.map(str::to_owned))
    }

    async fn tell_plan(&self, plan: &Plan) {
        if !plan.entries.is_empty() {
            self.voice.update(json!({ "sessionUpdate": "plan", "entries": plan.told() })).await;
        }
    }
}

/// The steps that the plan shows, and how many are done.
struct Plan {
    entries: Vec<String>,
    done: usize,
}

impl Plan {
    fn of(text: &str, steps: &[Step]) -> Self {
        let boxes = files::boxes(text);
        let ticks = steps.iter().filter_map(|step| match step {
            Step::Tick(number) => boxes.get(number.checked_sub(1)?).map(|(_, words)| words.clone()),
            _ => None,
        });
        Self { entries: ticks.take(PLAN).collect(), done: 0 }
    }

    /// One step further; whether that shows.
    fn advance(&mut self) -> bool {
        self.done += 1;
        self.done <= self.entries.len()
    }

    fn told(&self) -> Vec<Value> {
        let status = |index: usize| match index.cmp(&self.done) {
            std::cmp::Ordering::Less => "completed",
            std::cmp::Ordering::Equal => "in_progress",
            std::cmp::Ordering::Greater => "pending",
        };
        let entry = |(index, words): (usize, &String)| json!({ "content": words, "priority": "medium", "status": status(index) });
        self.entries.iter().enumerate().map(entry).collect()
    }
}

pub(super) fn text_content(text: &str) -> Value {
    json!({ "content": [{ "type": "content", "content": { "type": "text", "text": text } }] })
}

/// The command that checks a project.
fn check(cwd: &Path) -> &'static str {
    if cwd.join("Cargo.toml").exists() {
        "cargo test --quiet"
    } else if cwd.join("package.json").exists() {
        "npm test --silent"
    } else {
        "git diff --check"
    }
}
