// What the page takes from the core, held against the WebAssembly that ships.
import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { initSync, Hub, markdown, Panel, toggle_box, Transcript, with_title } from "#core";
import type { ConnectionView, HubEffect, Item, Lines, Output, Row, SessionList, SessionView, TaskView } from "./generated/types";

const NOW = Date.UTC(2026, 0, 2);
const PROJECT = "019b7a00-0000-7000-8000-000000000001";
const TASK = "019b7a00-0000-7000-8000-000000000002";

beforeAll(() => {
  initSync({ module: readFileSync(new URL("../wasm/qd_web_bg.wasm", import.meta.url)) });
});

const rows: Row[] = [
  {
    kind: "project",
    row: { id: PROJECT, ver: 1, name: "deck", path: "/deck", tasks_dir: "tasks", branch: "main", problem: null, watched: true, demo: false, remote: false, commits: false },
  },
  {
    kind: "task",
    row: {
      id: TASK, ver: 1, project: PROJECT, title: "One", path: "tasks/one.md", document: { version: null, hash: "", size: 0 },
      progress: { done: 1, doing: 0, total: 2 }, criteria: { done: 0, doing: 0, total: 0 }, problem: null, on_branch: true,
      archived: false, created: NOW, updated: NOW, conflict: null, branch: null, landing: null, landed_before: [], trial: null, proposal: null,
    },
  },
];

let panel: Panel;
const handle = (event: object) => JSON.parse(panel.handle(JSON.stringify(event))) as Output;
const kinds = (output: Output) => output.effects.map((effect) => effect.type).filter((type) => type !== "wake");

beforeEach(() => {
  panel = new Panel(JSON.stringify({ tab: "019b7a00-0000-4000-8000-0000000000aa", now: NOW, seed: "ab".repeat(32) }));
});

test("a_first_visit_asks_for_the_snapshot_and_then_joins_the_hub", () => {
  expect(kinds(handle({ type: "boot", now: NOW, journal: [], cached: null }))).toEqual(["fetch_snapshot"]);
  expect((JSON.parse(panel.connection()) as ConnectionView).has_base).toBe(false);
  const there = JSON.parse(panel.snapshot(JSON.stringify({ epoch: 1, seq: 1, tag: 1, rows, settled: {} }), NOW)) as Output;
  expect(kinds(there)).toEqual(["hub"]);
  expect(there.all).toBe(true);
  const lines = JSON.parse(panel.task_lines(JSON.stringify({ filter: "", show: "active", sort: "attention", from: 0, to: 9 }))) as Lines;
  expect(lines.total).toBe(1);
  expect(lines.lines[0]).toMatchObject({ id: TASK, title: "One", attention: "idle", pending: false, play: { kind: "implement" } });
});

test("a_click_shows_the_session_and_is_in_the_journal_before_it_is_sent", () => {
  handle({ type: "boot", now: NOW, journal: [], cached: null });
  const agent: Row = {
    kind: "agent",
    // The id of an agent is derived from its name.
    row: { id: "00000000-0000-5000-8000-000000000000", ver: 1, name: "demo", title: "Demo", found: true, version: null, logged_in: null, mend: null, models: [], scripted: true, preference: 0, origin: "catalogue", setup: null, tried: true, install: { is: "not" } },
  };
  panel.snapshot(JSON.stringify({ epoch: 1, seq: 1, tag: 1, rows: [...rows, agent], settled: {} }), NOW);
  const id = panel.mint(NOW);
  const command = { name: "start_session", args: { id, task: TASK, kind: "implement", start: { agent: null, model: null, instructions: "" } } };
  const output = JSON.parse(panel.act(JSON.stringify(command), NOW)) as Output;
  const sent = kinds(output);
  expect(sent.indexOf("journal")).toBeGreaterThanOrEqual(0);
  expect(sent.indexOf("journal")).toBeLessThan(sent.indexOf("send"));
  expect(output.mid).toMatch(/^[0-9a-f-]{36}$/);
  expect(output.changed).toContainEqual({ kind: "session", id });
  expect(JSON.parse(panel.sessions(TASK)) as SessionList).toEqual({ active: [id], ended: [] });
  const card = JSON.parse(panel.session(id) ?? "null") as SessionView;
  expect(card).toMatchObject({ confirmed: false, word: "starting", line: "Implementing…", row: { status: "starting", kind: "implement" } });
  expect((JSON.parse(panel.task(TASK) ?? "null") as TaskView).actions.find((action) => action.name === "implement")?.enabled).toBe(false);
});

test("the_hub_opens_one_stream_for_all_pages", () => {
  const hub = new Hub(7);
  const say = (port: number) => {
    const event = { type: "port", port, message: { type: "join", offset: "0000000001.0000000000000001.00000001" }, now: NOW };
    return (JSON.parse(hub.handle(JSON.stringify(event))) as HubEffect[]).filter((effect) => effect.type === "open");
  };
  expect(say(1)).toHaveLength(1);
  expect(say(2)).toHaveLength(0);
});

test("a_transcript_is_handed_out_as_items", () => {
  const transcript = new Transcript();
  const line = (body: object) => `${JSON.stringify({ seq: 1, ts: NOW, ...body })}\n`;
  transcript.push(line({ kind: "text", text: "Hel" }) + line({ kind: "text", text: "lo" }));
  transcript.push(line({ kind: "tool", id: "t", title: "Edit a", tool: "edit", status: "running" }));
  const items = JSON.parse(transcript.window(0, 9)) as Item[];
  expect(items[0]).toMatchObject({ key: 0, type: "text", text: "Hello" });
  expect(items[1]).toMatchObject({ type: "tool", call: { title: "Edit a", status: "running", files: [], content: [], ended: null } });
});

test("a_turn_begins_with_what_a_person_wrote", () => {
  const transcript = new Transcript();
  const line = (body: object) => `${JSON.stringify({ seq: 1, ts: NOW, ...body })}\n`;
  const prompt = (text: string, at: number) => line({ kind: "prompt", message: `019b7a00-0000-7000-8000-00000000000${at}`, text });
  transcript.push(prompt("Do it", 3) + line({ kind: "text", text: "Done" }) + prompt("Again", 4));
  expect(JSON.parse(transcript.turns())).toEqual([0, 2]);
});

test("documents_are_rendered_and_changed_by_the_core", () => {
  expect(markdown("- [ ] a\n- [x] b\n")).toMatch(/data-line="0".*data-line="1"/s);
  expect(toggle_box("- [ ] a\n", 0)).toBe("- [x] a\n");
  expect(toggle_box("no box\n", 0)).toBeUndefined();
  expect(with_title("# Old\n\ntext\n", "New")).toBe("# New\n\ntext\n");
});
