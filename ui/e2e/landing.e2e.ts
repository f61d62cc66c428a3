// The way of work to its branch: commits, trials, conflicts with their two ways on, and what the history shows.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import { generated, published } from "./support/history";
import { frames } from "./support/judge";
import { Panel } from "./support/panel";
import { MUTATIONS } from "./support/proxy";
import { test } from "./support/test";

const git = (panel: Panel, ...args: string[]) => execFileSync("git", args, { cwd: panel.repo, env: panel.env, encoding: "utf8" }).trim();
const phase = (page: Page, word: string) => page.getByRole("main").getByText(word, { exact: true }).waitFor();
const merge = (page: Page) => page.getByRole("region", { name: "Merge" });
const NOTES = "demo-notes/alpha.md";

async function implemented(page: Page): Promise<void> {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').waitFor();
  await phase(page, "Ready for review");
}

/** Somebody else writes the same file on the branch, and the work can't be kept. */
async function conflicted(panel: Panel, page: Page): Promise<void> {
  await implemented(page);
  panel.write(NOTES, "written by somebody else\n");
  git(panel, "add", NOTES);
  git(panel, "commit", "-qm", "Meanwhile");
  await action(page, "Keep").click();
  await page.getByRole("alert").getByText("Keeping the work failed").waitFor();
}

test("an_agent_resolves_a_conflict_and_both_sides_land", async ({ panel, page }) => {
  await conflicted(panel, page);
  expect(await page.getByRole("alert").innerText()).toContain(NOTES);
  expect(await violations(page)).toEqual([]);
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"update_work"', fault: { do: "hold_request" } });
  await page.getByRole("alert").getByRole("button", { name: "Ask an agent" }).click();
  await frames(page, 2);
  expect(await page.locator('aside [data-status="starting"]').count(), "its card is there at once").toBe(1);
  expect(await page.getByRole("alert").count(), "what failed is given up").toBe(0);
  await held.release();
  await merge(page).getByText("Every conflict with main is resolved").waitFor();
  await page.locator('aside [data-status="completed"]').nth(1).waitFor();
  await action(page, "Keep").click();
  await phase(page, "kept");
  const landed = git(panel, "show", `main:${NOTES}`);
  expect(landed).toContain("written by somebody else");
  expect(landed).toContain("Alpha");
  expect(landed).not.toContain("<<<<<<<");
});

test("a_conflict_is_resolved_by_hand_file_by_file_and_lands_as_a_merge", async ({ panel, page }) => {
  await conflicted(panel, page);
  await page.getByRole("alert").getByRole("button", { name: "By hand" }).click();
  await merge(page).getByText("1 file to resolve").waitFor();
  expect(await action(page, "Keep").getAttribute("aria-disabled")).toBe("true");
  expect(await violations(page)).toEqual([]);
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"resolve_file"', fault: { do: "hold_request" } });
  await merge(page).getByRole("button", { name: "This work’s" }).click();
  await frames(page, 2);
  expect(await merge(page).getByRole("list", { name: "Conflicts" }).count(), "it is resolved in the same frame").toBe(0);
  await held.release();
  await expect.poll(() => action(page, "Keep with…").getAttribute("aria-disabled")).not.toBe("true");
  await action(page, "Keep with…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Message").fill("Write alpha's notes");
  await dialog.getByRole("radio", { name: "Merge" }).check();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Keep", exact: true }).click();
  await phase(page, "kept");
  expect(git(panel, "log", "-1", "--format=%p", "main").split(" ").length, "a merge has two parents").toBe(2);
  expect(git(panel, "log", "-1", "--format=%B", "main")).toContain("Write alpha's notes");
  expect(git(panel, "show", `main:${NOTES}`)).not.toContain("somebody else");
});

test("a_merge_is_aborted_to_exactly_what_the_worktree_was", async ({ panel, page }) => {
  await conflicted(panel, page);
  const worktree = (await panel.task("Alpha")).branch?.path ?? "";
  const before = readFileSync(join(worktree, NOTES), "utf8");
  await page.getByRole("alert").getByRole("button", { name: "By hand" }).click();
  await merge(page).getByText("1 file to resolve").waitFor();
  expect(readFileSync(join(worktree, NOTES), "utf8")).toContain("<<<<<<< HEAD");
  await merge(page).getByRole("button", { name: "Abort the merge" }).click();
  await merge(page).waitFor({ state: "detached" });
  expect(readFileSync(join(worktree, NOTES), "utf8")).toBe(before);
});

test("a_commit_has_the_chosen_files_and_a_hook_that_refuses_is_heard", async ({ panel, page }) => {
  await implemented(page);
  const worktree = (await panel.task("Alpha")).branch?.path ?? "";
  panel.write(".git/hooks/commit-msg", "#!/bin/sh\necho 'say why' >&2\ngrep -q because \"$1\"\n");
  execFileSync("chmod", ["+x", join(panel.repo, ".git/hooks/commit-msg")]);
  execFileSync("sh", ["-c", "echo more > more.txt"], { cwd: worktree });
  await action(page, "Commit…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(NOTES).waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByLabel("more.txt", { exact: true }).uncheck();
  await dialog.getByRole("button", { name: /^Commit \d+ of \d+$/ }).click();
  await page.getByRole("alert").getByText("say why").waitFor();
  await page.getByRole("alert").getByRole("button", { name: "Discard" }).click();
  await action(page, "Commit…").click();
  await dialog.getByLabel("more.txt", { exact: true }).uncheck();
  await dialog.getByLabel("Message").fill("Write notes, because they are asked for");
  await dialog.getByRole("button", { name: /^Commit \d+ of \d+$/ }).click();
  await expect.poll(() => git(panel, "-C", worktree, "log", "-1", "--format=%s")).toBe("Write notes, because they are asked for");
  expect(git(panel, "-C", worktree, "status", "--porcelain", "--", ".", ":!tasks")).toBe("?? more.txt");
});

test("a_part_of_a_file_is_committed_and_the_rest_stays", async ({ panel, page }) => {
  const lines = (...changed: number[]) => Array.from({ length: 60 }, (_, n) => `line ${n}${changed.includes(n) ? " changed" : ""}\n`).join("");
  panel.write("long.txt", lines());
  git(panel, "add", "long.txt");
  git(panel, "commit", "-qm", "Long");
  await implemented(page);
  const worktree = (await panel.task("Alpha")).branch?.path ?? "";
  writeFileSync(join(worktree, "long.txt"), lines(5, 50));
  await action(page, "Commit…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Parts of long.txt" }).click();
  const parts = dialog.getByRole("list", { name: "Parts of long.txt" });
  await parts.getByText("line 50 changed").waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByLabel("All of them").uncheck();
  await parts.getByRole("checkbox", { name: "Part 2: line 48" }).check();
  expect(await dialog.getByLabel("long.txt", { exact: true }).evaluate((box) => (box as HTMLInputElement).indeterminate)).toBe(true);
  await dialog.getByRole("button", { name: "Commit a part" }).click();
  await expect.poll(() => git(panel, "-C", worktree, "show", "HEAD:long.txt")).toBe(lines(50).trim());
  expect(readFileSync(join(worktree, "long.txt"), "utf8")).toBe(lines(5, 50));
  expect(git(panel, "-C", worktree, "diff", "--numstat")).toContain("1\t1\tlong.txt");
});

test("work_is_tried_in_the_checkout_and_put_back", async ({ panel, page }) => {
  await implemented(page);
  const before = git(panel, "status", "--porcelain");
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"try_work"', fault: { do: "hold_request" } });
  await action(page, "Test here").click();
  await frames(page, 2);
  expect(await action(page, "Test here").count(), "it can't be done twice").toBe(0);
  await held.release();
  const trial = page.getByRole("region", { name: "Tried in your checkout" });
  await trial.waitFor();
  expect(readFileSync(join(panel.repo, NOTES), "utf8")).toContain("Alpha");
  expect(await violations(page)).toEqual([]);
  await trial.getByRole("button", { name: "Put back" }).click();
  await trial.waitFor({ state: "detached" });
  expect(git(panel, "status", "--porcelain")).toBe(before);
});

test("a_message_is_suggested_from_the_document_and_written_by_an_agent_on_request", async ({ panel, page }) => {
  await implemented(page);
  await action(page, "Keep with…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Suggested from the document").waitFor();
  expect(await dialog.getByLabel("Message").inputValue()).toBe("Alpha\n\n- First step\n- Second step");
  await dialog.getByRole("button", { name: "Write it with an agent" }).click();
  await dialog.getByText("Being written…").waitFor();
  await dialog.getByText("Written by an agent for this work").waitFor();
  expect(await dialog.getByLabel("Message").inputValue()).toContain("By the demo agent");
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Keep", exact: true }).click();
  await phase(page, "kept");
  expect(git(panel, "log", "-1", "--format=%B", "main")).toContain("By the demo agent");
});

/** With QD_HISTORY real packages come first: over a hundred versions of them are fetched. */
function history(panel: Panel): void {
  if (process.env["QD_HISTORY"] !== undefined) published(panel);
  generated(panel);
}

for (const [name, prepare] of [
  ["the_demo_tasks", () => undefined],
  ["a_repository_of_a_thousand_commits", history],
] as const) {
  test(`the_whole_way_of_work_on_${name}`, { timeout: 240_000 }, async ({ panel, page }) => {
    prepare(panel);
    await implemented(page);
    const worktree = (await panel.task("Alpha")).branch?.path ?? "";
    const before = git(panel, "rev-parse", "main");
    // Review, comment, the agent mends.
    await page.getByRole("tab", { name: /Changes/ }).click();
    await page.getByRole("list", { name: "Changed files" }).getByTitle(NOTES, { exact: true }).click();
    const diff = page.getByRole("region", { name: NOTES, exact: true });
    await diff.getByText("# Alpha").hover();
    await diff.getByRole("button", { name: "Comment on line 1" }).click();
    await diff.getByRole("textbox", { name: "Comment on line 1" }).fill("Say more.");
    await page.keyboard.press("Control+Enter");
    await diff.getByRole("article").getByText("Say more.").waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.locator('[data-session-id][data-kind="comment"][data-status="completed"]').waitFor();
    await page.getByRole("tab", { name: "Document" }).click();
    // Commit, land, and it fails when it is tried.
    await action(page, "Commit…").click();
    await page.getByRole("dialog").getByText(NOTES).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Commit", exact: true }).click();
    await expect.poll(() => git(panel, "-C", worktree, "status", "--porcelain", "--", ".", ":!tasks"), { timeout: 15_000 }).toBe("");
    await action(page, "Keep with…").click();
    await page.getByRole("dialog").getByRole("radio", { name: "Merge" }).check();
    await page.getByRole("dialog").getByRole("button", { name: "Keep", exact: true }).click();
    await phase(page, "kept");
    const kept = page.getByRole("region", { name: "Kept work" });
    await kept.getByRole("button", { name: "Fail…" }).click();
    await page.getByRole("dialog").getByLabel("What did you see?").fill("Nothing is said of Beta.");
    await page.getByRole("button", { name: "Fail and revert" }).click();
    await kept.getByText("Taken back from main").waitFor();
    expect(git(panel, "diff", "--stat", before, "main")).toBe("");
    // Again, and it passes.
    await action(page, "Implement").click();
    await page.locator('aside [data-kind="implement"][data-status="completed"]').nth(1).waitFor();
    await action(page, "Keep").click();
    await kept.getByText("not tried yet").waitFor();
    await kept.getByRole("button", { name: "Pass" }).click();
    await phase(page, "Passed QA");
    expect(git(panel, "show", `main:${NOTES}`)).toContain("Alpha");
    expect(git(panel, "status", "--porcelain", "--", ".", ":!tasks")).toBe("");
    // Away, and back.
    await action(page, "Archive").click();
    await expect.poll(async () => (await panel.task("Alpha")).path).toMatch(/^tasks\/archive\//);
    await action(page, "Restore").click();
    await expect.poll(async () => (await panel.task("Alpha")).path).toBe("tasks/alpha.md");
    git(panel, "fsck", "--no-dangling");
  });
}

/** What was kept of Alpha is built upon, and can't simply be reverted. */
async function builtUpon(panel: Panel, page: Page): Promise<string> {
  await implemented(page);
  await action(page, "Keep").click();
  await phase(page, "kept");
  panel.write(NOTES, `${git(panel, "show", `main:${NOTES}`)}\nbuilt upon it\n`);
  panel.write("later.txt", "later\n");
  git(panel, "add", NOTES, "later.txt");
  git(panel, "commit", "-qm", "Build upon it");
  const work = readFileSync(join((await panel.task("Alpha")).branch?.path ?? "", NOTES), "utf8");
  await page.getByRole("region", { name: "Kept work" }).getByRole("button", { name: "Revert" }).click();
  await page.getByRole("alert").getByText("Reverting what was kept failed").waitFor();
  return work;
}

test("a_revert_that_conflicts_is_resolved_by_hand_in_the_worktree_and_lands", async ({ panel, page }) => {
  const work = await builtUpon(panel, page);
  const worktree = (await panel.task("Alpha")).branch?.path ?? "";
  expect(await violations(page)).toEqual([]);
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"take_back"', fault: { do: "hold_request" } });
  await page.getByRole("alert").getByRole("button", { name: "By hand" }).click();
  await frames(page, 2);
  expect(await page.getByRole("alert").count(), "what failed is given up in the same frame").toBe(0);
  await held.release();
  await merge(page).getByText("Being taken back from main: 1 file to resolve").waitFor();
  expect(await violations(page)).toEqual([]);
  expect(await action(page, "Keep").getAttribute("aria-disabled")).toBe("true");
  await merge(page).getByRole("button", { name: "As before" }).click();
  await merge(page).getByText("nothing conflicts any more").waitFor();
  await expect.poll(() => action(page, "Keep").getAttribute("aria-disabled")).not.toBe("true");
  await action(page, "Keep").click();
  await page.getByRole("region", { name: "Kept work" }).getByText("Taken back from main").waitFor();
  await merge(page).waitFor({ state: "detached" });
  expect(git(panel, "ls-tree", "--name-only", "main", NOTES), "what the work brought is gone").toBe("");
  expect(git(panel, "show", "main:later.txt"), "what came later stays").toBe("later");
  expect(git(panel, "log", "-1", "--format=%s", "main")).toBe('Revert "Alpha"');
  expect(readFileSync(join(worktree, NOTES), "utf8"), "the worktree has the work again").toBe(work);
  await phase(page, "Ready for review");
});

test("an_agent_resolves_a_revert_that_conflicts", async ({ panel, page }) => {
  await builtUpon(panel, page);
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"take_back"', fault: { do: "hold_request" } });
  await page.getByRole("alert").getByRole("button", { name: "Ask an agent" }).click();
  await frames(page, 2);
  expect(await page.locator('aside [data-status="starting"]').count(), "its card is there at once").toBe(1);
  await held.release();
  await merge(page).getByText("nothing conflicts any more").waitFor();
  await page.locator('aside [data-status="completed"]').nth(1).waitFor();
  await action(page, "Keep with…").click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.getByLabel("Message").inputValue()).toContain('Revert "Alpha"');
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Keep", exact: true }).click();
  await page.getByRole("region", { name: "Kept work" }).getByText("Taken back from main").waitFor();
  expect(git(panel, "ls-tree", "--name-only", "main", NOTES)).toBe("");
});

test("taking_back_is_given_up_and_the_work_stands_as_it_was", async ({ panel, page }) => {
  const work = await builtUpon(panel, page);
  const main = git(panel, "rev-parse", "main");
  await page.getByRole("alert").getByRole("button", { name: "By hand" }).click();
  await merge(page).getByText("1 file to resolve").waitFor();
  await merge(page).getByRole("button", { name: "Back to the work" }).click();
  await merge(page).waitFor({ state: "detached" });
  const worktree = (await panel.task("Alpha")).branch?.path ?? "";
  expect(readFileSync(join(worktree, NOTES), "utf8")).toBe(work);
  expect(git(panel, "rev-parse", "main")).toBe(main);
  await phase(page, "kept");
});
