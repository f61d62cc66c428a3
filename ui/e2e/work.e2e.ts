// What is done with a task's work: its changes, Keep and Discard, and the notice that takes either back.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, open, openTask, profile } from "./support/browser";
import { Panel } from "./support/panel";
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
  await page.getByRole("list", { name: "Changed files" }).getByTitle("demo-notes/alpha.md", { exact: true }).click();
  const diff = page.getByRole("region", { name: "Diff of demo-notes/alpha.md" });
  await diff.waitFor();
  const added = await diff.locator("[data-line]").allTextContents();
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

test("what_failed_its_trial_is_reverted_implemented_again_with_the_reason_and_passes", async ({ panel, page }) => {
  await implemented(page);
  const before = git(panel, "rev-parse", "main");
  await action(page, "Keep").click();
  await phase(page, "kept");
  // Somebody else goes on on the branch.
  panel.write("later.txt", "later\n");
  git(panel, "add", "later.txt");
  git(panel, "commit", "-qm", "Later");
  const kept = page.getByRole("region", { name: "Kept work" });
  await kept.getByText("not tried yet").waitFor();
  await kept.getByRole("button", { name: "Fail…" }).click();
  await page.getByRole("dialog").getByLabel("What did you see?").fill("The clock stands still.");
  const held = await panel.proxy.rule({ ...MUTATIONS, fault: { do: "hold_request" } });
  await page.getByRole("button", { name: "Fail and revert" }).click();
  await frames(page, 2);
  expect(await kept.innerText()).toContain("The clock stands still.");
  expect(await kept.getByText("failed", { exact: true }).count(), "it shows at once").toBe(1);
  expect(await kept.getByRole("button", { name: "Reverting…" }).count()).toBe(1);
  await held.release();
  await kept.getByText("Taken back from main").waitFor();
  expect(git(panel, "show", "main:later.txt")).toBe("later");
  expect(git(panel, "diff", "--stat", before, "main", "--", ".", ":!later.txt"), "but for what came later main is as it was").toBe("");
  expect(await violations(page)).toEqual([]);
  await phase(page, "Ready for review");

  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').nth(1).waitFor();
  const sessions = await panel.sessions();
  const last = sessions.toSorted((a, b) => b.created - a.created)[0];
  expect(panel.qd("logs", last?.id ?? "")).toContain("The clock stands still.");
  await action(page, "Keep").click();
  await kept.getByText("not tried yet").waitFor();
  await kept.getByRole("button", { name: "Pass" }).click();
  await phase(page, "Passed QA");
  await kept.getByText("1 earlier time").click();
  await kept.getByText("The clock stands still.").waitFor();
});

test("a_revert_that_is_refused_leaves_the_page_as_it_was", async ({ panel, page }) => {
  await implemented(page);
  await action(page, "Keep").click();
  const kept = page.getByRole("region", { name: "Kept work" });
  await kept.getByRole("button", { name: "Revert" }).waitFor();
  const before = await kept.innerText();
  // The user's own edit in a file that would change.
  panel.write("demo-notes/alpha.md", "mine\n");
  await kept.getByRole("button", { name: "Revert" }).click();
  const failed = page.getByRole("alert").filter({ hasText: "Reverting what was kept failed" });
  await failed.getByText("changes of your own").waitFor();
  await failed.getByRole("button", { name: "Discard" }).click();
  await expect.poll(() => kept.innerText()).toBe(before);
  expect(readFileSync(join(panel.repo, "demo-notes/alpha.md"), "utf8")).toBe("mine\n");
});

test("what_is_kept_must_pass_the_check_of_the_project", async ({ onTestFinished }) => {
  const panel = await Panel.start({ config: `[projects."{repo}"]\ncheck = "test -e ok || { echo waiting; sleep 60; }"\n` });
  onTestFinished(() => panel.stop());
  const context = await profile();
  onTestFinished(() => context.close());
  const page = await open(panel, context);
  await implemented(page);
  await action(page, "Keep").click();
  const checking = page.getByRole("status").filter({ hasText: "Checking: test -e ok" });
  await checking.waitFor();
  expect(await violations(page)).toEqual([]);
  const held = await panel.proxy.rule({ ...MUTATIONS, fault: { do: "hold_request" } });
  await checking.getByRole("button", { name: "Stop" }).click();
  await frames(page, 2);
  expect(await checking.count(), "it goes with the click").toBe(0);
  await held.release();
  await phase(page, "Ready for review");
  const { branch } = await panel.task("Alpha");
  writeFileSync(join(branch?.path ?? "", "ok"), "");
  await action(page, "Keep").click();
  await page.getByRole("region", { name: "Kept work" }).getByText("checked", { exact: true }).waitFor();
});

const row = (page: Page, title: string) => page.getByRole("navigation", { name: "Tasks" }).locator("[data-task-id]").filter({ hasText: title });

test("an_archived_task_leaves_the_list_in_the_same_frame_and_undo_brings_it_back", async ({ panel, page }) => {
  await openTask(page, "Beta");
  const held = await panel.proxy.rule({ ...MUTATIONS, fault: { do: "hold_request" } });
  await page.keyboard.press("Shift+a");
  await frames(page, 2);
  expect(await row(page, "Beta").count()).toBe(0);
  await held.release();
  await notice(page).getByText("Archived").waitFor();
  const path = (await panel.task("Beta")).path ?? "";
  expect(path).toMatch(/^tasks\/archive\/\d{4}-\d{2}\/beta\.md$/);
  expect(existsSync(join(panel.repo, path))).toBe(true);
  await action(page, "Restore").waitFor();
  await notice(page).getByRole("button", { name: "Undo" }).click();
  await frames(page, 2);
  expect(await row(page, "Beta").count()).toBe(1);
  await expect.poll(async () => (await panel.task("Beta")).path).toBe("tasks/beta.md");
});

test("what_would_be_put_away_with_a_task_is_named_first_and_a_refusal_brings_it_back", async ({ panel, page }) => {
  await implemented(page);
  await action(page, "Archive").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Its work is not kept").waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByText("Close", { exact: true }).click();
  expect(await row(page, "Alpha").count()).toBe(1);
  // Something in the way of the folder.
  panel.write("tasks/archive", "in the way\n");
  await action(page, "Archive").click();
  await dialog.getByRole("button", { name: "Archive anyway" }).click();
  const failed = page.getByRole("alert").filter({ hasText: "Moving the document failed" });
  await failed.waitFor();
  expect(await row(page, "Alpha").count(), "it is where it was").toBe(1);
  rmSync(join(panel.repo, "tasks/archive"));
  await failed.getByRole("button", { name: "Retry" }).click();
  await expect.poll(async () => (await panel.task("Alpha")).path).toMatch(/^tasks\/archive\//);
  expect(await row(page, "Alpha").count()).toBe(0);
});
