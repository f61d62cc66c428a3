// Everybody can use it: axe finds nothing on any page, light or dark, wide or narrow, and everything goes by keyboard.
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, open, openTask, profile, type Look } from "./support/browser";
import { frames } from "./support/judge";
import type { Panel } from "./support/panel";
import { test } from "./support/test";

const ASIDE = 'aside[aria-label="Sessions"]';

async function expectAccessible(page: Page, where: string): Promise<void> {
  // What fades in has other colours while it does.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getTiming().iterations !== Infinity).map((a) => a.finished.catch(() => null))));
  expect(await violations(page), where).toEqual([]);
}

/** Every page and everything that opens over one. */
async function tour(panel: Panel, page: Page): Promise<void> {
  await expectAccessible(page, "start");
  await page.locator("[data-task-id]", { hasText: "Asks" }).locator("a").click();
  await action(page, "Implement").waitFor();
  await expectAccessible(page, "a task without sessions");
  await page.keyboard.press("i");
  const session = page.locator('[data-session-id][data-status="needs-approval"]');
  await session.first().waitFor({ state: "attached" });
  await expectAccessible(page, "a task with a question");
  const id = await session.first().getAttribute("data-session-id");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await expectAccessible(page, "the inbox");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByRole("heading", { name: "Settings", exact: true }).first().waitFor();
  await expectAccessible(page, "the settings");
  await page.goto(`${panel.address}/sessions/${id}`);
  await page.getByRole("region", { name: "The agent asks" }).waitFor();
  await expectAccessible(page, "a session that asks");
  await page.keyboard.press("a");
  await page.locator('[data-session-id][data-status="completed"]').first().waitFor({ state: "attached" });
  await page.getByText("scripted, no model").last().waitFor();
  await expectAccessible(page, "a session that ended");
  await page.keyboard.press("Escape");
  await action(page, "Implement").waitFor();
  await page.getByRole("tab", { name: /Changes/ }).click();
  await page.getByText("demo-notes").first().waitFor();
  await expectAccessible(page, "the changes");
  await page.getByRole("tab", { name: "Document" }).click();
  await page.keyboard.press("e");
  await page.locator(".cm-editor").waitFor();
  await expectAccessible(page, "the editor");
  await page.getByRole("button", { name: "Done" }).click();
  await page.keyboard.press("Shift+I");
  await page.getByRole("dialog").waitFor();
  await expectAccessible(page, "the dialog");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
  await expectAccessible(page, "the palette");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await expectAccessible(page, "the keyboard's map");
  await page.keyboard.press("Escape");
  await panel.breakIt("refuse");
  await page.keyboard.press("i");
  await page.locator("[data-notice]").waitFor();
  await expectAccessible(page, "a notice");
}

const LOOKS: Record<string, Look> = { light: {}, dark: { dark: true }, "light on a small window": { width: 1024, height: 768 } };

for (const [name, look] of Object.entries(LOOKS)) {
  test(`axe_finds_nothing_on_any_page_${name.replaceAll(" ", "_")}`, async ({ panel }) => {
    const context = await profile(look);
    try {
      await tour(panel, await open(panel, context));
      const stranger = await (await profile(look)).newPage();
      await stranger.goto(panel.address);
      await stranger.getByRole("button", { name: "Log in" }).waitFor();
      await expectAccessible(stranger, "the log-in");
      await stranger.context().close();
    } finally {
      await context.close();
    }
  });
}

for (const dark of [false, true]) {
  test(`axe_finds_nothing_on_a_phone_${dark ? "dark" : "light"}`, async ({ panel }) => {
    panel.qd("implement", (await panel.task("Hangs")).id);
    const context = await profile({ width: 390, height: 844, dark });
    try {
      const page = await context.newPage();
      await page.goto(`${panel.address}/?token=${panel.token}`);
      const bar = page.getByRole("navigation", { name: "Pages" });
      await bar.getByRole("button", { name: "Tasks" }).click();
      await page.locator("[data-task-id]").first().waitFor();
      await expectAccessible(page, "the tasks");
      await page.locator("[data-task-id]", { hasText: "Hangs" }).locator("a").click();
      await action(page, "Implement").waitFor();
      await expectAccessible(page, "a task");
      await bar.getByRole("button", { name: "Sessions" }).click();
      await page.locator(`${ASIDE} [data-status="running"]`).waitFor();
      await expectAccessible(page, "its sessions");
      await bar.getByRole("button", { name: "Inbox" }).click();
      await page.getByRole("heading", { name: "Inbox" }).waitFor();
      await expectAccessible(page, "the inbox");
    } finally {
      await context.close();
    }
  });
}

test("a_task_is_found_started_answered_read_and_cancelled_by_keyboard_alone", async ({ page }) => {
  const focus = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  const press = (key: string) => page.keyboard.press(key);
  await press("/");
  await page.keyboard.type("asks.md");
  await expect.poll(() => page.locator("[data-task-id]").count()).toBe(1);
  await press("Enter");
  await expect.poll(focus).toContain("Asks");
  await press("Enter");
  await action(page, "Implement").waitFor();
  await press("i");
  await page.locator(`${ASIDE} [data-status="needs-approval"]`).waitFor();
  await press("d");
  await page.locator(`${ASIDE} [data-status="completed"]`).waitFor();
  await press("i");
  await page.locator(`${ASIDE} [data-status="needs-approval"]`).waitFor();
  await press("a");
  await expect.poll(() => page.locator(`${ASIDE} [data-status="completed"]`).count()).toBe(2);
  await press("i");
  await page.locator(`${ASIDE} [data-status="needs-approval"]`).waitFor();
  await press("x");
  expect(await page.locator(`${ASIDE} [data-status="needs-approval"]`).count(), "the first x only asks").toBe(1);
  await press("x");
  await page.locator(`${ASIDE} [data-status="cancelled"]`).waitFor();
  await press("e");
  await page.locator(".cm-editor").waitFor();
});

test("the_filters_of_the_list_go_by_keyboard_and_are_kept", async ({ panel, page }) => {
  panel.write("tasks/archive/2024-05/old.md", "# Old\n");
  panel.write("tasks/beta.md", "# Beta\n\n- [x] One\n- [x] Two\n");
  const titles = () => page.locator("[data-task-id]").evaluateAll((rows) => rows.toSorted((a, b) => Number((a as HTMLElement).dataset.taskIndex) - Number((b as HTMLElement).dataset.taskIndex)).map((row) => row.querySelector("[dir=auto]")?.textContent));
  const [show, sort] = [page.getByRole("combobox", { name: "Show" }), page.getByRole("combobox", { name: "Sort" })];
  await page.keyboard.press("/");
  await page.keyboard.press("Tab");
  expect(await show.evaluate((select) => select === document.activeElement)).toBe(true);
  await page.keyboard.press("ArrowDown");
  expect(await show.inputValue()).toBe("archived");
  await expect.poll(titles).toEqual(["Old"]);
  await page.keyboard.press("ArrowDown");
  await expect.poll(titles).toContain("Old");
  await page.keyboard.press("Home");
  await expect.poll(titles).not.toContain("Old");
  await page.keyboard.press("Tab");
  expect(await sort.evaluate((select) => select === document.activeElement)).toBe(true);
  await page.keyboard.type("Title");
  await expect.poll(titles).toEqual(["Alpha", "Asks", "Beta", "Fails", "Gamma", "Hangs"]);
  await page.keyboard.press("End");
  expect(await sort.inputValue()).toBe("progress");
  await expect.poll(async () => (await titles())[0], { message: "the one that is done first" }).toBe("Beta");
  await page.reload();
  await page.locator("[data-task-id]").first().waitFor();
  expect(await sort.inputValue(), "kept").toBe("progress");
});

test("the_map_opens_right_after_the_palette_closed", async ({ page }) => {
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog", { name: "Search and commands" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await frames(page, 10);
  expect(await page.getByRole("dialog", { name: "Keyboard" }).count()).toBe(1);
});

test("focus_returns_where_it_came_from", async ({ page }) => {
  await openTask(page, "Alpha");
  const button = page.getByRole("button", { name: "Implement with…" });
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  expect(await button.evaluate((node) => node === document.activeElement)).toBe(true);
});
