// A stand-in of the optimistic core with the same face, for work on the drawing alone (QD_FAKE=1). It answers nothing truly:
// starts are confirmed after a second, or refused when the address says ?refuse.
import type { Request, Session, Task } from "../src/lib/generated/types";
import { addSession, addTask, agents, attentions, DIFF, DOCUMENT, id, NOW, OUTPUT, project, sessions, tasks } from "./rows";

export { markdown, toggle_box, with_title } from "./text";

const query = new URLSearchParams(location.search);
const empty = query.has("empty");
if (empty) tasks.length = sessions.length = 0;
const pending = new Set<string>();
const notices: object[] = [];
const later: (() => void)[] = [];

export default async function start(): Promise<void> {
  const answer = (body: unknown, headers: Record<string, string> = {}) =>
    new Response(typeof body === "string" ? body : JSON.stringify(body), { headers });
  const real = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = String(input);
    if (url.includes("/document")) return answer({ version: tasks[0]?.document.version, text: DOCUMENT });
    if (url.includes("/changes/file")) return answer({ diff: DIFF, truncated: false });
    if (url.includes("/changes"))
      return answer({ base: "8c1d", tree: "aa", files: [
        { path: "src/retry.rs", old_path: null, status: "modified", additions: 32, deletions: 9, binary: false },
        { path: "crates/engine/src/session/supervisor/of/a/very/deep/folder/retries.rs", old_path: null, status: "added", additions: 16, deletions: 0, binary: false },
        { path: "tests/old.rs", old_path: null, status: "deleted", additions: 0, deletions: 2, binary: false },
        { path: "assets/logo.png", old_path: null, status: "modified", additions: 0, deletions: 0, binary: true } ] });
    if (url.includes("/output") && !url.includes("live")) return answer(OUTPUT, { "Stream-Next-Offset": "1.9" });
    if (url.includes("/output")) return new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode(OUTPUT.trim().split("\n").map((l) => `event: output\nid: 1.9\ndata: ${l}\n\n`).join(""))); } }));
    if (url.startsWith("/api")) return answer({});
    return real(input, init);
  };
}

export class Panel {
  constructor(_config: string) {}
  #output(more: object = {}) {
    return JSON.stringify({ effects: later.length ? [{ type: "wake", at: Date.now() + 1000 }] : [], changed: [], all: true, chrome: true, mid: id(), ...more });
  }
  handle(event: string): string {
    const e = JSON.parse(event);
    if (e.type === "tick") for (const run of later.splice(0)) run();
    if (e.type === "dismiss") notices.splice(notices.findIndex((n) => (n as { id: string }).id === e.id), 1);
    return this.#output();
  }
  act(command: string): string {
    const { name, args } = JSON.parse(command);
    const mid = id();
    const task = tasks.find((t) => t.id === args.task) as Task;
    const session = sessions.find((s) => s.id === (args.id ?? args.session) || s.id === args.session);
    if (name === "start_session") {
      const made: Session = addSession(task, args.kind, "starting", { id: args.id, agent: args.start.agent ?? "claude-code", since: Date.now(), created: Date.now() });
      pending.add(made.id);
      later.push(() => {
        pending.delete(made.id);
        if (query.has("refuse")) {
          sessions.splice(sessions.indexOf(made), 1);
          notices.push({ id: mid, reject: { code: "refused", message: "The demonstration was asked to refuse this start." }, title: "Implement did not start", retry: true });
        } else made.status = "running";
      });
    } else if (name === "create_task") tasks.unshift({ ...addTask(args.text.split("\n")[0], 0, 0, "idle", Date.now()), id: args.id });
    else if (name === "cancel_session" && session) session.status = "cancelling";
    else if (name === "delete_session" && session) sessions.splice(sessions.indexOf(session), 1);
    else if (name === "mark_seen" && session) session.seen = true;
    else if (name === "answer_request" && session) Object.assign(session, { requests: [], status: "running" });
    return this.#output({ mid });
  }
  mint(): string {
    return id();
  }
  snapshot(): string {
    return this.#output();
  }
  base_json(): string {
    return "";
  }
  connection(): string {
    const state = query.has("loading") ? "loading" : query.has("stale") ? "stale" : query.has("login") ? "logged_out" : "live";
    return JSON.stringify({ state, since: NOW - 60_000, waiting: query.has("stale") ? 2 : 0, unsaved: 0, has_base: state !== "loading" });
  }
  task_lines(text: string): string {
    const q = JSON.parse(text);
    const words = q.filter.toLowerCase();
    const all = tasks.filter((t) => t.title.toLowerCase().includes(words) && q.show !== "archived");
    const running = (t: Task) => sessions.some((s) => s.task === t.id && ["starting", "running"].includes(s.status));
    return JSON.stringify({ total: query.has("loading") ? 0 : all.length, active: tasks.length, archived: 0, lines: all.slice(q.from, q.to).map((t) => {
      const attention = attentions.get(t.id) === "idle" && running(t) ? "running" : attentions.get(t.id);
      return { id: t.id, title: t.title, progress: t.progress, attention, running: running(t), archived: false, on_branch: true, problem: null, updated: t.updated, pending: false, play: { kind: "implement", label: "Implement", enabled: true, reason: null } };
    }) });
  }
  task(which: string): string | undefined {
    const row = tasks.find((t) => t.id === which);
    const action = (name: string, label: string, reason: string | null = null) => ({ name, label, enabled: reason === null, reason });
    return row && JSON.stringify({ row, project, phase: "draft", attention: attentions.get(row.id), pending: false, jobs: [], play: null, actions: [
      action("implement", "Implement"), action("verify", "Verify", row.branch ? null : "There is no work to verify yet."), action("rewrite", "Rewrite"),
      action("keep", "Keep", row.branch ? null : "There is nothing to keep yet."), action("undo_keep", "Undo", "Nothing was kept."), action("discard", "Discard", row.branch ? null : "There is nothing to discard."),
      action("undo_discard", "Undo", "x"), action("edit", "Edit") ] });
  }
  sessions(task: string): string {
    const of = sessions.filter((s) => s.task === task);
    const ended = (s: Session) => ["completed", "failed", "cancelled", "interrupted"].includes(s.status);
    return JSON.stringify({ active: of.filter((s) => !ended(s)).sort((a, b) => b.created - a.created).map((s) => s.id), ended: of.filter(ended).map((s) => s.id) });
  }
  session(which: string): string | undefined {
    const row = sessions.find((s) => s.id === which);
    if (!row) return undefined;
    const agent = agents.find((a) => a.name === row.agent);
    const ended = row.ending !== null;
    const line = row.requests[0]?.title ?? (row.ending?.how === "failed" ? row.ending.reason : row.ending?.how === "interrupted" ? row.ending.why : (row.activity?.line ?? "Implementing…"));
    return JSON.stringify({ row, agent_title: agent?.title ?? row.agent, scripted: agent?.scripted ?? false, kind_title: row.kind, confirmed: !pending.has(row.id), word: row.status.replace("-", " "), activity: row.activity, line, messages: [], task_title: tasks.find((t) => t.id === row.task)?.title,
      actions: ended ? [{ name: "retry", label: "Retry", enabled: true, reason: null }, { name: "delete", label: "Dismiss", enabled: true, reason: null }] : [{ name: "cancel", label: "Cancel", enabled: true, reason: null }] });
  }
  running(): string {
    return JSON.stringify(sessions.filter((s) => s.ending === null).map((s) => s.id));
  }
  agents(): string {
    return JSON.stringify({ agents, default: "claude-code" });
  }
  projects(): string {
    return JSON.stringify(query.has("trouble") ? [{ ...project, problem: "This folder is not a git repository. Run `git init` in it, or open another folder." }] : [project]);
  }
  settings(): string {
    return JSON.stringify({ id: "s", ver: 1, default_agent: null, max_sessions: 8, demo: !query.has("plain"), refuse_next_start: false });
  }
  document(task: string): string | undefined {
    const row = tasks.find((t) => t.id === task);
    return row && JSON.stringify({ version: row.document.version, text: row === tasks[0] ? DOCUMENT : `# ${row.title}\n\nOne sentence says what it is about.\n\n- [ ] a step\n`, pending: false, stale: false });
  }
  notices(): string {
    return JSON.stringify(notices);
  }
}

export class Transcript {
  #items: Record<string, unknown>[] = [];
  push(jsonl: string): string {
    const from = this.#items.length;
    for (const line of jsonl.trim().split("\n")) {
      const { seq, ts, kind, ...rest } = JSON.parse(line);
      const last = this.#items.at(-1);
      const call = { input: null, began: ts, ended: ts + 1240, ...rest };
      if (kind === "tool" && rest.tool === "read" && last?.type === "reads") {
        (last.calls as unknown[]).push(call);
      } else if (kind === "tool" && rest.tool === "read") this.#items.push({ key: seq, ts, type: "reads", calls: [call] });
      else if (kind === "tool") this.#items.push({ key: seq, ts, type: "tool", call });
      else this.#items.push({ key: seq, ts, type: kind, ...rest, ...(kind === "asked" ? { settled: false, option: null } : {}) });
    }
    return JSON.stringify({ len: this.#items.length, changed_from: Math.max(0, from - 1) });
  }
  len(): number {
    return this.#items.length;
  }
  window(from: number, to: number): string {
    return JSON.stringify(this.#items.slice(from, to));
  }
  find(text: string): string {
    return JSON.stringify(this.#items.flatMap((item, at) => (JSON.stringify(item).toLowerCase().includes(text.toLowerCase()) ? [at] : [])));
  }
  has_message(): boolean {
    return true;
  }
  end(): boolean {
    return false;
  }
  free(): void {}
}

export class Hub {
  handle(): string {
    return "[]";
  }
}

export type { Request };
