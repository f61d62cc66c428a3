//! A session's output as the page draws it: deltas joined, tool calls upserted, runs of reads folded. Events go in as
//! lines of the output log; windows of items come out.

use qd_core::blob::AttachedImage;
use qd_core::event::{
    Abilities, Activity, Ending, Event, EventBody, Image, Limit, Offer, OfferedCommand, PlanEntry, Request, Retry,
    ToolContent, ToolKind, ToolStatus, ToolUpdate, TurnUsage, Usage,
};
use qd_core::ids::{MessageId, Millis, RequestId};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use ts_rs::TS;

/// One thing that the transcript shows.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Item {
    /// Stays the same while the item grows: counts from 0 over all attempts.
    pub key: usize,
    /// When it began.
    pub ts: Millis,
    /// What it is.
    #[serde(flatten)]
    pub body: ItemBody,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the events that they are made of document them")]
pub enum ItemBody {
    Began {
        agent: String,
        program: String,
        cwd: String,
        resumed: Option<String>,
    },
    Prompt {
        message: MessageId,
        text: String,
        images: Vec<AttachedImage>,
        /// Whether the worktree was saved before it.
        saved: bool,
    },
    Image {
        image: Image,
    },
    Text {
        text: String,
    },
    Thought {
        text: String,
    },
    Tool {
        call: ToolCall,
    },
    Reads {
        calls: Vec<ToolCall>,
    },
    Plan {
        entries: Vec<PlanEntry>,
    },
    Asked {
        request: Request,
        settled: bool,
        option: Option<String>,
        note: Option<String>,
    },
    /// Failed attempts to reach the model in a row: the last one.
    Retrying {
        retry: Retry,
        times: u32,
    },
    Limited {
        limit: Limit,
    },
    Stderr {
        text: String,
    },
    Note {
        text: String,
    },
    Turn {
        stop: String,
        used: TurnUsage,
        /// How long it took, in milliseconds; null where its beginning is not here.
        #[ts(type = "number | null")]
        took: Option<u64>,
    },
    Ended {
        ending: Ending,
        activity: Activity,
    },
    #[ts(type = "{ type: \"unknown\", raw: unknown }")]
    Unknown {
        raw: serde_json::Value,
    },
}

/// A tool call as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[expect(missing_docs, reason = "`ToolUpdate` documents them")]
pub struct ToolCall {
    pub id: String,
    pub title: String,
    pub tool: ToolKind,
    pub status: ToolStatus,
    pub files: Vec<String>,
    pub content: Vec<ToolContent>,
    #[ts(type = "unknown")]
    pub input: Option<serde_json::Value>,
    pub began: Millis,
    pub ended: Option<Millis>,
}

impl ToolCall {
    fn new(id: &str, ts: Millis) -> Self {
        Self {
            id: id.to_owned(),
            title: String::new(),
            tool: ToolKind::Other,
            status: ToolStatus::Pending,
            files: Vec::new(),
            content: Vec::new(),
            input: None,
            began: ts,
            ended: None,
        }
    }

    fn update(&mut self, update: ToolUpdate, ts: Millis) {
        let ToolUpdate { id: _, title, tool, status, files, content, input } = update;
        if let Some(title) = title {
            self.title = title;
        }
        if let Some(tool) = tool {
            self.tool = tool;
        }
        if let Some(files) = files {
            self.files = files;
        }
        if let Some(content) = content {
            self.content = content;
        }
        if input.is_some() {
            self.input = input;
        }
        if let Some(status) = status {
            self.status = status;
            if matches!(status, ToolStatus::Completed | ToolStatus::Failed) {
                self.ended.get_or_insert(ts);
            }
        }
    }
}

/// What a push changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Pushed {
    /// How many items there are now.
    pub len: usize,
    /// The first item that is new or other than before; `len` where none is.
    pub changed_from: usize,
    /// How many lines could not be read.
    pub unreadable: usize,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    items: Vec<Item>,
    /// Where each tool call of the current attempt stands: its item, and its place in a run of reads.
    tools: HashMap<String, (usize, usize)>,
    asked: HashMap<RequestId, usize>,
    prompted: HashSet<MessageId>,
    /// Messages before which the worktree was saved.
    saved: HashSet<MessageId>,
    plan: Option<usize>,
    part: Part,
    usage: Usage,
    commands: Vec<OfferedCommand>,
    offers: Vec<Offer>,
    can: Abilities,
    /// When the turn that runs began.
    turn: Option<Millis>,
    ended: bool,
}

/// A part of a message is longer than this, in bytes, when the next paragraph begins another …
const PART: usize = 4096;
/// … and no longer than this when a mere line ends.
const LONG_PART: usize = 16 * 1024;

/// How far the last item of text was looked through for a place where markdown may be cut.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// To this byte, where a line begins.
    upto: usize,
    /// Whether a code block is open there.
    fenced: bool,
}

impl Part {
    /// Whether what comes after `text` may as well stand by itself.
    fn is_full(&mut self, text: &str) -> bool {
        let mut blank = false;
        while let Some((line, _)) = text.get(self.upto..).and_then(|rest| rest.split_once('\n')) {
            self.upto += line.len() + 1;
            let line = line.trim();
            self.fenced ^= line.starts_with("```") || line.starts_with("~~~");
            blank = line.is_empty();
        }
        let between_lines = self.upto == text.len() && !self.fenced;
        between_lines && (text.len() > LONG_PART || blank && text.len() > PART)
    }
}

impl Transcript {
    /// Takes whole lines of the output log.
    pub fn push(&mut self, lines: &str) -> Pushed {
        let mut changed_from = usize::MAX;
        let mut unreadable = 0;
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str::<Event>(line) {
                Ok(event) => changed_from = changed_from.min(self.event(event)),
                Err(_) => unreadable += 1,
            }
        }
        Pushed { len: self.items.len(), changed_from: changed_from.min(self.items.len()), unreadable }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items from `from` to before `to`.
    pub fn window(&self, from: usize, to: usize) -> &[Item] {
        let to = to.min(self.items.len());
        &self.items[from.min(to)..to]
    }

    /// The items in which `text` stands, upper and lower case alike.
    pub fn find(&self, text: &str) -> Vec<usize> {
        let text = text.to_lowercase();
        if text.is_empty() {
            return Vec::new();
        }
        let hit = |item: &Item| serde_json::to_string(&item.body).is_ok_and(|json| json.to_lowercase().contains(&text));
        self.items.iter().enumerate().filter(|(_, item)| hit(item)).map(|(at, _)| at).collect()
    }

    /// The items with which turns begin: what a person wrote.
    pub fn turns(&self) -> Vec<usize> {
        let begins = |item: &Item| matches!(item.body, ItemBody::Prompt { .. });
        self.items.iter().enumerate().filter(|(_, item)| begins(item)).map(|(at, _)| at).collect()
    }

    /// Whether the last attempt's ending was read.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Use of tokens and money as last told.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The commands that the agent offers.
    pub fn commands(&self) -> &[OfferedCommand] {
        &self.commands
    }

    /// What can be chosen in the running conversation.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// What the agent can do, as it said last.
    pub fn can(&self) -> Abilities {
        self.can
    }

    /// Whether the agent was given this message.
    pub fn has_message(&self, id: MessageId) -> bool {
        self.prompted.contains(&id)
    }

    /// Takes one event; gives back the first item that changed.
    fn event(&mut self, event: Event) -> usize {
        let ts = event.ts;
        match event.body {
            EventBody::Began { agent, program, cwd, resumed } => {
                self.tools.clear();
                self.plan = None;
                self.turn = None;
                self.ended = false;
                self.add(ts, ItemBody::Began { agent, program, cwd, resumed })
            }
            EventBody::Prompt { message, text, images } => {
                self.plan = None;
                self.turn.get_or_insert(ts);
                self.prompted.insert(message);
                let saved = self.saved.contains(&message);
                self.add(ts, ItemBody::Prompt { message, text, images, saved })
            }
            EventBody::Image(image) => self.add(ts, ItemBody::Image { image }),
            EventBody::Text { text } => self.say(ts, &text),
            EventBody::Thought { text } => {
                if let Some(Item { body: ItemBody::Thought { text: before }, .. }) = self.items.last_mut() {
                    before.push_str(&text);
                    return self.items.len() - 1;
                }
                self.add(ts, ItemBody::Thought { text })
            }
            EventBody::Tool(update) => self.tool(update, ts),
            EventBody::Plan { entries } => {
                let body = ItemBody::Plan { entries };
                if let Some(at) = self.plan {
                    self.items[at].body = body;
                    return at;
                }
                let at = self.add(ts, body);
                self.plan = Some(at);
                at
            }
            EventBody::Asked { request } => {
                let id = request.id;
                let at = self.add(ts, ItemBody::Asked { request, settled: false, option: None, note: None });
                self.asked.insert(id, at);
                at
            }
            EventBody::Answered { request, option, note, .. } => {
                let Some(at) = self.asked.get(&request).copied() else { return self.items.len() };
                if let ItemBody::Asked { settled, option: chosen, note: said, .. } = &mut self.items[at].body {
                    *settled = true;
                    (*chosen, *said) = (option, note);
                }
                at
            }
            EventBody::Usage(usage) => {
                self.usage = usage;
                self.items.len()
            }
            EventBody::Commands { commands } => {
                self.commands = commands;
                self.items.len()
            }
            EventBody::Offers { offers } => {
                self.offers = offers;
                self.items.len()
            }
            EventBody::Ready { can, .. } => {
                self.can = can;
                self.items.len()
            }
            EventBody::Retrying(retry) => {
                if let Some(Item { body: ItemBody::Retrying { retry: before, times }, .. }) = self.items.last_mut() {
                    *before = retry;
                    *times += 1;
                    return self.items.len() - 1;
                }
                self.add(ts, ItemBody::Retrying { retry, times: 1 })
            }
            EventBody::Limited(limit) if limit.reached => self.add(ts, ItemBody::Limited { limit }),
            // The review shows what git says, which is more than a turn's own diff.
            EventBody::Limited(_)
            | EventBody::TurnDiff { .. }
            | EventBody::Conversation { .. }
            | EventBody::Point { .. } => self.items.len(),
            EventBody::Snapshot { message, .. } => {
                self.saved.insert(message);
                self.items.len()
            }
            EventBody::Stderr { text } => {
                if let Some(Item { body: ItemBody::Stderr { text: before }, .. }) = self.items.last_mut() {
                    before.push_str(&text);
                    return self.items.len() - 1;
                }
                self.add(ts, ItemBody::Stderr { text })
            }
            EventBody::Note { text } => self.add(ts, ItemBody::Note { text }),
            EventBody::TurnEnded { stop, used } => {
                let took = self.turn.take().map(|began| ts.since(began));
                self.add(ts, ItemBody::Turn { stop, used, took })
            }
            EventBody::Ended { ending, activity } => {
                self.ended = true;
                self.add(ts, ItemBody::Ended { ending, activity })
            }
            EventBody::Unknown { raw } => self.add(ts, ItemBody::Unknown { raw }),
        }
    }

    /// Takes what the agent says. A long message becomes several items, so that a piece of it costs the drawing of the
    /// last part and not of all that was said before.
    fn say(&mut self, ts: Millis, text: &str) -> usize {
        if let Some(Item { body: ItemBody::Text { text: before }, .. }) = self.items.last_mut() {
            if self.part.is_full(before) {
                self.part = Part::default();
                return self.add(ts, ItemBody::Text { text: text.to_owned() });
            }
            before.push_str(text);
            return self.items.len() - 1;
        }
        self.part = Part::default();
        self.add(ts, ItemBody::Text { text: text.to_owned() })
    }

    fn add(&mut self, ts: Millis, body: ItemBody) -> usize {
        let key = self.items.len();
        self.items.push(Item { key, ts, body });
        key
    }

    fn tool(&mut self, update: ToolUpdate, ts: Millis) -> usize {
        if let Some((at, place)) = self.tools.get(&update.id).copied() {
            match &mut self.items[at].body {
                ItemBody::Tool { call } => call.update(update, ts),
                ItemBody::Reads { calls } => {
                    if let Some(call) = calls.get_mut(place) {
                        call.update(update, ts);
                    }
                }
                _ => {}
            }
            return at;
        }
        let id = update.id.clone();
        let mut call = ToolCall::new(&id, ts);
        call.update(update, ts);
        let last = self.items.len().saturating_sub(1);
        if call.tool == ToolKind::Read {
            match self.items.last_mut().map(|item| &mut item.body) {
                Some(ItemBody::Reads { calls }) => {
                    calls.push(call);
                    self.tools.insert(id, (last, calls.len() - 1));
                    return last;
                }
                Some(body) => {
                    if let ItemBody::Tool { call: before } = body
                        && before.tool == ToolKind::Read
                    {
                        let calls = vec![before.clone(), call];
                        *body = ItemBody::Reads { calls };
                        self.tools.insert(id, (last, 1));
                        return last;
                    }
                }
                None => {}
            }
        }
        let at = self.add(ts, ItemBody::Tool { call });
        self.tools.insert(id, (at, 0));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(t: &mut Transcript, body: &EventBody) -> Pushed {
        let event = Event { seq: 1, ts: Millis(5), body: body.clone() };
        t.push(&serde_json::to_string(&event).unwrap())
    }

    fn tool(id: &str, kind: Option<ToolKind>, status: ToolStatus) -> EventBody {
        EventBody::Tool(ToolUpdate { id: id.into(), tool: kind, status: Some(status), ..ToolUpdate::default() })
    }

    #[test]
    fn deltas_grow_one_item() {
        let mut t = Transcript::default();
        push(&mut t, &EventBody::Text { text: "Hel".into() });
        let pushed = push(&mut t, &EventBody::Text { text: "lo".into() });
        assert_eq!(pushed, Pushed { len: 1, changed_from: 0, unreadable: 0 });
        assert_eq!(t.window(0, 9)[0].body, ItemBody::Text { text: "Hello".into() });
    }

    #[test]
    fn attempts_to_reach_the_model_are_one_item_that_counts() {
        let mut t = Transcript::default();
        for attempt in 1..=3 {
            let retry =
                Retry { attempt: Some(attempt), of: None, wait_ms: None, status: Some(529), reason: "busy".into() };
            push(&mut t, &EventBody::Retrying(retry));
        }
        let [Item { body: ItemBody::Retrying { retry, times }, .. }] = t.window(0, 9) else { panic!("{t:?}") };
        assert_eq!((retry.attempt, *times), (Some(3), 3));
    }

    #[test]
    fn a_message_is_known_by_its_prompt() {
        let mut t = Transcript::default();
        let message = MessageId(qd_core::ids::of_cause(&["a message"]));
        assert!(!t.has_message(message));
        push(&mut t, &EventBody::Prompt { message, text: "do".into(), images: Vec::new() });
        assert!(t.has_message(message));
    }

    #[test]
    fn a_long_message_is_cut_between_paragraphs_and_never_in_code() {
        let mut t = Transcript::default();
        let paragraph = format!("{}\n\n", "word ".repeat(200));
        for _ in 0..20 {
            push(&mut t, &EventBody::Text { text: paragraph.clone() });
        }
        assert_eq!(t.len(), 4);
        push(&mut t, &EventBody::Text { text: "```\n".into() });
        let before = t.len();
        for _ in 0..5000 {
            push(&mut t, &EventBody::Text { text: "let deck = 1;\n\n".into() });
        }
        assert_eq!(t.len(), before);
        let pushed = push(&mut t, &EventBody::Text { text: "```\n".into() });
        assert_eq!(pushed.changed_from, before - 1);
        push(&mut t, &EventBody::Text { text: "After it.".into() });
        assert_eq!(t.len(), before + 1);
        let said: String = t
            .window(0, t.len())
            .iter()
            .map(|item| if let ItemBody::Text { text } = &item.body { text.as_str() } else { "" })
            .collect();
        assert_eq!(said, format!("{}```\n{}```\nAfter it.", paragraph.repeat(20), "let deck = 1;\n\n".repeat(5000)));
    }

    #[test]
    fn a_tool_call_is_one_item_however_often_it_changes() {
        let mut t = Transcript::default();
        push(&mut t, &tool("a", Some(ToolKind::Edit), ToolStatus::Running));
        push(&mut t, &EventBody::Note { text: "between".into() });
        let pushed = push(&mut t, &tool("a", None, ToolStatus::Completed));
        assert_eq!((pushed.len, pushed.changed_from), (2, 0));
        let ItemBody::Tool { call } = &t.window(0, 1)[0].body else { panic!("no tool call") };
        assert_eq!((call.tool, call.status, call.ended), (ToolKind::Edit, ToolStatus::Completed, Some(Millis(5))));
    }

    #[test]
    fn runs_of_reads_fold_into_one_row() {
        let mut t = Transcript::default();
        for id in ["a", "b", "c"] {
            push(&mut t, &tool(id, Some(ToolKind::Read), ToolStatus::Running));
        }
        push(&mut t, &tool("b", None, ToolStatus::Failed));
        let ItemBody::Reads { calls } = &t.window(0, 1)[0].body else { panic!("not folded") };
        assert_eq!(
            calls.iter().map(|c| c.status).collect::<Vec<_>>(),
            [ToolStatus::Running, ToolStatus::Failed, ToolStatus::Running]
        );
        assert_eq!(t.len(), 1);
    }

    #[test]
    fn a_line_that_can_not_be_read_is_counted_and_passed_over() {
        let mut t = Transcript::default();
        assert_eq!(t.push("{\"seq\":1\n\n").unreadable, 1);
    }
}
