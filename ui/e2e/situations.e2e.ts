// The situations of a session in the sidebar, with real processes.
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { action, open, openBeside, openTask, profile } from "./support/browser";
import { card, expectSteady, frames, sidebar, startRecording, take } from "./support/judge";
import type { Panel } from "./support/panel";
import { LOG, START } from "./support/proxy";
import { test, testOn } from "./support/test";

const ASIDE = 'aside[aria-label="Sessions"]';

test("a_card_says_what_it_is_and_what_it_does", async ({ page }) => {
  await openTask(page, "Asks");
  await action(page, "Implement").click();
  const shown = page.locator(`${ASIDE} [data-session-id]`);
  await page.locator(`${ASIDE} [data-status="needs-approval"]`).waitFor();
  const text = await shown.innerText();
  expect(text).toMatch(/implement/i);
  expect(text).toMatch(/demo agent/i);
  expect(text).toMatch(/scripted, no model/i);
  expect(text).toMatch(/\d:\d\d/);
  expect(text, "what it asks, in the card").toMatch(/git status/);
  await shown.getByRole("button", { name: /allow/i }).first().click();
  await page.locator(`${ASIDE} [data-status="completed"]`).waitFor();
});

test("a_permission_is_answered_in_the_card_and_shows_at_once", async ({ panel, page }) => {
  await openTask(page, "Asks");
  await startRecording(page);
  await action(page, "Implement").click();
  const asking = page.locator(`${ASIDE} [data-status="needs-approval"]`);
  await asking.waitFor();
  const answer = await panel.proxy.rule({ method: "POST", path: "/api/v1/mutations", contains: '"answer_request"', fault: { do: "hold_request" } });
  await asking.getByRole("button", { name: /allow/i }).first().click();
  await answer.hits();
  await expect.poll(() => page.locator(`${ASIDE} [data-session-id] [role="group"]`).count(), { message: "the question is gone before the server knows" }).toBe(0);
  await answer.release();
  await page.locator(`${ASIDE} [data-status="completed"]`).waitFor();
  expectSteady(await take(page));
});

test("a_pending_permission_survives_the_server", async ({ panel, page }) => {
  await openTask(page, "Asks");
  await action(page, "Implement").click();
  const asking = page.locator(`${ASIDE} [data-status="needs-approval"]`);
  await asking.waitFor();
  panel.killServer();
  await page.locator('[data-connection="stale"]').waitFor();
  await page.locator('[data-connection="live"]').waitFor({ state: "attached", timeout: 30_000 });
  await asking.getByRole("button", { name: /allow/i }).first().click();
  await page.locator(`${ASIDE} [data-status="completed"]`).waitFor();
  expect(await panel.sessions()).toHaveLength(1);
});

testOn({ files: { "tasks/q.md": "# Question\n\n[[demo: ask]] [[demo: quick]]\n" } })("a_question_is_answered_in_the_card", async ({ page }) => {
  await openTask(page, "Question");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="needs-answer"]`).getByRole("button", { name: "Spaces" }).click();
  await page.locator(`${ASIDE} [data-status="completed"]`).waitFor();
  await page.locator(`${ASIDE} [data-session-id]`).getByRole("link").first().click();
  await page.getByText("You chose spaces").waitFor();
});

test("an_agent_that_fails_at_its_start_fails_its_card_with_the_reason", async ({ page }) => {
  await openTask(page, "Fails");
  await startRecording(page);
  await action(page, "Implement").click();
  const failed = page.locator(`${ASIDE} [data-status="failed"]`);
  await failed.waitFor({ timeout: 5000 });
  expect(await failed.innerText()).toMatch(/told to fail/i);
  expectSteady(await take(page));
  expect(await page.locator("[data-task-id]", { hasText: "Fails" }).getAttribute("data-attention")).toMatch(/failed|idle/);
});

testOn({ config: '[agents.ghost]\ncommand = "no-such-agent-here"\ntitle = "Ghost"\n' })("a_missing_agent_is_refused_and_the_sidebar_restored", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const before = await sidebar(page);
  const task = await panel.task("Alpha");
  let refused = "";
  try {
    panel.qd("implement", task.id, "--agent", "ghost");
  } catch (cause) {
    refused = String((cause as { stderr: string }).stderr);
  }
  expect(refused).toMatch(/ghost/i);
  expect(await sidebar(page)).toBe(before);
  await page.keyboard.press("Shift+I");
  expect(await page.getByRole("dialog").locator('option[value="ghost"]').isDisabled(), "it can't be chosen").toBe(true);
});

testOn({ config: '[agents.mute]\ncommand = "sleep"\nargs = ["600"]\ntitle = "Mute"\n' })("silence_is_told_after_30_seconds_as_no_failure_with_stop_at_hand", async ({ panel, page }) => {
  // One that falls silent at work, and one that never says a word.
  panel.qd("implement", (await panel.task("Beta")).id, "--agent", "mute");
  await openTask(page, "Hangs");
  const beside = await openBeside(panel, page);
  await openTask(beside, "Beta");
  await page.keyboard.press("Shift+I");
  await page.getByRole("dialog").getByRole("combobox", { name: "Agent", exact: true }).selectOption("demo");
  await startRecording(page);
  await page.getByRole("dialog").getByRole("button", { name: "Implement" }).click();
  const shown = page.locator(`${ASIDE} [data-status="running"]`);
  await shown.getByText("I hang now").waitFor();
  const height = (await shown.boundingBox())?.height;
  expect(await shown.getByRole("button", { name: "Stop" }).count()).toBe(0);
  await shown.getByText("No word for 30 s").waitFor({ timeout: 45_000 });
  await beside.locator(`${ASIDE} [data-status="starting"]`).getByText("No word for 30 s").waitFor({ timeout: 45_000 });

  const recording = await take(page);
  expectSteady(recording);
  const said = (words: string) => recording.frames.find((frame) => frame.cards.some((one) => one.text.toLowerCase().includes(words)))?.at ?? 0;
  expect(said("no word for 30 s") - said("i hang now"), "not before its time").toBeGreaterThan(29_000);
  expect((await shown.boundingBox())?.height, "the card has not moved for it").toBe(height);
  expect(await shown.locator("[data-running-mark]").count(), "it still runs").toBe(1);
  const stop = shown.getByRole("button", { name: "Stop" });
  expect(await stop.evaluate((button) => getComputedStyle(button.parentElement?.parentElement ?? button).opacity), "without pointing at it").toBe("1");
  await stop.click();
  await page.locator(`${ASIDE} [data-status="cancelled"]`).waitFor();
  await beside.locator(`${ASIDE} [data-status="starting"]`).getByRole("button", { name: "Stop" }).click();
  await beside.locator(`${ASIDE} [data-status="cancelled"]`).waitFor();
}, 90_000);

test("silence_is_told_only_of_an_agent_that_should_speak_and_by_a_page_that_hears", async ({ panel, page }) => {
  // The page's clock runs ahead, so that the silence need not be waited for.
  await page.clock.install();
  await openTask(page, "Asks");
  await action(page, "Implement").click();
  const asking = page.locator(`${ASIDE} [data-status="needs-approval"]`);
  await asking.waitFor();
  await page.clock.fastForward(40_000);
  expect(await asking.getByText("No word").count(), "it is the person who is silent").toBe(0);
  panel.qd("implement", (await panel.task("Hangs")).id);
  await openTask(page, "Hangs");
  await page.locator(`${ASIDE} [data-status="running"]`).getByText(/no word for/i).waitFor();
  const offline = await panel.proxy.goOffline();
  await page.locator('[data-connection="stale"]').waitFor();
  expect(await page.locator(`${ASIDE} [data-status="running"]`).getByText(/no word for/i).count(), "a page that does not hear tells no silence").toBe(0);
  await offline.release();
});

testOn({ files: { "tasks/slow.md": "# Slow\n\n[[demo: slow]] [[demo: no-permission]]\n\n- [ ] One\n- [ ] Two\n" }, stepMs: 60 })("a_card_counts_what_was_done_and_keeps_its_height", async ({ page }) => {
  await openTask(page, "Slow");
  await startRecording(page);
  await action(page, "Implement").click();
  const shown = page.locator(`${ASIDE} [data-session-id]`);
  const height = (await shown.boundingBox())?.height;
  await shown.getByText(/^\d+ ops$/).waitFor();
  expect((await shown.boundingBox())?.height, "the same as when it started").toBe(height);
  expect(await shown.getAttribute("data-status")).toBe("running");
  await page.locator(`${ASIDE} [data-status="completed"]`).waitFor({ timeout: 30_000 });
  const recording = await take(page);
  expectSteady(recording);
  const lines = new Set(recording.frames.flatMap((frame) => frame.cards.map((one) => one.text)));
  expect([...lines].some((line) => line.includes("Implementing…")), "until the first activity").toBe(true);
});

test("who_comes_second_is_refused_with_the_reason_and_nothing_else_moves", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  const rows = page.locator('nav[aria-label="Tasks"] [data-task-id]:not(:has([aria-current]))');
  const others = await rows.evaluateAll((all) => all.map((row) => row.outerHTML));
  const before = await sidebar(page);
  // This page does not hear that another client was first.
  const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
  panel.qd("implement", (await panel.task("Hangs")).id);
  await startRecording(page);
  await action(page, "Implement").click();
  const notice = page.locator("[data-notice]");
  await notice.waitFor();
  await frames(page, 10);
  expect(await sidebar(page), "as before the click").toBe(before);
  expect(await rows.evaluateAll((all) => all.map((row) => row.outerHTML)), "other tasks are untouched").toEqual(others);
  expect(await notice.innerText()).toMatch(/already|works on/i);
  expect(await notice.innerText(), "it says of which task it speaks").toContain("Hangs");
  await log.release();
  await page.locator(`${ASIDE} [data-status="running"]:not([data-pending])`).waitFor();
  expectSteady(await take(page));
  expect(await panel.sessions()).toHaveLength(1);
  await notice.getByRole("button", { name: "Dismiss" }).click();
  expect(await notice.count()).toBe(0);
});

test("cancel_shows_at_once_and_ends_the_agent", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  await action(page, "Implement").click();
  const running = page.locator(`${ASIDE} [data-status="running"]`);
  await running.waitFor();
  const cancel = await panel.proxy.rule({ method: "POST", path: "/api/v1/mutations", contains: '"cancel_session"', fault: { do: "hold_request" } });
  await startRecording(page);
  await running.hover();
  await running.getByRole("button", { name: "Cancel" }).click();
  await cancel.hits();
  await page.locator(`${ASIDE} [data-status="cancelling"][data-pending]`).waitFor();
  await cancel.release();
  await page.locator(`${ASIDE} [data-status="cancelled"]`).waitFor();
  expectSteady(await take(page));
});

const CANCEL: Record<string, (page: Page, panel: Panel) => Promise<void>> = {
  the_page_of_the_session: async (page) => {
    await page.locator(`${ASIDE} [data-status="running"]`).getByRole("link").first().click();
    await page.getByRole("main").getByRole("button", { name: "Cancel", exact: true }).click();
  },
  the_list_by_mouse: async (page) => {
    const line = page.locator("[data-task-id]", { hasText: "Hangs" });
    await line.hover();
    await line.getByRole("button", { name: "Cancel" }).click();
    await line.getByText("Cancel it?").waitFor();
    expect(await page.locator(`${ASIDE} [data-status="running"]`).count(), "the first click only asks").toBe(1);
    await line.getByRole("button", { name: "Cancel" }).click();
  },
  the_list_by_keyboard: async (page) => {
    await page.locator("[data-task-id]", { hasText: "Hangs" }).locator("a").focus();
    await page.keyboard.press("x");
    await page.keyboard.press("x");
  },
  the_terminal: (_page, panel) =>
    panel.sessions().then(([session]) => {
      panel.qd("cancel", session?.id ?? "");
    }),
};

for (const [name, cancel] of Object.entries(CANCEL)) {
  test(`cancel_from_${name}_ends_the_agent`, async ({ panel, page }) => {
    await openTask(page, "Hangs");
    await action(page, "Implement").click();
    await page.locator(`${ASIDE} [data-status="running"]`).waitFor();
    await startRecording(page);
    await cancel(page, panel);
    await page.locator(`${ASIDE} [data-status="cancelled"]`).waitFor();
    expectSteady(await take(page));
  });
}

test("a_double_click_on_play_cancels_nothing", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  const line = page.locator("[data-task-id]", { hasText: "Hangs" });
  await line.hover();
  await line.getByRole("button").dblclick();
  await page.locator(`${ASIDE} [data-status="running"]:not([data-pending])`).waitFor();
  expect(await line.getByText("Cancel it?").count()).toBe(0);
  expect(await panel.sessions()).toHaveLength(1);
});

test("a_session_whose_process_is_gone_can_be_cancelled", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="running"]:not([data-pending])`).waitFor();
  // The page does not hear of the end, and cancels what it believes to be running.
  const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
  await panel.breakIt("kill-agent");
  await expect.poll(async () => (await panel.sessions())[0]?.status).toMatch(/interrupted|failed/);
  await page.keyboard.press("x");
  await page.keyboard.press("x");
  await page.locator(`${ASIDE} [data-status="cancelling"]`).waitFor();
  await log.release();
  await page.locator(`${ASIDE} :is([data-status="interrupted"], [data-status="failed"], [data-status="cancelled"]):not([data-pending])`).waitFor();
});

test("a_session_that_has_not_started_can_be_cancelled", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  await action(page, "Implement").click();
  await start.hits();
  await page.keyboard.press("x");
  await page.keyboard.press("x");
  await page.locator(`${ASIDE} [data-status="cancelling"]`).waitFor();
  await start.release();
  await page.locator(`${ASIDE} :is([data-status="cancelled"], [data-status="completed"])`).waitFor();
  expect(await panel.sessions()).toHaveLength(1);
});

testOn({ files: { "tasks/deaf.md": "# Deaf\n\n[[demo: ignore-cancel]]\n" } })("an_agent_that_ignores_cancel_is_killed", async ({ page }) => {
  await openTask(page, "Deaf");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="running"]`).waitFor();
  await page.keyboard.press("x");
  await page.keyboard.press("x");
  await page.locator(`${ASIDE} [data-status="cancelling"]`).waitFor();
  await page.locator(`${ASIDE} [data-status="cancelled"]`).waitFor({ timeout: 30_000 });
});

test("a_killed_agent_is_told_within_five_seconds", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="running"]`).waitFor();
  await panel.breakIt("kill-agent");
  const ended = page.locator(`${ASIDE} :is([data-status="interrupted"], [data-status="failed"])`);
  await ended.waitFor({ timeout: 5000 });
  expect((await ended.innerText()).length).toBeGreaterThan(20);
});

test("a_follow_up_shows_at_once_and_is_answered_in_the_same_card", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  const shown = page.locator(`${ASIDE} [data-status="completed"]`);
  await shown.waitFor();
  const id = (await shown.getAttribute("data-session-id")) ?? "";
  await shown.getByRole("link").first().click();
  const message = await panel.proxy.rule({ method: "POST", path: "/api/v1/mutations", contains: '"send_message"', fault: { do: "hold_request" } });
  await page.getByRole("textbox", { name: "Message" }).fill("And now something else.");
  await page.keyboard.press("Enter");
  await message.hits();
  await page.locator("[data-message-id][data-pending]", { hasText: "And now something else." }).waitFor();
  await message.release();
  await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor();
  const log = page.getByRole("log", { name: "Transcript" });
  await log.getByText("you wrote: And now something else.").waitFor();
  await expect.poll(() => log.getByText("And now something else.", { exact: true }).count(), { message: "in the transcript, once" }).toBe(1);
  expect(await panel.sessions()).toHaveLength(1);
});

test("several_sessions_stand_in_order_and_the_list_shows_the_most_urgent", async ({ panel, page }) => {
  await openTask(page, "Asks");
  const row = page.locator("[data-task-id]", { hasText: "Asks" });
  for (const n of [1, 2]) {
    await action(page, "Implement").click();
    await page.locator(`${ASIDE} [data-status="needs-approval"]`).getByRole("button", { name: /allow/i }).first().click();
    await expect.poll(() => page.locator(`${ASIDE} [data-status="completed"]`).count()).toBe(n);
  }
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="needs-approval"]`).waitFor();
  await expect.poll(() => row.getAttribute("data-attention")).toBe("needs_approval");
  const ids = await page.locator(`${ASIDE} [data-session-id]`).evaluateAll((cards) => cards.map((shown) => (shown as HTMLElement).dataset.sessionId));
  const created = (await panel.sessions()).toSorted((a, b) => b.created - a.created).map((session) => session.id);
  expect(ids).toEqual(created);
});

test("a_lost_connection_is_said_on_the_card_and_made_good", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="running"]:not([data-pending])`).waitFor();
  await startRecording(page);
  const offline = await panel.proxy.goOffline();
  await page.locator('[data-connection="stale"]').waitFor();
  await page.keyboard.press("x");
  await page.keyboard.press("x");
  await page.locator(`${ASIDE} [data-status="cancelling"][data-pending]`, { hasText: /not confirmed/i }).waitFor();
  await offline.release();
  await page.locator(`${ASIDE} [data-status="cancelled"]:not([data-pending])`).waitFor({ timeout: 30_000 });
  expectSteady(await take(page));
});

test("a_second_browser_sees_the_same", async ({ panel, page }) => {
  const elsewhere = await profile();
  try {
    const other = await open(panel, elsewhere);
    await openTask(page, "Hangs");
    await openTask(other, "Hangs");
    const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "no such text" } });
    await action(page, "Implement").click();
    await other.locator(`${ASIDE} [data-status="running"]`).waitFor();
    expect(await other.locator(`${ASIDE} [data-session-id]`).getAttribute("data-session-id")).toBe(await page.locator(`${ASIDE} [data-session-id]`).getAttribute("data-session-id"));
    await log.release();
  } finally {
    await elsewhere.close();
  }
});
