//! The demo agent: a real agent of the protocol over stdin and stdout, without a model. Scripted, and says so.
//!
//! It reads the task document that its prompt names (`Task document: tasks/x.md`), edits real files in its working
//! directory step by step, asks one permission, runs a command, ticks boxes, ends. `.quarterdeck/demo-script.json`
//! in the working directory says what to do for a task (see [`script`]); a directive in the prompt or in the task
//! (`[[demo: …]]`, see [`directive`]) makes it misbehave for a test. Conversations are kept in a folder and can be
//! gone on with.
//!
//! Must not know: the driver. The two only meet in the protocol.

pub mod directive;
pub mod script;

mod files;
mod memory;
mod prompt;
mod scenario;
mod tour;
mod turn;
mod voice;
mod work;

use qd_core::ids::{Millis, of_cause};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, Lines};
use tokio::sync::{mpsc, oneshot};

use memory::Conversation;
use turn::{Stop, Turn};
use voice::{Said, Voice};

/// What the demo agent is told by its surroundings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a step takes.
    pub step: Duration,
    /// Where conversations are kept.
    pub home: PathBuf,
    /// Whether it fails before it says anything.
    pub fails_at_start: bool,
    /// The mark of its session (`QD_SESSION`), for the proof that a session starts once.
    pub mark: String,
    /// The environment of the commands that it runs.
    pub env: BTreeMap<OsString, OsString>,
    /// When it was started.
    pub now: Millis,
}

impl Settings {
    /// Reads them from an environment: `QD_DEMO_STEP_MS` (300), `QD_DEMO_HOME` (else a folder in the user's cache, else
    /// in `temporary`), `QD_DEMO_FAIL` (anything but empty or 0), `QD_SESSION`.
    pub fn from_env(env: BTreeMap<OsString, OsString>, temporary: &Path, now: Millis) -> Self {
        let value = |name: &str| env.get(OsStr::new(name)).filter(|value| !value.is_empty());
        let text = |name: &str| value(name).and_then(|value| value.to_str());
        let step = text("QD_DEMO_STEP_MS").and_then(|ms| ms.parse().ok());
        let cache = value("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| value("HOME").map(|home| Path::new(home).join(".cache")));
        let home = value("QD_DEMO_HOME").map(PathBuf::from);
        let below = |folder: &Path| folder.join("quarterdeck").join("demo-agent");
        Self {
            step: Duration::from_millis(step.unwrap_or(300)),
            home: home.unwrap_or_else(|| below(cache.as_deref().unwrap_or(temporary))),
            fails_at_start: text("QD_DEMO_FAIL").is_some_and(|value| value != "0"),
            mark: text(qd_proc::SESSION_MARK).unwrap_or_default().to_owned(),
            env,
            now,
        }
    }
}

/// The models that can be chosen (id and name): the same script at two speeds.
pub const MODELS: &[(&str, &str)] = &[("scripted", "Scripted (no model)"), (SLOW_MODEL, "Scripted, slow (no model)")];
const SLOW_MODEL: &str = "scripted-slow";
/// The exit code of a run that was told to fail.
const FAILED: u8 = 1;
/// The exit code of a run that was told to crash.
const CRASHED: u8 = 70;

/// The whole process: serves its stdin and stdout, returns the exit code.
pub fn main(settings: Settings) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(run(tokio::io::stdin(), tokio::io::stdout(), settings));
    // A read of stdin cannot be called back; it must not hold the end up.
    runtime.shutdown_background();
    code
}

/// Serves one client until it closes `input`. Returns the exit code.
pub async fn run<R, W>(input: R, output: W, settings: Settings) -> io::Result<u8>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    if settings.fails_at_start {
        complain("told to fail at its start");
        return Ok(FAILED);
    }
    let (say, said) = mpsc::channel(256);
    let agent = Agent {
        lines: BufReader::new(input).lines(),
        output,
        voice: Voice::new(say),
        said,
        asked: HashMap::new(),
        conversations: HashMap::new(),
        running: None,
        settings,
    };
    agent.serve().await
}

/// A turn that is being played.
struct Running {
    /// The client's id of the prompt.
    call: Value,
    ignores_cancel: bool,
    future: Pin<Box<dyn Future<Output = Stop> + Send>>,
}

struct Agent<R, W> {
    lines: Lines<BufReader<R>>,
    output: W,
    voice: Voice,
    said: mpsc::Receiver<Said>,
    /// Requests to the client that wait for their answer.
    asked: HashMap<i64, oneshot::Sender<Value>>,
    conversations: HashMap<String, Conversation>,
    running: Option<Running>,
    settings: Settings,
}

enum Next {
    Line(Option<String>),
    Said(Said),
    Ended(Stop),
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Agent<R, W> {
    async fn serve(mut self) -> io::Result<u8> {
        let mut open = true;
        loop {
            let playing = async {
                match &mut self.running {
                    Some(running) => running.future.as_mut().await,
                    None => pending().await,
                }
            };
            let next = tokio::select! {
                // What was said goes out before the turn that said it ends.
                biased;
                Some(said) = self.said.recv() => Next::Said(said),
                stop = playing => Next::Ended(stop),
                line = self.lines.next_line(), if open => Next::Line(line?),
            };
            match next {
                Next::Said(said) => self.say(said).await?,
                Next::Ended(stop) => {
                    if let Some(code) = self.ended(stop).await? {
                        return Ok(code);
                    }
                }
                Next::Line(Some(line)) => self.line(&line).await?,
                Next::Line(None) => open = false,
            }
            // Whoever ignores a cancel ignores the end of its input as well.
            if !open && self.running.as_ref().is_none_or(|running| !running.ignores_cancel) {
                return Ok(0);
            }
        }
    }

    /// Says this and all that waits behind it, in one write.
    async fn say(&mut self, said: Said) -> io::Result<()> {
        let mut lines = String::new();
        let mut next = Some(said);
        while let Some(said) = next {
            let message = match said {
                Said::Message(message) => message,
                Said::Asked { id, message, answer } => {
                    self.asked.insert(id, answer);
                    message
                }
            };
            lines.push_str(&message.to_string());
            lines.push('\n');
            next = self.said.try_recv().ok();
        }
        self.put(&lines).await
    }

    async fn write(&mut self, message: &Value) -> io::Result<()> {
        self.put(&format!("{message}\n")).await
    }

    async fn put(&mut self, lines: &str) -> io::Result<()> {
        self.output.write_all(lines.as_bytes()).await?;
        self.output.flush().await
    }

    async fn ended(&mut self, stop: Stop) -> io::Result<Option<u8>> {
        if let Ok(said) = self.said.try_recv() {
            self.say(said).await?;
        }
        let Some(running) = self.running.take() else {
            return Ok(None);
        };
        match stop {
            Stop::Ended => {
                self.reply(&running.call, &json!({ "stopReason": "end_turn" })).await?;
                Ok(None)
            }
            Stop::Refused(message) => {
                let error = json!({ "code": -32603, "message": message });
                self.write(&json!({ "jsonrpc": "2.0", "id": running.call, "error": error })).await?;
                complain(&message);
                Ok(Some(FAILED))
            }
            Stop::Crashed => {
                self.output.write_all(br#"{"jsonrpc":"2.0","method":"session/update","params":{"sess"#).await?;
                self.output.flush().await?;
                complain("told to crash half-way");
                Ok(Some(CRASHED))
            }
        }
    }

    async fn line(&mut self, line: &str) -> io::Result<()> {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return Ok(());
        };
        let id = message.get("id").cloned();
        match (id, message.get("method").and_then(Value::as_str)) {
            (Some(id), Some(method)) => self.request(id, method, &message["params"]).await,
            (None, Some("session/cancel")) => self.cancel().await,
            (Some(id), None) => {
                if let Some(answer) = id.as_i64().and_then(|id| self.asked.remove(&id)) {
                    // Nobody waits any more where the turn has ended meanwhile.
                    let _ = answer.send(message["result"].clone());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn request(&mut self, id: Value, method: &str, params: &Value) -> io::Result<()> {
        match method {
            "initialize" => self.reply(&id, &initialized()).await,
            "session/new" => {
                let count = self.conversations.len().to_string();
                let pid = std::process::id().to_string();
                let now = self.settings.now.0.to_string();
                let name = format!("demo-{}", of_cause(&["demo", &self.settings.mark, &pid, &now, &count]));
                let cwd = PathBuf::from(params["cwd"].as_str().unwrap_or("."));
                self.conversations.insert(name.clone(), Conversation::new(cwd));
                let mut result = options(false);
                result["sessionId"] = json!(name);
                self.reply(&id, &result).await?;
                self.tell_commands(&name).await
            }
            "session/load" => self.load(id, params).await,
            "session/set_mode" => self.reply(&id, &json!({})).await,
            "session/set_config_option" => {
                let slow = params["value"] == SLOW_MODEL;
                if let Some(conversation) = self.conversation(params) {
                    conversation.slow = slow;
                }
                self.reply(&id, &options(slow)).await
            }
            "session/prompt" => self.prompt(id, params).await,
            _ => self.refuse(&id, -32601, &format!("unknown method {method}")).await,
        }
    }

    async fn load(&mut self, id: Value, params: &Value) -> io::Result<()> {
        let name = params["sessionId"].as_str().unwrap_or_default().to_owned();
        let Some(mut conversation) = Conversation::load(&self.settings.home, &name) else {
            return self.refuse(&id, -32602, &format!("no conversation {name}")).await;
        };
        conversation.cwd = PathBuf::from(params["cwd"].as_str().unwrap_or("."));
        for prompt in &conversation.prompts {
            let content = json!({ "type": "text", "text": prompt });
            let update = json!({ "sessionUpdate": "user_message_chunk", "content": content });
            let params = json!({ "sessionId": name, "update": update });
            let message = json!({ "jsonrpc": "2.0", "method": "session/update", "params": params });
            let line = format!("{message}\n");
            self.output.write_all(line.as_bytes()).await?;
        }
        self.conversations.insert(name.clone(), conversation);
        self.reply(&id, &options(false)).await?;
        self.tell_commands(&name).await
    }

    /// What may stand behind a slash at the beginning of a prompt.
    async fn tell_commands(&mut self, name: &str) -> io::Result<()> {
        let commands = json!([
            { "name": "say", "description": "Repeats what follows" },
            { "name": "where", "description": "Says which directory it works in" },
        ]);
        let update = json!({ "sessionUpdate": "available_commands_update", "availableCommands": commands });
        let params = json!({ "sessionId": name, "update": update });
        self.write(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params })).await
    }

    async fn prompt(&mut self, id: Value, params: &Value) -> io::Result<()> {
        if self.running.is_some() {
            return self.refuse(&id, -32600, "a turn is running").await;
        }
        let blocks = params["prompt"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text: Vec<_> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
        let text = text.join("\n");
        let image = |block: &Value| Some((block["mimeType"].as_str()?.to_owned(), block["data"].as_str()?.to_owned()));
        let images = blocks.iter().filter_map(image).collect();
        let name = params["sessionId"].as_str().unwrap_or_default().to_owned();
        let Some(conversation) = self.conversations.get_mut(&name) else {
            return self.refuse(&id, -32602, &format!("no conversation {name}")).await;
        };
        conversation.prompts.push(text.clone());
        conversation.save(&self.settings.home, &name)?;
        let turn = Turn::new(&self.settings, conversation, self.voice.of(&name), &text, images);
        self.running = Some(Running { call: id, ignores_cancel: turn.ignores_cancel(), future: Box::pin(turn.play()) });
        Ok(())
    }

    /// Ends the turn by dropping it, and with it the command that it runs.
    async fn cancel(&mut self) -> io::Result<()> {
        let Some(running) = self.running.take_if(|running| !running.ignores_cancel) else {
            return Ok(());
        };
        if let Ok(said) = self.said.try_recv() {
            self.say(said).await?;
        }
        self.asked.clear();
        let call = running.call.clone();
        drop(running);
        self.reply(&call, &json!({ "stopReason": "cancelled" })).await
    }

    fn conversation(&mut self, params: &Value) -> Option<&mut Conversation> {
        self.conversations.get_mut(params["sessionId"].as_str()?)
    }

    async fn reply(&mut self, id: &Value, result: &Value) -> io::Result<()> {
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "result": result })).await
    }

    async fn refuse(&mut self, id: &Value, code: i64, message: &str) -> io::Result<()> {
        let error = json!({ "code": code, "message": message });
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "error": error })).await
    }
}

fn complain(message: &str) {
    eprintln!("demo agent: {message}");
}

fn initialized() -> Value {
    json!({
        "protocolVersion": 1,
        "agentCapabilities": { "loadSession": true, "promptCapabilities": { "image": true } },
        "agentInfo": {
            "name": "quarterdeck-demo-agent",
            "title": "Demo agent (scripted, no model)",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "authMethods": [],
    })
}

fn options(slow: bool) -> Value {
    let current = if slow { SLOW_MODEL } else { "scripted" };
    let models = MODELS.iter().map(|(id, title)| json!({ "value": id, "name": title }));
    json!({ "configOptions": [{
        "id": "model", "name": "Model", "category": "model", "type": "select", "currentValue": current,
        "options": models.collect::<Vec<_>>(),
    }] })
}
