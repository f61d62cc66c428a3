// What networks and servers do between a click and its session: the card stays, once, in its node, and ends up true.
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { action, open, openBeside, openTask } from "./support/browser";
import { at, card, expectContinuous, frames, judge, markOf, newCards, seenCards, startRecording, take } from "./support/judge";
import type { Panel } from "./support/panel";
import { LOG, MUTATIONS, START, type Fault, type NewRule, type Rule } from "./support/proxy";
import { test } from "./support/test";

/** Implement on the open task; the id of its card. */
async function implement(page: Page): Promise<string> {
  await action(page, "Implement").click();
  await frames(page, 2);
  const recording = await page.evaluate(() => window.qdSampler.take());
  const [id, ...more] = newCards(recording, markOf(recording, "click").n);
  expect(more).toEqual([]);
  return id ?? "";
}

async function expectOnce(panel: Panel, page: Page, id: string): Promise<void> {
  const recording = await take(page);
  expectContinuous(judge(recording, id, markOf(recording, "click").n));
  expect((await panel.sessions()).filter((session) => session.id === id), "one session on the server").toHaveLength(1);
}

const HTML = { do: "answer", content_type: "text/html", body: "<h1>Bad gateway</h1>" } as const;
const UNKNOWN: [string, Fault][] = [
  ["dropped before the server", { do: "drop_request" }],
  ["dropped behind the server", { do: "drop_response" }],
  ["sent twice", { do: "duplicate" }],
  ["answered by a gateway", { ...HTML, status: 502 }],
  ["answered with 200 by someone else", { ...HTML, status: 200 }],
  ["told to wait", { ...HTML, status: 429 }],
];

for (const [what, fault] of UNKNOWN) {
  test(`a_start_that_is_${what.replaceAll(" ", "_")}_runs_once`, async ({ panel, page }) => {
    await openTask(page, "Alpha");
    const rule = await panel.proxy.rule({ ...START, times: 1, fault });
    await startRecording(page);
    const id = await implement(page);
    await rule.hits();
    await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor();
    await expectOnce(panel, page, id);
    expect(await panel.sessions()).toHaveLength(1);
  });
}

test("a_token_that_the_server_does_not_hear_is_kept_until_it_does", async ({ panel, context }) => {
  const login = await panel.proxy.rule({ method: "POST", path: "/api/v1/login", times: 2, fault: { ...HTML, status: 503 } });
  const page = await context.newPage();
  await page.goto(`${panel.address}/?token=${panel.token}`);
  await page.getByText("The server does not answer").waitFor();
  expect(page.url(), "the token left the address bar all the same").not.toContain(panel.token);
  await login.hits(2);
  await page.locator("[data-task-id]").first().waitFor();
  expect(await page.locator("#page").getAttribute("role")).toBeNull();
});

test("a_delay_of_600_ms_holds_nothing_else_back", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const [beta, gamma] = [await panel.task("Beta"), await panel.task("Gamma")];
  await startRecording(page);
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  const id = await implement(page);
  await start.hits();
  // While Alpha's card waits, another client starts Beta and an editor renames Gamma.
  panel.qd("implement", beta.id);
  panel.write("tasks/gamma.md", "# Gamma the second\n");
  await page.locator("[data-task-id]", { hasText: "Gamma the second" }).waitFor();
  await page.locator(`[data-task-id="${beta.id}"][data-attention="review_ready"]`).waitFor();
  expect(await page.locator(`${card(id)}[data-pending]`).count()).toBe(1);

  const recording = await take(page);
  const states = recording.frames.map((frame) => frame.tasks.find((row) => row.id === beta.id)?.attention);
  expect(states, "Beta is seen running while Alpha waits").toContain("running");
  // Each frame with a new state of Beta follows the record that brought it at once (I8).
  const arrivals = recording.marks.filter((mark) => mark.what.startsWith("record "));
  let shown = at(recording, 1).tasks.find((row) => row.id === beta.id)?.attention;
  for (const frame of recording.frames) {
    const now = frame.tasks.find((row) => row.id === beta.id)?.attention;
    if (now !== shown && now !== undefined) expect(arrivals.some((arrival) => arrival.n === frame.n - 1), `frame ${frame.n}: ${shown} → ${now}`).toBe(true);
    shown = now;
  }
  expect(arrivals.some((arrival) => arrival.what === `record ${gamma.id}`)).toBe(true);
  await start.release();
  await page.locator(`${card(id)}[data-status="completed"]`).waitFor();
  await expectOnce(panel, page, id);
});

test("a_reply_that_comes_before_its_record_changes_nothing_until_the_record_is_there", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
  const reply = await panel.proxy.rule({ ...START, fault: { do: "delay_response", ms: 100 } });
  await startRecording(page);
  const id = await implement(page);
  await reply.hits();
  await frames(page, 30);
  const recording = await take(page);
  expectContinuous(judge(recording, id, markOf(recording, "click").n));
  expect(await page.locator(`${card(id)}[data-pending]`).count(), "accepted, but not yet applied").toBe(1);
  await log.release();
  await page.locator(`${card(id)}[data-status="running"]:not([data-pending])`).waitFor();
  await expectOnce(panel, page, id);
});

test("a_reply_after_ten_seconds_is_still_waited_for", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  await startRecording(page);
  const id = await implement(page);
  await page.locator(card(id), { hasText: /still sending/i }).waitFor();
  const recording = await take(page);
  const verdict = judge(recording, id, markOf(recording, "click").n);
  expect(verdict.statuses).toEqual(["starting"]);
  await start.release();
  await page.locator(`${card(id)}[data-status="completed"]`).waitFor();
  await expectOnce(panel, page, id);
});

test("a_stream_cut_in_the_middle_of_an_event_goes_on_where_it_was", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const cut = await panel.proxy.rule({ ...LOG, times: 1, fault: { do: "cut", containing: '"ops":' } });
  await startRecording(page);
  const id = await implement(page);
  await cut.hits();
  await page.locator(`${card(id)}[data-status="completed"]`).waitFor();
  await expectOnce(panel, page, id);
});

/** A stream with nothing but the word that only a snapshot leads on. */
const RESYNC: NewRule = { ...LOG, times: 1, fault: { do: "answer", status: 200, content_type: "text/event-stream", body: 'event: resync\ndata: {"frame":"resync"}\n\n' } };

/** Has the page ask for a snapshot, made now and held on its way. */
async function heldSnapshot(panel: Panel): Promise<Rule> {
  const snapshot = await panel.proxy.rule({ method: "POST", path: "/api/v1/snapshot", fault: { do: "hold_response" } });
  const resync = await panel.proxy.rule(RESYNC);
  await panel.proxy.sever();
  await resync.hits();
  await snapshot.hits();
  return snapshot;
}

test("a_snapshot_takes_no_click_away", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  const snapshot = await heldSnapshot(panel);
  await startRecording(page);
  const id = await implement(page);
  await start.hits();
  await snapshot.release();
  await frames(page, 30);
  const recording = await take(page);
  expectContinuous(judge(recording, id, markOf(recording, "click").n));
  await start.release();
  await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor();
  await expectOnce(panel, page, id);
});

test("a_snapshot_that_comes_late_takes_nothing_back", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const snapshot = await heldSnapshot(panel);
  await startRecording(page);
  const id = await implement(page);
  await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor();
  await snapshot.release();
  await frames(page, 30);
  await expectOnce(panel, page, id);
});

test("a_reload_in_flight_keeps_the_card_and_starts_once", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  await startRecording(page);
  const id = await implement(page);
  await start.hits();
  await page.reload();
  await page.locator(`${card(id)}[data-pending]`).waitFor();
  // The start of a page shows few frames; it is the later ones that make the recording a good one.
  await frames(page, 120);
  const recording = await take(page);
  const withSidebar = recording.frames.filter((frame) => frame.tasks.length > 0);
  expect(withSidebar.length).toBeGreaterThan(0);
  expect(withSidebar.every((frame) => frame.cards.some((shown) => shown.id === id)), "no frame after the reload is without the card").toBe(true);
  await start.release();
  await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor();
  expect(await panel.sessions()).toHaveLength(1);
});

test("a_double_click_starts_one_session", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  await startRecording(page);
  await action(page, "Implement").dblclick();
  await page.keyboard.press("i");
  await start.hits();
  await frames(page, 10);
  await start.release();
  await page.locator('aside [data-status="running"]').waitFor();
  const recording = await take(page);
  expect(seenCards(recording)).toHaveLength(1);
  expect(await panel.sessions()).toHaveLength(1);
});

test("a_click_in_each_of_two_tabs_starts_one_session", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  const other = await openBeside(panel, page);
  await openTask(other, "Hangs");
  await Promise.all([startRecording(page), startRecording(other)]);
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  const id = await implement(page);
  await other.locator(`${card(id)}[data-pending]`).waitFor();
  await other.keyboard.press("i");
  await frames(other, 10);
  await start.release();
  for (const tab of [page, other]) {
    await tab.locator(`${card(id)}[data-status="running"]:not([data-pending])`).waitFor();
    const recording = await take(tab);
    expect(seenCards(recording), "one card in each tab").toEqual([id]);
    expect(judge(recording, id, 0)).toMatchObject({ missing: 0, doubled: 0, nodes: 1 });
  }
  expect(await panel.sessions()).toHaveLength(1);
});

test("a_closed_tab_leaves_its_click_to_the_other", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const other = await openBeside(panel, page);
  await openTask(other, "Alpha");
  const offline = await panel.proxy.rule({ ...START, fault: { do: "drop_request" } });
  await startRecording(page);
  const id = await implement(page);
  await offline.hits();
  await page.close();
  await offline.release();
  await other.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor({ timeout: 40_000 });
  expect(await panel.sessions()).toHaveLength(1);
});

test("the_server_killed_between_commit_and_reply_starts_once", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_response" } });
  const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: '"record"' } });
  await startRecording(page);
  const id = await implement(page);
  await start.hits();
  panel.killServer();
  await panel.proxy.sever();
  await start.release();
  await log.release();
  await page.locator(`${card(id)}:is([data-status="completed"], [data-status="interrupted"]):not([data-pending])`).waitFor();
  await expectOnce(panel, page, id);
  const [session] = await panel.sessions();
  expect(await page.locator(card(id)).getAttribute("data-status")).toBe(session?.status);
});

test("offline_for_a_minute_says_so_and_reconciles", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const offline = await panel.proxy.goOffline();
  await startRecording(page);
  const id = await implement(page);
  await page.locator('[data-connection="stale"]').waitFor();
  await page.locator(card(id), { hasText: /not confirmed/i }).waitFor();
  expect(await page.locator('[data-connection="stale"]').textContent()).toMatch(/not connected.*1 action waiting/i);
  await frames(page, 3600);
  await offline.release();
  await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor({ timeout: 40_000 });
  await expectOnce(panel, page, id);
  expect(await page.locator('[data-connection="stale"]').count()).toBe(0);
}, 150_000);

test("a_lost_login_keeps_the_click_until_the_next_one", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const rule = await panel.proxy.rule({ ...MUTATIONS, fault: { do: "answer", status: 401, content_type: "application/json", body: '{"code":"unauthorized","status":401,"message":"Log in.","hints":[]}' } });
  await action(page, "Implement").click();
  await rule.hits();
  await page.getByText("1 action waiting, kept").waitFor();
  await rule.release();
  await page.getByLabel("Address or token").fill(panel.token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.locator('aside [data-status="completed"]').waitFor();
  expect(await panel.sessions()).toHaveLength(1);
});

test("eight_tabs_on_live_sessions_share_one_stream", async ({ panel, context, page }) => {
  const hanging = await panel.task("Hangs");
  panel.qd("implement", hanging.id);
  await openTask(page, "Hangs");
  await page.locator('aside [data-status="running"]').waitFor();
  const [session] = await panel.sessions();
  const tabs = [page];
  while (tabs.length < 8) tabs.push(await open(panel, context, `/sessions/${session?.id}`));
  await page.locator(card(session?.id ?? "")).getByRole("link").first().click();
  for (const tab of tabs) await tab.getByText("I hang now").first().waitFor();
  const streams = (await panel.proxy.requests()).filter((request) => request.includes("/log?"));
  expect(streams.length, "streams of the log").toBe(1);
  // A ninth page still gets its answers: nothing is out of connections.
  await page.keyboard.press("x");
  await page.keyboard.press("x");
  for (const tab of tabs) await tab.locator(`${card(session?.id ?? "")}[data-status="cancelled"]`).waitFor();
});
