// Made-up rows for work on the drawing: every state of a card, a task and an agent.
import type { Agent, Attention, Kind, Project, Session, Status, Task } from "../src/lib/generated/types";


export const NOW = Date.now();
const MIN = 60_000;
let n = 1;
export const id = (): string => `019a0000-0000-7000-8000-${String(n++).padStart(12, "0")}`;

export const project: Project = { id: id(), ver: 1, name: "lantern", path: "/home/ada/src/lantern", tasks_dir: "tasks", branch: "main", problem: null, watched: true, demo: true };

const TITLES: [string, number, number, Attention][] = [
  ["Show a running session in the same frame as the click", 3, 8, "needs_approval"],
  ["Parse durations such as 1h30m", 5, 5, "review_ready"],
  ["The retry loop must stop after the third refusal", 1, 6, "failed"],
  ["Write the changelog from merged branches", 0, 4, "running"],
  ["Rename the crate and keep the old name working for a year", 2, 9, "conflicted"],
  ["Cache the index between runs", 0, 0, "idle"],
  ["إظهار الجلسة الجارية في الإطار نفسه", 1, 3, "idle"],
  ["Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", 0, 2, "idle"],
  ["Document the exit codes", 4, 4, "idle"],
  ["Make the tests hermetic: home, clock and seed", 6, 7, "idle"],
  ["Error messages name the file and the line", 0, 5, "idle"],
  ["Drop support for the old configuration", 0, 1, "idle"],
];

export const attentions = new Map<string, Attention>();
export const tasks: Task[] = [];

export function addTask(title: string, done: number, total: number, attention: Attention, updated: number): Task {
  const task: Task = {
    id: id(), ver: 1, project: project.id, title, path: `tasks/${title.toLowerCase().replaceAll(/[^a-z]+/g, "-").slice(0, 40)}.md`,
    document: { version: id(), hash: "", size: 900 }, progress: { done, doing: 0, total }, criteria: { done: 0, doing: 0, total: 2 },
    problem: null, on_branch: true, archived: false, created: updated, updated, conflict: null, branch: null, landing: null,
  };
  tasks.push(task);
  attentions.set(task.id, attention);
  return task;
}

TITLES.forEach(([title, done, total, attention], at) => addTask(title, done, total, attention, NOW - at * at * 17 * MIN));
const many = Number(new URLSearchParams(globalThis.location?.search ?? "").get("tasks") ?? 0);
for (let at = 0; at < many; at++) addTask(`Task ${at + 1} of a long list that is scrolled`, at % 6, 6, "idle", NOW - at * MIN * 7);

const first = tasks[0] as Task;
first.branch = { session: id(), name: "qd/show-a-running-session-4f2a", path: "/home/ada/.local/share/quarterdeck/worktrees/4f2a", base: "8c1d0e2", target: "main", changed: { files: 3, additions: 48, deletions: 11 }, discarded: null };
(tasks[4] as Task).conflict = { yours: id(), theirs: id() };

export const sessions: Session[] = [];

export function addSession(task: Task, kind: Kind, status: Status, more: Partial<Session> = {}): Session {
  const session: Session = {
    id: id(), ver: 1, project: project.id, task: task.id, kind, agent: "claude-code", model: null, instructions: "", status, attempt: 1,
    created: NOW - 4 * MIN, since: NOW - 4 * MIN, ended: null, ending: null, requests: [], conversation: null, output_end: null, activity: null, seen: true, ...more,
  };
  sessions.push(session);
  return session;
}

const usage = { input: 48_200, output: 6_100, context_used: 54_300, context_size: 200_000, cost_usd: 0.384 };
addSession(first, "implement", "needs-approval", {
  agent: "demo", since: NOW - 72_000, created: NOW - 72_000,
  requests: [{ id: "r1", title: "Run cargo test --workspace", detail: "cargo test --workspace -- --nocapture", tool: "t9", question: false, options: [
    { id: "once", label: "Allow once", effect: "allow_once" }, { id: "always", label: "Always allow", effect: "allow_always" }, { id: "no", label: "Deny", effect: "reject_once" } ] }],
  activity: { line: "cargo test", operations: 14, usage },
});
addSession(first, "verify", "running", { activity: { line: "Reading crates/client/src/fold.rs", operations: 31, usage }, model: "opus", since: NOW - 400_000, created: NOW - 400_000 });
addSession(first, "implement", "failed", { ended: NOW - 10 * MIN, seen: false, ending: { how: "failed", reason: "Claude Code is not logged in. Run `claude /login` in a terminal, then press Retry.", stderr: "Error: Invalid API key · Please run /login\n    at main.js:1:1" } });
addSession(first, "rewrite", "completed", { ended: NOW - 50 * MIN, ending: { how: "completed" }, activity: { line: "The plan now has a step for the refused start.", operations: 6, usage } });
addSession(first, "implement", "cancelled", { ended: NOW - 3 * 60 * MIN, ending: { how: "cancelled" }, agent: "codex" });
addSession(first, "plan", "interrupted", { ended: NOW - 26 * 60 * MIN, ending: { how: "interrupted", why: "The machine was restarted." }, agent: "codex" });
addSession(tasks[3] as Task, "implement", "running", { activity: { line: "git log --merges --format=%s", operations: 3, usage } });
addSession(tasks[2] as Task, "implement", "failed", { ended: NOW - 10 * MIN, seen: false, ending: { how: "failed", reason: "The agent exited with code 1.", stderr: null } });

const agent = (name: string, title: string, more: Partial<Agent>): Agent => ({
  id: id(), ver: 1, name, title, found: true, version: null, logged_in: null, mend: null, models: [], scripted: false, preference: 1, ...more,
});
export const agents: Agent[] = [
  agent("claude-code", "Claude Code", { version: "2.1.4", logged_in: true, models: [{ id: "opus", title: "Opus" }, { id: "sonnet", title: "Sonnet" }] }),
  agent("codex", "Codex", { version: "0.61.0", logged_in: false, mend: "codex login" }),
  agent("gemini", "Gemini CLI", { found: false, mend: "npm install -g @google/gemini-cli" }),
  agent("opencode", "OpenCode", { found: false, mend: "curl -fsSL https://opencode.ai/install | bash" }),
  agent("demo", "Demo agent", { scripted: true, version: "0.1.0" }),
];

export const DOCUMENT = `# Show a running session in the same frame as the click

A click on *Implement* shows a running session card in the task's sidebar in the same frame. The card becomes the real
session on success; on error the sidebar is what it was before the click.

## Plan

- [x] Mint the id of the session in the page
- [x] Journal the intent before it is sent
- [x] Fold \`decide\` over the base, with pending intents
- [ ] Keep the card's node when the record arrives
- [ ] Take the card away when the start is refused, and **say why**
- [ ] Resume by offset after a lost connection
  - [ ] nothing is cleared meanwhile
- [ ] Measure it on every frame

## Success criteria

- [ ] The card is in the first frame after the click
- [ ] No frame shows it twice

\`\`\`rust
let visible = fold(decide, &base, &pending);
\`\`\`

| what | target |
|---|---|
| click to card | 1 frame |
| frames without the card | 0 |

See [the protocol](https://example.org/sync) for the rules.
`;

export const DIFF = `diff --git a/src/retry.rs b/src/retry.rs
--- a/src/retry.rs
+++ b/src/retry.rs
@@ -12,7 +12,10 @@ impl Retry {
     pub fn next(&mut self) -> Option<Duration> {
-        let wait = self.base * 2u32.pow(self.tries);
+        if self.tries >= MOST {
+            return None;
+        }
+        let wait = self.base * 2u32.pow(self.tries);
         self.tries += 1;
-        Some(wait)
+        Some(wait.min(self.ceiling))
     }
 }
@@ -40,3 +43,4 @@ mod tests {
     fn third_refusal_ends_it() {
+        assert_eq!(Retry::new().nth(3), None);
     }
`;

const ev = (seq: number, body: object) => JSON.stringify({ seq, ts: NOW - 300_000 + seq * 900, ...body });
let seq = 1;
export const OUTPUT: string = [
  { kind: "began", agent: "demo", program: "demo 0.1", cwd: "/tmp/wt", resumed: null },
  { kind: "prompt", message: id(), text: "Task document: tasks/show-a-running-session.md\n\nImplement it. Tick the boxes as you go." },
  { kind: "thought", text: "The card must be there before the reply.\nSo the id is minted in the page." },
  { kind: "text", text: "I'll start with the place where the card is made, then look at how the **record** reaches it.\n\n" },
  { kind: "plan", entries: [{ text: "Find where cards are keyed", status: "completed" }, { text: "Keep the node on reconcile", status: "running" }, { text: "Test every frame", status: "pending" }] },
  ...["client/src/fold.rs", "client/src/apply.rs", "ui/src/Card.tsx", "ui/src/Sidebar.tsx"].map((f, at) => ({ kind: "tool", id: `t${at}`, title: `Read ${f}`, tool: "read", status: "completed", files: [f], content: [] })),
  { kind: "text", text: "Cards are keyed by the session's id, so the node survives. What is missing is the *refused* case: the intent leaves in the commit of the rejection.\n\n- the fold drops it\n- the notice tells why" },
  { kind: "tool", id: "e1", title: "Edit src/retry.rs", tool: "edit", status: "completed", files: ["src/retry.rs"], content: [{ type: "diff", path: "src/retry.rs", old: "fn next() {\n    wait();\n    Some(wait)\n}\n", new: "fn next() {\n    if done() {\n        return None;\n    }\n    wait();\n    Some(wait.min(ceiling))\n}\n" }] },
  { kind: "tool", id: "c1", title: "cargo test -p lantern", tool: "execute", status: "completed", files: [], content: [{ type: "terminal", output: "running 14 tests\n..............\ntest result: ok. 14 passed; 0 failed\n", exit: 0 }] },
  { kind: "tool", id: "c2", title: "cargo clippy", tool: "execute", status: "failed", files: [], content: [{ type: "terminal", output: "error: unused variable\n", exit: 101 }] },
  { kind: "tool", id: "s1", title: "Search for RunningMark", tool: "search", status: "running", files: [], content: [] },
  { kind: "stderr", text: "warning: deprecated flag --foo\n" },
  { kind: "asked", request: { id: "r1", title: "Run cargo test --workspace", detail: "cargo test --workspace -- --nocapture", tool: "t9", question: false, options: [{ id: "once", label: "Allow once", effect: "allow_once" }, { id: "always", label: "Always allow", effect: "allow_always" }, { id: "no", label: "Deny", effect: "reject_once" }] } },
].map((body) => ev(seq++, body)).join("\n") + "\n";
