// What is done with a task's work: its changes, Keep and Discard, and the notice that takes either back.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { action, openTask } from "./support/browser";
import type { Panel } from "./support/panel";
import { frames } from "./support/judge";
import { MUTATIONS } from "./support/proxy";
import { test } from "./support/test";

const notice = (page: Page) => page.getByRole("region", { name: "Notices" }).getByRole("status");
const phase = (page: Page, word: string) => page.getByRole("main").getByText(word, { exact: true }).waitFor();
const git = (panel: Panel, ...args: string[]) => execFileSync("git", args, { cwd: panel.repo, env: panel.env, encoding: "utf8" }).trim();

async function implemented(page: Page): Promise<void> {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').waitFor();
  await phase(page, "Ready for review");
}

test("the_changes_are_what_git_says", async ({ panel, page }) => {
  await implemented(page);
  const { branch } = await panel.task("Alpha");
  const named = git(panel, "-C", branch?.path ?? "", "status", "--porcelain", "-uall").split("\n").map((line) => line.trim().split(" ")[1]);
  await page.getByRole("tab", { name: /Changes/ }).click();
  const files = page.getByRole("list", { name: "Changed files" }).getByRole("button");
  await files.first().waitFor();
  // The document is the task's own: it is not reviewed as work.
  expect(await files.count()).toBe(named.filter((path) => path !== "tasks/alpha.md").length);
  await files.filter({ hasText: "demo-notes/alpha.md" }).click();
  const diff = page.getByRole("region", { name: "Diff of demo-notes/alpha.md" });
  await diff.waitFor();
  const added = await diff.evaluate((region) => [...region.querySelectorAll("span:last-child")].map((line) => line.textContent));
  expect(added.join("\n").trim()).toBe(readFileSync(join(branch?.path ?? "", "demo-notes/alpha.md"), "utf8").trim());
});

test("discard_tells_it_once_it_is_done_and_undo_brings_everything_back", async ({ panel, page }) => {
  await implemented(page);
  const { branch } = await panel.task("Alpha");
  const before = git(panel, "-C", branch?.path ?? "", "status", "--porcelain");
  const asked = await panel.proxy.rule({ ...MUTATIONS, contains: '"discard_work"', fault: { do: "hold_request" } });
  await action(page, "Discard").click();
  await asked.hits();
  await frames(page, 30);
  expect(await notice(page).count(), "nothing is told before it is true").toBe(0);
  await asked.release();
  await notice(page).getByText("Discarded").waitFor();
  expect((await panel.task("Alpha")).branch?.discarded).not.toBeNull();
  await page.getByRole("tab", { name: /Changes/ }).click();
  await page.getByText("The work was discarded").waitFor();
  await notice(page).getByRole("button", { name: "Undo" }).click();
  await frames(page, 2);
  expect(await notice(page).count(), "it goes with the click").toBe(0);
  await phase(page, "Ready for review");
  await page.getByRole("list", { name: "Changed files" }).waitFor();
  expect(git(panel, "-C", branch?.path ?? "", "status", "--porcelain")).toBe(before);
});

test("keep_tells_it_once_it_is_done_and_undo_moves_the_branch_back", async ({ panel, page }) => {
  await implemented(page);
  const before = git(panel, "rev-parse", "main");
  await action(page, "Keep").click();
  await notice(page).getByText("Kept").waitFor();
  expect(git(panel, "rev-parse", "main^"), "one commit on top").toBe(before);
  await notice(page).getByRole("button", { name: "Undo" }).click();
  await phase(page, "Ready for review");
  expect(git(panel, "rev-parse", "main")).toBe(before);
  expect(await notice(page).count()).toBe(0);
});

test("the_notice_goes_by_itself_or_when_it_is_closed_and_the_undo_of_the_page_stays", async ({ page }) => {
  await page.clock.install();
  await implemented(page);
  await action(page, "Discard").click();
  await notice(page).getByText("Discarded").waitFor();
  await page.clock.fastForward(14_000);
  expect(await notice(page).count()).toBe(1);
  await page.clock.fastForward(2000);
  await expect.poll(() => notice(page).count()).toBe(0);
  await action(page, "Undo").click();
  await phase(page, "Ready for review");
  await action(page, "Keep").click();
  await notice(page).getByRole("button", { name: "Dismiss" }).click();
  expect(await notice(page).count()).toBe(0);
  await action(page, "Undo").waitFor();
});
