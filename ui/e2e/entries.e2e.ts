// Every way to start an agent puts its card on top in the first frame after it, while nothing reaches the server.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { action, openBeside, openTask } from "./support/browser";
import { card, expectContinuous, frames, judge, markOf, newCards, seenCards, startRecording, take } from "./support/judge";
import type { Panel } from "./support/panel";
import { LOG, START } from "./support/proxy";
import { test } from "./support/test";

const row = (page: Page, title: string): Locator => page.locator("[data-task-id]", { hasText: title });

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
    ready: (page) => row(page, "Alpha").hover(),
    go: (page) => row(page, "Alpha").getByRole("button").click(),
  },
  the_hotkey_on_a_row: {
    ready: (page) => row(page, "Alpha").locator("a").focus(),
    go: (page) => page.keyboard.press("i"),
  },
  the_palette: {
    ready: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("implement");
    },
    go: (page) => page.keyboard.press("Enter"),
  },
  the_dialog_of_the_palette: {
    ready: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("option", { name: "Implement with…" }).click();
      await page.getByRole("dialog").getByLabel("Instructions").fill("Be brief.");
    },
    go: (page) => page.getByRole("dialog").getByRole("button", { name: "Implement" }).click(),
  },
};

/** `go` starts one session: its card is there in the first frame after it, and stays until it is done. */
async function expectInFirstFrame(panel: Panel, page: Page, kind: string, go: (page: Page) => Promise<void>): Promise<void> {
  const before = new Set((await panel.sessions()).map((session) => session.id));
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  await startRecording(page);
  await frames(page, 5);
  await go(page);
  await start.hits();
  await frames(page, 30);
  const held = await take(page);
  const [id = "", ...more] = seenCards(held).filter((seen) => !before.has(seen));
  expect(more).toEqual([]);
  const click = held.marks.findLast((mark) => newCards(held, mark.n).length === 1)?.n ?? 0;
  const verdict = judge(held, id, click);
  expectContinuous(verdict);
  expect(verdict.first).toMatchObject({ kind, status: "starting", pending: true });
  expect(await page.getByRole("dialog").count(), "what it was chosen in is closed").toBe(0);
  await start.release();
  await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor();
  expectContinuous(judge(await take(page), id, click));
  expect(await panel.sessions()).toHaveLength(before.size + 1);
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`${name}_shows_the_card_in_the_first_frame`, async ({ panel, page }) => {
    await openTask(page, "Alpha");
    await way.ready?.(page);
    await expectInFirstFrame(panel, page, "implement", way.go);
  });
}

const PLAN: Record<string, Way> = {
  the_button: { go: (page) => action(page, "Plan").click() },
  the_hotkey: { go: (page) => page.keyboard.press("p") },
  the_dialog: { ready: (page) => page.keyboard.press("Shift+P"), go: (page) => page.getByRole("dialog").getByRole("button", { name: "Plan" }).click() },
  the_palette: {
    ready: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("plan");
    },
    go: (page) => page.keyboard.press("Enter"),
  },
};

for (const [name, way] of Object.entries(PLAN)) {
  test(`plan_by_${name}_shows_the_card_in_the_first_frame`, async ({ panel, page }) => {
    await openTask(page, "Alpha");
    await way.ready?.(page);
    await expectInFirstFrame(panel, page, "plan", way.go);
  });
}

test("a_plan_fills_the_document_of_its_task_and_of_no_other", async ({ panel, page }) => {
  panel.write("tasks/bare.md", "# Bare\n\nSay hello.\n");
  await openTask(page, "Bare");
  await action(page, "Plan").click();
  const boxes = page.getByRole("main").getByRole("checkbox");
  await expect.poll(() => boxes.count()).toBe(3);
  await page.locator('aside [data-kind="plan"][data-status="completed"]').waitFor();
  const text = readFileSync(join(panel.repo, "tasks/bare.md"), "utf8");
  expect(text, "what stood there stands there").toMatch(/^# Bare\n\nSay hello\.\n\n## Plan\n\n- \[ \] Read/);
  await openTask(page, "Beta");
  expect(await page.getByRole("main").getByText("Read what is there").count()).toBe(0);
  // Nothing of that is work to be kept.
  expect(await page.locator("[data-task-id]", { hasText: "Bare" }).getAttribute("data-attention")).toBe("idle");
});

/** Alpha, implemented: all its boxes are ticked. */
async function implemented(page: Page): Promise<void> {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').waitFor();
  await page.locator('[data-task-id][data-attention="review_ready"]', { hasText: "Alpha" }).waitFor();
}

const VERIFY: Record<string, Way> = {
  the_hotkey: { go: (page) => page.keyboard.press("v") },
  the_dialog: { ready: (page) => page.keyboard.press("Shift+V"), go: (page) => page.getByRole("dialog").getByRole("button", { name: "Verify" }).click() },
  the_play_button_of_a_task_that_is_done: {
    ready: (page) => row(page, "Alpha").hover(),
    go: (page) => row(page, "Alpha").getByRole("button", { name: "Verify" }).click(),
  },
  the_palette: {
    ready: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("verify");
    },
    go: (page) => page.keyboard.press("Enter"),
  },
};

for (const [name, way] of Object.entries(VERIFY)) {
  test(`verify_by_${name}_shows_the_card_in_the_first_frame`, async ({ panel, page }) => {
    await implemented(page);
    await way.ready?.(page);
    await expectInFirstFrame(panel, page, "verify", way.go);
  });
}

const RETRY: Record<string, Way> = {
  the_row_of_the_history: {
    ready: (page) => page.locator('aside [data-status="completed"]').hover(),
    go: (page) => page.locator('aside [data-status="completed"]').getByRole("button", { name: "Retry" }).click(),
  },
  the_page_of_the_session: {
    ready: async (page) => {
      await page.locator('aside [data-status="completed"]').getByRole("link").first().click();
      await page.getByRole("log", { name: "Transcript" }).waitFor();
    },
    go: (page) => page.getByRole("main").getByRole("button", { name: "Retry", exact: true }).click(),
  },
};

for (const [name, way] of Object.entries(RETRY)) {
  test(`retry_on_${name}_shows_the_card_in_the_first_frame`, async ({ panel, page }) => {
    await implemented(page);
    await way.ready?.(page);
    await expectInFirstFrame(panel, page, "implement", way.go);
  });
}

test("the_play_button_shows_in_its_row_in_the_first_frame_where_no_sidebar_is", async ({ panel, page }) => {
  const start = await panel.proxy.rule({ ...START, fault: { do: "hold_request" } });
  await row(page, "Beta").hover();
  await startRecording(page);
  await frames(page, 5);
  await row(page, "Beta").getByRole("button", { name: "Implement" }).click();
  await start.hits();
  const held = await take(page);
  const click = markOf(held, "click").n;
  const { id } = await panel.task("Beta");
  const shown = held.frames.filter((frame) => frame.n > click).map((frame) => frame.tasks.find((line) => line.id === id));
  expect(held.frames.find((frame) => frame.n > click)?.n, "the first frame that differs is the next one").toBe(click + 1);
  expect(shown.every((line) => line?.attention === "running")).toBe(true);
  await start.release();
  await page.locator(`[data-task-id="${id}"][data-attention="review_ready"]`).waitFor();
});

const TEXT = "A task of its own\n\n[[demo: no-permission]]\n\n- [ ] One step";
const fillBox = (page: Page) => page.getByRole("main").getByRole("textbox").first().fill(TEXT);

const CREATE: Record<string, Way> = {
  the_button: { ready: fillBox, go: (page) => page.getByRole("button", { name: "Create and start" }).click() },
  its_key: { ready: fillBox, go: (page) => page.keyboard.press("Control+Shift+Enter") },
  the_palette: {
    ready: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("A task of its own [[demo: no-permission]]");
    },
    go: (page) => page.getByRole("option", { name: /^Create and start/ }).click(),
  },
  the_button_that_plans_it: { ready: fillBox, go: (page) => page.getByRole("button", { name: "Create and plan" }).click() },
  the_palette_that_plans_it: {
    ready: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("A task of its own [[demo: no-permission]]");
    },
    go: (page) => page.getByRole("option", { name: /^Create and plan/ }).click(),
  },
};

for (const [name, way] of Object.entries(CREATE)) {
  test(`create_and_start_by_${name}_opens_the_task_with_its_card_at_once`, async ({ panel, page }) => {
    await way.ready?.(page);
    const posts = await panel.proxy.rule({ method: "POST", path: "/api/v1/mutations", fault: { do: "hold_request" } });
    await startRecording(page);
    await frames(page, 5);
    await way.go(page);
    await posts.hits();
    await frames(page, 30);
    const held = await take(page);
    const [id] = seenCards(held);
    const click = held.marks.findLast((mark) => newCards(held, mark.n).length === 1);
    expectContinuous(judge(held, id ?? "", click?.n ?? 0));
    await page.getByRole("heading", { level: 1, name: /^A task of its own/ }).waitFor();
    await posts.release();
    await page.locator(`${card(id ?? "")}[data-status="completed"]:not([data-pending])`).waitFor();
    expectContinuous(judge(await take(page), id ?? "", click?.n ?? 0));
    const [created] = (await panel.sessions()).map((session) => session.task);
    const task = (await panel.rows()).find((one) => one.kind === "task" && one.row.id === created);
    expect(task?.kind === "task" && task.row.path).toMatch(/^tasks\/a-task-of-its-own.*\.md$/);
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
