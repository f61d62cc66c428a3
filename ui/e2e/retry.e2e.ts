// Editing an earlier message and trying it again: what is said in place, the card in the frame of the click, and exactly
// what was there before where it is refused.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import { card, expectContinuous, frames, judge, seenCards, sidebar, startRecording, take, newCards } from "./support/judge";
import type { Panel } from "./support/panel";
import { MUTATIONS, LOG } from "./support/proxy";
import { test } from "./support/test";

const RETRY = { ...MUTATIONS, contains: '"retry_from"' };
const log = (page: Page) => page.getByRole("log", { name: "Transcript" });
const second = (page: Page) => log(page).locator('[data-item="prompt"]', { hasText: "Number two" });

/** A session of two turns, open. */
async function twoTurns(page: Page): Promise<void> {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').getByRole("link").first().click();
  await log(page).locator('[data-item="ended"]').waitFor();
  await page.getByRole("textbox", { name: "Message" }).fill("Number two");
  await page.keyboard.press("Enter");
  await log(page).getByText("This is prompt 2 of our conversation").waitFor();
  await page.locator('aside [data-status="completed"]').waitFor();
}

async function edit(page: Page, text: string): Promise<void> {
  await second(page).hover();
  await second(page).getByRole("button", { name: "Edit and retry" }).click();
  await page.getByRole("textbox", { name: "The message" }).fill(text);
}

async function worktree(panel: Panel): Promise<string> {
  return (await panel.task("Alpha")).branch?.path ?? "";
}

test("an_edited_message_shows_its_new_card_in_the_first_frame_and_the_worktree_goes_back", async ({ panel, page }) => {
  await twoTurns(page);
  const [old] = await panel.sessions();
  const later = join(await worktree(panel), "later.txt");
  writeFileSync(later, "later\n");
  await edit(page, "Rather number three");
  expect(await log(page).getByText("The worktree goes back to before this message").isVisible()).toBe(true);
  expect(await violations(page)).toEqual([]);
  const held = await panel.proxy.rule({ ...RETRY, fault: { do: "hold_request" } });
  await startRecording(page);
  await frames(page, 5);
  await page.getByRole("button", { name: "Go back and send" }).click();
  await held.hits();
  await frames(page, 30);
  const first = await take(page);
  const [id = "", ...more] = seenCards(first).filter((seen) => seen !== old?.id);
  expect(more).toEqual([]);
  const click = first.marks.findLast((mark) => newCards(first, mark.n).length === 1)?.n ?? 0;
  const verdict = judge(first, id, click);
  expectContinuous(verdict);
  expect(verdict.first).toMatchObject({ kind: "implement", status: "starting", pending: true });
  expect(page.url(), "the new session is open").toContain(id);
  await held.release();
  await page.locator(`${card(id)}[data-status="completed"]:not([data-pending])`).waitFor();
  expectContinuous(judge(await take(page), id, click));
  await log(page).getByText("Rather number three", { exact: true }).waitFor();
  await log(page).getByText(/The worktree went back to before that message/).waitFor();
  expect(existsSync(later)).toBe(false);
  // The old one is as it was, and says what became of it.
  await page.getByRole("link", { name: "Goes on from an earlier session" }).click();
  await page.getByRole("link", { name: "Gone back to an earlier message" }).waitFor();
  await second(page).waitFor();
});

test("a_retry_that_is_refused_leaves_the_sidebar_as_it_was_and_says_why", async ({ panel, page }) => {
  await twoTurns(page);
  await edit(page, "Too late");
  const before = await sidebar(page);
  // This page does not hear that another client was first.
  const stalled = await panel.proxy.rule({ ...LOG, fault: { do: "stall", containing: "" } });
  panel.qd("implement", (await panel.task("Alpha")).id, "--instructions", "[[demo: hang]]");
  await page.getByRole("button", { name: "Go back and send" }).click();
  const notice = page.locator("[data-notice]");
  await notice.waitFor();
  await frames(page, 10);
  expect(await notice.innerText()).toContain("This was not tried again");
  expect((await sidebar(page)).replaceAll(' aria-current="true"', "")).toBe(before.replaceAll(' aria-current="true"', ""));
  await stalled.release();
});

test("escape_leaves_the_message_as_it_was", async ({ page }) => {
  await twoTurns(page);
  await edit(page, "Something else");
  await page.keyboard.press("Escape");
  await second(page).waitFor();
  expect(await page.getByRole("textbox", { name: "The message" }).count()).toBe(0);
  expect(await second(page).isVisible(), "the session is still open").toBe(true);
});

const SHOTS = process.env["QD_SHOTS"];
test.skipIf(SHOTS === undefined)("it_looks_like_this", async ({ page }) => {
  await twoTurns(page);
  await edit(page, "Number two, but with a table of contents and without the last section.");
  for (const [name, width, dark] of [["l-light", 1440, false], ["l-dark", 1440, true], ["s-light", 390, false], ["s-dark", 390, true]] as const) {
    await page.setViewportSize({ width, height: 860 });
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
    await frames(page, 5);
    await log(page).evaluate((box) => (box.scrollTop = box.scrollHeight));
    await frames(page, 5);
    await page.screenshot({ path: join(SHOTS ?? "", `retry-${name}.png`) });
  }
});
