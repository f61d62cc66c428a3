// The founding requirement, criterion by criterion: docs/requirement.md names these tests, `cargo xtask prove` runs them.
import { expect } from "vitest";
import { action, openTask } from "./support/browser";
import { at, card, expectContinuous, expectSteady, frames, judge, markOf, newCards, sidebar, startRecording, take } from "./support/judge";
import { LOG, MUTATIONS, START } from "./support/proxy";
import { test } from "./support/test";

test("implement_click_shows_running_session_without_waiting_for_a_poll", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  // Nothing of the server reaches the page, and nothing of the click reaches the server.
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
  const before = (await panel.proxy.requests()).length;
  await startRecording(page);
  await action(page, "Implement").click();
  await start.hits();
  await frames(page, 60);
  expect((await panel.proxy.requests()).slice(before), "one request, the click's own").toEqual(["POST /api/v1/mutations"]);
  expect(await panel.sessions()).toHaveLength(0);

  const alone = await take(page);
  const click = markOf(alone, "click");
  const [id, ...more] = newCards(alone, click.n);
  expect(more).toEqual([]);
  const verdict = judge(alone, id ?? "", click.n);
  expectContinuous(verdict);
  expect(verdict.first).toMatchObject({ status: "starting", kind: "implement", pending: true });
  expect(await page.locator(`${card(id ?? "")} [data-running-mark]`).count(), "it has the mark of what runs").toBe(1);

  await start.release();
  await log.release();
  await page.locator(`${card(id ?? "")}[data-status="completed"]`).waitFor();
  expectContinuous(judge(await take(page), id ?? "", click.n));
});

test("optimistic_entry_reconciles_to_real_session_id_and_status", async ({ panel, page }) => {
  await openTask(page, "Hangs");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_response" } });
  await startRecording(page);
  await action(page, "Implement").click();
  await start.hits();
  const [real] = await panel.sessions();
  await start.release();
  const running = page.locator(`${card(real?.id ?? "")}[data-status="running"]:not([data-pending])`);
  await running.waitFor();

  const recording = await take(page);
  const click = markOf(recording, "click");
  expect(newCards(recording, click.n), "the card has the id that the server keeps").toEqual([real?.id]);
  const verdict = judge(recording, real?.id ?? "", click.n);
  expectContinuous(verdict);
  expect(verdict.statuses).toEqual(["starting", "running"]);
  const [served] = await panel.sessions();
  expect(served).toMatchObject({ id: real?.id, status: "running", kind: "implement" });
});

test("error_restores_sidebar_to_pre_click_state", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  // Once with an empty sidebar, once with history in it.
  for (const round of ["empty", "with history"]) {
    const before = await sidebar(page);
    await panel.breakIt("refuse");
    // The refusal comes by the reply and by the log: neither gets through yet.
    const start = await panel.proxy.rule({ ...START, fault: { do: "hold_response" } });
    const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
    await startRecording(page);
    await action(page, "Implement").click();
    await start.hits();
    await frames(page, 30);
    expect(await sidebar(page), `${round}: the card is there until the refusal`).not.toBe(before);
    await start.release();
    await log.release();
    const notice = page.locator("[data-notice]");
    await notice.waitFor();
    await frames(page, 30);

    expect(await sidebar(page), `${round}: byte for byte`).toBe(before);
    const recording = await take(page);
    const click = markOf(recording, "click");
    const [id] = newCards(recording, click.n);
    const told = recording.frames.find((frame) => frame.n > click.n && frame.notices.length > 0);
    const verdict = judge(recording, id ?? "", click.n, told?.n);
    expectContinuous(verdict);
    expect(told?.cards.some((shown) => shown.id === id), "the card leaves in the frame that tells why").toBe(false);
    const others = (n: number) => at(recording, n).tasks.filter((row) => row.pending || row.attention !== "idle");
    expect(others(recording.count), "no row of the list is left changed").toEqual(others(click.n));
    await expect.poll(() => notice.textContent()).toMatch(/refuse|reject|demonstration/i);

    // The notice's Retry is the way on.
    await notice.getByRole("button", { name: "Retry" }).click();
    await page.locator('aside [data-status="completed"]').first().waitFor();
    expect(await page.locator("[data-notice]").count()).toBe(0);
  }
});

test("sidebar_still_does_what_it_did_before", async ({ panel, page }) => {
  // Finished work first, then work that goes on: active ones on top, newest first, history below.
  await openTask(page, "Asks");
  await startRecording(page);
  const aside = page.getByRole("complementary", { name: "Sessions" });
  await action(page, "Implement").click();
  const asking = aside.locator('[data-status="needs-approval"]');
  await asking.getByRole("button", { name: /allow/i }).first().click();
  await aside.locator('[data-status="completed"]').waitFor();
  const finished = await aside.locator("[data-session-id]").getAttribute("data-session-id");

  await action(page, "Implement").click();
  await asking.waitFor();
  const ids = () => aside.locator("[data-session-id]").evaluateAll((cards) => cards.map((shown) => (shown as HTMLElement).dataset.sessionId));
  const [active, below] = await ids();
  expect(below).toBe(finished);
  expect(await aside.getByRole("heading", { name: "History" }).count()).toBe(1);

  // Cancel from the card; the row goes into the history, above the older one.
  const first = page.locator(card(active ?? ""));
  await first.hover();
  await first.getByRole("button", { name: "Cancel" }).click();
  await page.locator(`${card(active ?? "")}[data-status="cancelled"]`).waitFor();
  expect(await ids()).toEqual([active, finished]);

  // A card opens its session; Escape leads back.
  await page.locator(card(finished ?? "")).getByRole("link").first().click();
  await page.getByRole("log", { name: "Transcript" }).waitFor();
  await page.keyboard.press("Escape");
  await action(page, "Implement").waitFor();

  // Retry makes another session; Dismiss takes a row away.
  const row = page.locator(card(active ?? ""));
  await row.hover();
  await row.getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(ids).toEqual([finished]);
  await expect.poll(async () => (await panel.sessions()).length).toBe(1);
  const last = page.locator(card(finished ?? ""));
  await last.hover();
  await last.getByRole("button", { name: "Retry" }).click();
  await expect.poll(ids).toHaveLength(2);
  expect((await ids())[1]).toBe(finished);

  expectSteady(await take(page));

  // The column closes and opens again.
  await page.getByRole("button", { name: "Hide the sessions" }).click();
  expect(await aside.isVisible()).toBe(false);
  await page.getByRole("button", { name: "Show the sessions" }).click();
  expect(await aside.isVisible()).toBe(true);
});

test("implement_carries_the_chosen_agent_and_model", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  await page.getByRole("button", { name: "Implement with…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: "Agent", exact: true }).selectOption("demo");
  const model = dialog.getByRole("combobox", { name: "Model", exact: true });
  await expect.poll(() => model.locator("option").count()).toBeGreaterThan(1);
  await model.selectOption({ index: 2 });
  const chosen = await model.inputValue();
  const title = await model.locator("option:checked").textContent();
  await dialog.getByLabel("Instructions").fill("Mind the gap.");
  const start = await panel.proxy.rule({ ...START, contains: '"Mind the gap."', fault: { do: "hold_request" } });
  await startRecording(page);
  await dialog.getByRole("button", { name: "Implement" }).click();
  await start.hits();
  await frames(page, 10);
  const recording = await take(page);
  const [id] = newCards(recording, markOf(recording, "click").n);
  const verdict = judge(recording, id ?? "", markOf(recording, "click").n);
  expectContinuous(verdict);
  expect(verdict.first.text, "the card names agent and model from its first frame").toContain(chosen);
  expect(await page.getByRole("dialog").count(), "the dialog is closed").toBe(0);
  await start.release();
  await page.locator(`${card(id ?? "")}[data-status="completed"]`).waitFor();
  const [session] = await panel.sessions();
  expect(session).toMatchObject({ id, agent: "demo", model: chosen, instructions: "Mind the gap." });
  expect(title).not.toBe("");
});

test("verify_and_rewrite_do_the_same", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').waitFor();
  const click = {
    verify: () => action(page, "Verify").click(),
    rewrite: async () => {
      await page.getByRole("textbox", { name: "Rewrite" }).fill("Say it in fewer words.");
      await action(page, "Rewrite").last().click();
    },
  };
  for (const kind of ["verify", "rewrite"] as const) {
    const before = await sidebar(page);
    await panel.breakIt("refuse");
    const refused = await panel.proxy.rule({ ...MUTATIONS, contains: `"${kind}"`, fault: { do: "hold_response" } });
    const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
    await startRecording(page);
    await click[kind]();
    await refused.hits();
    await frames(page, 10);
    await refused.release();
    await log.release();
    await page.locator("[data-notice]").waitFor();
    await frames(page, 10);
    expect(await sidebar(page), `${kind}: restored`).toBe(before);
    await page.locator("[data-notice]").getByRole("button", { name: "Retry" }).click();

    const asked = page.locator(`aside [data-kind="${kind}"]`);
    await expect.poll(() => asked.getAttribute("data-status")).toMatch(/completed|needs-approval/);
    const recording = await take(page);
    const last = markOf(recording, "click");
    const [id] = newCards(recording, last.n);
    const verdict = judge(recording, id ?? "", last.n);
    expectContinuous(verdict);
    expect(verdict.first).toMatchObject({ status: "starting", kind, pending: true });
    if (verdict.last.status === "needs-approval") await asked.getByRole("button", { name: /allow/i }).first().click();
    await page.locator(`aside [data-kind="${kind}"][data-status="completed"]`).waitFor();
  }
});
