// What an agent asks: answered with a reason, in one's own words, with an edited command; by keyboard; and when somebody
// else was faster.
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openBeside, openTask } from "./support/browser";
import { expectSteady, startRecording, take } from "./support/judge";
import { test, testOn } from "./support/test";

const ASIDE = 'aside[aria-label="Sessions"]';
const log = (page: Page): Locator => page.getByRole("log", { name: "Transcript" });
const asks = (page: Page): Locator => page.getByRole("region", { name: "The agent asks" });

/** Implements a task whose agent asks, and opens the session. */
async function openAsking(page: Page, title = "Asks"): Promise<void> {
  await openTask(page, title);
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status^="needs-"]`).getByRole("link").first().click();
  await asks(page).waitFor();
}

test("a_no_carries_its_reason_and_the_transcript_keeps_it", async ({ page }) => {
  await openAsking(page);
  expect(await asks(page).getByText("every command of this session").count(), "how far an always reaches").toBe(1);
  await asks(page).getByRole("button", { name: "Deny with a reason…" }).press("Enter");
  const field = asks(page).getByRole("textbox", { name: "Why not" });
  await expect.poll(() => field.evaluate((input) => input === document.activeElement)).toBe(true);
  await page.keyboard.press("Escape");
  await expect.poll(() => asks(page).getByRole("button", { name: "Deny with a reason…" }).evaluate((button) => button === document.activeElement), { message: "focus returns" }).toBe(true);
  await page.keyboard.press("Enter");
  await page.keyboard.type("not on a Monday");
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await log(page).locator('[data-item="settled"]', { hasText: "Deny" }).getByText("“not on a Monday”").waitFor();
  await log(page).getByText("You said: not on a Monday").waitFor();
});

test("a_command_is_edited_before_it_is_allowed", async ({ page }) => {
  await openAsking(page);
  await asks(page).getByRole("button", { name: "Edit", exact: true }).click();
  const field = asks(page).getByRole("textbox", { name: "The command" });
  expect(await field.inputValue()).toBe("git status --short");
  await field.fill("");
  await page.keyboard.press("Enter");
  await asks(page).getByRole("alert").getByText("Nothing is left of it").waitFor();
  await field.fill("echo this instead");
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  const run = log(page).locator('[data-tool="execute"]', { hasText: "echo this instead" });
  await run.getByRole("button").first().click();
  await run.locator("pre", { hasText: "this instead" }).waitFor();
});

test("a_reason_is_written_in_the_card_without_moving_it", async ({ page }) => {
  await openTask(page, "Asks");
  await action(page, "Implement").click();
  const asking = page.locator(`${ASIDE} [data-status="needs-approval"]`);
  await asking.waitFor();
  const before = await asking.boundingBox();
  await startRecording(page);
  await asking.getByRole("button", { name: "Deny with a reason…" }).click();
  expect(await asking.boundingBox(), "its height and place").toEqual(before);
  await page.keyboard.type("no");
  await page.keyboard.press("Enter");
  await expect.poll(() => asking.count(), { message: "the card goes on at once" }).toBe(0);
  await page.locator(`${ASIDE} [data-status="completed"]`).waitFor();
  expectSteady(await take(page));
});

testOn({ files: { "tasks/q.md": "# Question\n\n[[demo: ask]] [[demo: quick]]\n" } })("a_question_is_answered_in_words_of_ones_own", async ({ page }) => {
  await openAsking(page, "Question");
  expect(await asks(page).getByText("Looks the same everywhere.").count(), "what a choice means").toBe(1);
  await asks(page).getByRole("button", { name: "Something else…" }).click();
  await page.keyboard.type("tabs of three");
  await page.keyboard.press("Enter");
  await log(page).getByText("In your own words: tabs of three").waitFor();
  const settled = log(page).locator('[data-item="settled"]');
  await settled.getByText("“tabs of three”").waitFor();
  expect(await settled.textContent(), "the choice that only carried it is not told").not.toContain("Tabs“");
});

test("what_was_written_is_kept_where_somebody_else_answered", async ({ panel, page }) => {
  await openAsking(page);
  const beside = await openBeside(panel, page);
  await openTask(beside, "Asks");
  await asks(page).getByRole("button", { name: "Deny with a reason…" }).click();
  await page.keyboard.type("because of the release");
  await beside.locator(`${ASIDE} [data-status="needs-approval"]`).getByRole("button", { name: "Allow", exact: true }).click();
  const kept = page.locator("[data-kept]");
  await kept.getByText("because of the release").waitFor();
  expect(await kept.textContent()).toContain("answered or withdrawn meanwhile");
  await kept.getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(() => kept.count()).toBe(0);
});

test("a_and_d_answer_without_a_mouse", async ({ page }) => {
  await openAsking(page);
  await page.keyboard.press("d");
  await log(page).getByText("I was not allowed to run the command").waitFor();
});
