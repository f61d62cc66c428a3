// The worktrees of all tasks, and where two of them meet.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import type { Panel } from "./support/panel";
import { frames } from "./support/judge";
import { test } from "./support/test";

/** Work on a task; its worktree. */
async function worked(panel: Panel, page: Page, title: string): Promise<string> {
  await openTask(page, title);
  await action(page, "Implement").click();
  await page.getByRole("main").getByText("Ready for review", { exact: true }).waitFor();
  return (await panel.task(title)).branch?.path ?? "";
}

test("a_worktree_is_listed_with_what_only_it_holds_and_removed_with_an_undo", async ({ panel, page }) => {
  const worktree = await worked(panel, page, "Alpha");
  writeFileSync(join(worktree, "a.txt"), "x".repeat(2_000_000));
  panel.git(worktree, "add", "a.txt");
  panel.git(worktree, "commit", "-qm", "One");
  writeFileSync(join(worktree, "b.txt"), "b\n");
  writeFileSync(join(panel.repo, ".git/info/exclude"), "build/\n");
  mkdirSync(join(worktree, "build"));
  writeFileSync(join(worktree, "build/x.o"), "object\n");
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  const row = page.getByRole("list", { name: "Worktrees" }).getByRole("listitem").filter({ hasText: "Alpha" });
  await row.getByText("1 commit only here").waitFor();
  expect(await row.innerText()).toMatch(/2\.\d MB/);
  expect(await violations(page)).toEqual([]);
  await row.getByRole("button", { name: "Remove…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 commit that nothing else holds").waitFor();
  await dialog.getByText("What git ignores is not saved (1)").click();
  await dialog.getByText("build/").waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save and remove" }).click();
  await expect.poll(() => row.count()).toBe(0);
  await page.getByRole("region", { name: "Notices" }).getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await panel.task("Alpha")).branch?.discarded).toBeNull();
  await page.getByRole("button", { name: "Look again" }).click();
  await row.getByText("1 commit only here").waitFor();
});

test("tasks_that_change_the_same_lines_are_told_before_either_is_kept", async ({ panel, page }) => {
  const one = await worked(panel, page, "Alpha");
  const other = await worked(panel, page, "Beta");
  writeFileSync(join(one, "README.md"), "One.\n");
  writeFileSync(join(other, "README.md"), "Other.\n");
  // Whoever looks at the changes has them counted.
  await page.getByRole("tab", { name: /Changes/ }).click();
  await page.getByRole("list", { name: "Changed files" }).getByRole("button", { name: "README.md" }).waitFor();
  await openTask(page, "Alpha");
  await page.getByRole("tab", { name: /Changes/ }).click();
  const met = page.getByRole("list", { name: "Also changed elsewhere" });
  await met.getByText("1 file would conflict (README.md)").waitFor();
  const line = (title: string) => page.getByRole("navigation", { name: "Tasks" }).getByRole("listitem").filter({ hasText: title });
  await line("Alpha").getByText("Would conflict with “Beta”").waitFor();
  await line("Beta").getByText("Would conflict with “Alpha”").waitFor();
  expect(await violations(page)).toEqual([]);
  await met.getByRole("link", { name: "Beta" }).click();
  await met.getByRole("link", { name: "Alpha" }).waitFor();
  writeFileSync(join(other, "README.md"), "A repository for tests.\n");
  await page.getByRole("tab", { name: /Changes/ }).click();
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await frames(page, 2);
  await expect.poll(() => met.getByText("would conflict").count()).toBe(0);
  await expect.poll(() => page.getByRole("navigation", { name: "Tasks" }).getByText("Would conflict").count()).toBe(0);
});
