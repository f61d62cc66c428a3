// Every way to start an agent puts its card on top in the first frame after it, while nothing reaches the server.
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { action, openBeside, openTask } from "./support/browser";
import { card, expectContinuous, frames, judge, newCards, seenCards, startRecording, take } from "./support/judge";
import { LOG, START } from "./support/proxy";
import { test } from "./support/test";

type Way = { ready?: (page: Page) => Promise<void>; go: (page: Page) => Promise<void> };

const WAYS: Record<string, Way> = {
  the_button: { go: (page) => action(page, "Implement").click() },
  the_hotkey: { go: (page) => page.keyboard.press("i") },
  the_dialog: {
    ready: async (page) => {
      await page.keyboard.press("Shift+I");
      await page.getByRole("dialog").getByLabel("Instructions").fill("Be brief.");
    },
    go: (page) => page.getByRole("dialog").getByRole("button", { name: "Implement" }).click(),
  },
  the_dialog_by_keyboard: {
    ready: async (page) => {
      await page.keyboard.press("Shift+I");
      await page.getByRole("dialog").getByLabel("Instructions").focus();
    },
    go: (page) => page.keyboard.press("Control+Enter"),
  },
  the_play_button_of_the_list: {
    ready: (page) => page.locator("[data-task-id]", { hasText: "Alpha" }).hover(),
    go: (page) => page.locator("[data-task-id]", { hasText: "Alpha" }).getByRole("button").click(),
  },
  the_hotkey_on_a_row: {
    ready: (page) => page.locator("[data-task-id]", { hasText: "Alpha" }).locator("a").focus(),
    go: (page) => page.keyboard.press("i"),
  },
  the_palette: {
    ready: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("implement");
    },
    go: (page) => page.keyboard.press("Enter"),
  },
};

for (const [name, way] of Object.entries(WAYS)) {
  test(`${name}_shows_the_card_in_the_first_frame`, async ({ panel, page }) => {
    await openTask(page, "Alpha");
    await way.ready?.(page);
    const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
    await startRecording(page);
    await frames(page, 5);
    await way.go(page);
    await start.hits();
    await frames(page, 30);
    const held = await take(page);
    const [id, ...more] = seenCards(held);
    expect(more).toEqual([]);
    const click = held.marks.findLast((mark) => newCards(held, mark.n).length === 1);
    expectContinuous(judge(held, id ?? "", click?.n ?? 0));
    expect(await page.getByRole("dialog").count(), "what it was chosen in is closed").toBe(0);
    await start.release();
    await page.locator(`${card(id ?? "")}[data-status="completed"]:not([data-pending])`).waitFor();
    expectContinuous(judge(await take(page), id ?? "", click?.n ?? 0));
    expect(await panel.sessions()).toHaveLength(1);
  });
}

for (const [name, go] of [
  ["the_button", (page: Page) => page.getByRole("button", { name: "Create and start" }).click()],
  ["its_key", (page: Page) => page.keyboard.press("Control+Shift+Enter")],
] as const) {
  test(`create_and_start_by_${name}_opens_the_task_with_its_card_at_once`, async ({ panel, page }) => {
    const box = page.getByRole("main").getByRole("textbox").first();
    await box.fill("A task of its own\n\n[[demo: no-permission]]\n\n- [ ] One step");
    const posts = await panel.proxy.rule({ method: "POST", path: "/api/v1/mutations", fault: { do: "hold_request" } });
    await startRecording(page);
    await frames(page, 5);
    await go(page);
    await posts.hits();
    await frames(page, 30);
    const held = await take(page);
    const [id] = seenCards(held);
    const click = held.marks.findLast((mark) => newCards(held, mark.n).length === 1);
    expectContinuous(judge(held, id ?? "", click?.n ?? 0));
    await page.getByRole("heading", { level: 1, name: "A task of its own" }).waitFor();
    await posts.release();
    await page.locator(`${card(id ?? "")}[data-status="completed"]:not([data-pending])`).waitFor();
    expectContinuous(judge(await take(page), id ?? "", click?.n ?? 0));
    expect((await panel.task("A task of its own")).path).toBe("tasks/a-task-of-its-own.md");
  });
}

test("a_start_in_the_terminal_shows_with_its_record", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  await startRecording(page);
  panel.qd("implement", "Alpha");
  await page.locator('aside [data-status="completed"]').waitFor();
  const recording = await take(page);
  const [id] = seenCards(recording);
  const record = recording.marks.find((mark) => mark.what === `record ${id}`);
  expectContinuous(judge(recording, id ?? "", record?.n ?? -1));
});

test("a_start_in_another_tab_shows_before_the_server_knows", async ({ panel, page }) => {
  await openTask(page, "Alpha");
  const other = await openBeside(panel, page);
  await openTask(other, "Alpha");
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  const log = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
  await startRecording(page);
  await action(other, "Implement").click();
  await start.hits();
  const pending = page.locator("aside [data-pending]");
  await pending.waitFor();
  await start.release();
  await log.release();
  await page.locator('aside [data-status="completed"]:not([data-pending])').waitFor();
  const recording = await take(page);
  const [id, ...more] = seenCards(recording);
  expect(more).toEqual([]);
  expect(judge(recording, id ?? "", 0)).toMatchObject({ missing: 0, doubled: 0, nodes: 1 });
});
