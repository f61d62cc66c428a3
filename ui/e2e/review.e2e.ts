// The changes of a task's work as a person reads them: the list, one file after the other, and what was viewed.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import type { Panel } from "./support/panel";
import { frames } from "./support/judge";
import { MUTATIONS } from "./support/proxy";
import { test } from "./support/test";

const SOURCE = Array.from({ length: 200 }, (_, n) => `export const value${n} = ${n}; // the number ${n}`).join("\n");
const DOT = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

/** Work on Alpha, with these files in its worktree. */
async function reviewed(panel: Panel, page: Page, files: Record<string, string | Buffer>): Promise<string> {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').waitFor();
  await page.getByRole("main").getByText("Ready for review", { exact: true }).waitFor();
  const worktree = (await panel.task("Alpha")).branch?.path ?? "";
  write(worktree, files);
  await page.getByRole("tab", { name: /Changes/ }).click();
  await list(page).waitFor();
  return worktree;
}

function write(worktree: string, files: Record<string, string | Buffer>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(worktree, path)), { recursive: true });
    writeFileSync(join(worktree, path), text);
  }
}

const list = (page: Page) => page.getByRole("list", { name: "Changed files" });
const file = (page: Page, name: string) => list(page).getByRole("button", { name });
const diff = (page: Page, name: string) => page.getByRole("region", { name: `Diff of ${name}` });
const comeBack = (page: Page) => page.evaluate(() => dispatchEvent(new Event("focus")));

test("a_file_is_read_with_colours_and_what_is_folded_unfolds", async ({ panel, page }) => {
  const lines = SOURCE.split("\n");
  const worktree = await reviewed(panel, page, { "src/values.ts": SOURCE });
  // What stands on the branch already, so that only some lines of it differ.
  const git = (...args: string[]) => panel.git(worktree, ...args);
  git("add", "-A");
  git("commit", "-qm", "Values");
  git("update-ref", "refs/heads/main", "HEAD");
  lines[99] = "export const value99 = 100; // the number 99";
  lines.splice(150, 0, "");
  write(worktree, { "src/values.ts": `${lines.join("\n")}\n`, "dot.png": DOT });
  await comeBack(page);
  await file(page, "values.ts").click();
  const region = diff(page, "src/values.ts");
  await region.getByText("export const value99 = 100").waitFor();
  expect(await region.locator(".bg-success-mark").allInnerTexts(), "the word that changed").toContain("100");
  await expect.poll(() => region.locator(".text-code-keyword", { hasText: "export" }).count()).toBeGreaterThan(0);
  await region.getByRole("button", { name: "Show 96 lines that did not change" }).click();
  await region.getByText("value5 = 5").waitFor();
  expect(page.url()).toContain("file=src%2Fvalues.ts");
  await page.reload();
  await diff(page, "src/values.ts").getByText("export const value99 = 100").waitFor();
  await page.keyboard.press("s");
  await page.getByRole("radio", { name: "Split" }).and(page.locator(":checked")).waitFor();
  expect(await diff(page, "src/values.ts").getByText("export const value98 = 98").count(), "both sides have it").toBe(2);
  expect(await violations(page)).toEqual([]);
  await file(page, "dot.png").click();
  await page.getByRole("img", { name: "dot.png, now" }).waitFor();
});

test("a_mark_that_a_file_was_viewed_goes_when_the_file_changes", async ({ panel, page }) => {
  const worktree = await reviewed(panel, page, { "a.txt": "a\n", "b.txt": "b\n" });
  await file(page, "a.txt").click();
  await page.keyboard.press("m");
  await diff(page, "b.txt").waitFor();
  const mark = (name: string) => list(page).getByRole("checkbox", { name: `Viewed: ${name}` });
  expect([await mark("a.txt").isChecked(), await mark("b.txt").isChecked()]).toEqual([true, false]);
  await page.reload();
  await list(page).waitFor();
  expect(await mark("a.txt").isChecked()).toBe(true);
  write(worktree, { "a.txt": "another\n" });
  await comeBack(page);
  await expect.poll(() => mark("a.txt").isChecked()).toBe(false);
  await page.keyboard.press("k");
  await diff(page, "a.txt").getByText("another").waitFor();
  rmSync(join(worktree, "a.txt"));
  await comeBack(page);
  await expect.poll(() => file(page, "a.txt").count()).toBe(0);
});

test("a_file_that_did_not_change_stays_as_it_is_when_another_one_does", async ({ panel, page }) => {
  const worktree = await reviewed(panel, page, { "a.txt": "a\n" });
  await file(page, "a.txt").click();
  const region = diff(page, "a.txt");
  await region.getByText("a", { exact: true }).hover();
  await region.getByRole("button", { name: "Comment on line 1" }).click();
  const box = region.getByRole("textbox", { name: "Comment on line 1" });
  await box.fill("Half a sentence");
  await region.evaluate((node) => node.setAttribute("data-same", ""));
  const read: string[] = [];
  page.on("request", (request) => /changes\/(file|colours)/.test(request.url()) && read.push(request.url()));
  write(worktree, { "b.txt": "b\n" });
  await comeBack(page);
  await file(page, "b.txt").waitFor();
  await frames(page, 5);
  expect(read, "nothing of it is read again").toEqual([]);
  expect(await region.getAttribute("data-same"), "it is the same node").toBe("");
  write(worktree, { "a.txt": "another\n" });
  await comeBack(page);
  await region.getByText("another").waitFor();
  expect(await box.inputValue(), "what is being written stays open").toBe("Half a sentence");
});

test("two_thousand_files_are_a_list_and_twenty_thousand_lines_a_diff", { timeout: 120_000 }, async ({ panel, page }) => {
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`many/file-${String(n).padStart(4, "0")}.txt`, `${n}\n`]));
  await reviewed(panel, page, { ...many, "long.rs": Array.from({ length: 20_000 }, (_, n) => `fn f${n}() -> u32 { ${n} }`).join("\n") });
  expect(await list(page).getByRole("button").count(), "only what is seen is drawn").toBeLessThan(100);
  await page.getByRole("textbox", { name: "Filter files" }).fill("file-1234");
  await file(page, "file-1234.txt").click();
  await diff(page, "many/file-1234.txt").getByText("1234", { exact: true }).last().waitFor();
  await page.getByRole("textbox", { name: "Filter files" }).fill("long");
  await file(page, "long.rs").click();
  const region = diff(page, "long.rs");
  await region.getByText("fn f0()").waitFor();
  expect(await region.locator("[data-line]").count()).toBeLessThan(200);
  await region.evaluate((scroller) => scroller.scrollTo({ top: scroller.scrollHeight }));
  await region.getByText("fn f19999()").waitFor();
  await frames(page, 2);
});

test("all_files_stand_one_below_the_other_and_the_address_names_the_one_at_the_top", { timeout: 60_000 }, async ({ panel, page }) => {
  const body = (n: number) => Array.from({ length: 40 }, (_, line) => `line ${line} of file ${n}\n`).join("");
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${String(n).padStart(2, "0")}.txt`, body(n)]));
  await reviewed(panel, page, files);
  await file(page, "f10.txt").click();
  await diff(page, "f10.txt").getByText("line 0 of file 10").waitFor();
  await page.keyboard.press("f");
  const window = page.getByRole("region", { name: "All changed files" });
  await diff(page, "f10.txt").getByText("line 0 of file 10").waitFor();
  await diff(page, "f11.txt").waitFor({ state: "attached" });
  expect(await page.getByRole("region", { name: /^Diff of/ }).count(), "only what is near").toBeLessThan(8);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("j");
  await expect.poll(() => page.url()).toContain("file=f11.txt");
  const topOf = (name: string) => diff(page, name).evaluate((box) => Math.round(box.getBoundingClientRect().top));
  const under = await window.evaluate((box) => Math.round(box.getBoundingClientRect().top) + 36);
  await expect.poll(() => topOf("f11.txt")).toBe(under);
  await window.hover();
  await page.mouse.wheel(0, 3 * 836);
  const top = () => /file=f(\d+)\.txt/.exec(page.url())?.[1] ?? "";
  await expect.poll(top, { message: "the one that came to the top" }).not.toBe("11");
  const n = Number(top());
  const [name, next] = [`f${n}.txt`, `f${n + 1}.txt`];
  expect(await topOf(name)).toBeLessThanOrEqual(under);
  await page.reload();
  await expect.poll(() => topOf(name), { message: "a reload comes back to it" }).toBe(under);
  // A comment is written in the middle of it.
  await diff(page, name).getByText(`line 3 of file ${n}`).hover();
  await diff(page, name).getByRole("button", { name: "Comment on line 4" }).click();
  await page.getByRole("textbox", { name: /comment/i }).fill("Why three?");
  await page.keyboard.press("Control+Enter");
  await diff(page, name).getByText("Why three?").waitFor();
  // What was viewed is folded, and the next one comes up.
  await page.getByRole("region", { name, exact: true }).getByRole("checkbox", { name: "Viewed" }).check();
  await diff(page, name).waitFor({ state: "detached" });
  await diff(page, next).waitFor();
  await page.keyboard.press("f");
  await expect.poll(() => window.count()).toBe(0);
});

test("comments_wait_and_go_together_and_the_card_is_there_in_the_same_frame", async ({ panel, page }) => {
  const worktree = await reviewed(panel, page, { "a.ts": "const a = 1;\nconst b = 2;\nconst c = 3;\n" });
  await file(page, "a.ts").click();
  const region = diff(page, "a.ts");
  await region.getByText("const b").hover();
  await region.getByRole("button", { name: "Comment on line 2" }).click();
  await region.getByRole("textbox", { name: "Comment on line 2" }).fill("Call it count.");
  // What is written is there after a reload.
  await page.reload();
  await region.getByText("const b").hover();
  await region.getByRole("button", { name: "Comment on line 2" }).click();
  expect(await region.getByRole("textbox", { name: "Comment on line 2" }).inputValue()).toBe("Call it count.");
  const held = await panel.proxy.rule({ ...MUTATIONS, fault: { do: "hold_request" } });
  await page.keyboard.press("Control+Enter");
  await frames(page, 2);
  const thread = region.getByRole("article", { name: "Comment on a.ts 2", exact: true });
  expect(await thread.getAttribute("data-pending")).not.toBeNull();
  expect(await thread.innerText()).toContain("Call it count.");
  await held.release();
  await expect.poll(() => thread.getAttribute("data-pending")).toBeNull();

  // By keyboard, over several lines.
  await region.focus();
  for (const key of ["ArrowDown", "ArrowDown", "Shift+ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.keyboard.type("Put these together.");
  await page.keyboard.press("Control+Enter");
  await region.getByRole("article", { name: "Comment on a.ts 2–3" }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole("textbox", { name: "Say something beside them" }).fill("[[demo: hang]]");
  const send = await panel.proxy.rule({ ...MUTATIONS, contains: '"send_comments"', fault: { do: "hold_request" } });
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await frames(page, 2);
  expect(await page.locator('[data-session-id][data-kind="comment"]').count(), "the card is there").toBe(1);
  expect(await thread.getByText("not sent").count()).toBe(0);
  await send.release();
  const sent = async () => (await panel.sessions()).find((one) => one.kind === "comment");
  await expect.poll(sent).toBeDefined();
  expect((await sent())?.instructions).toContain("### a.ts:2\n\n```\nconst b = 2;\n```\n\nCall it count.\n\n### a.ts:2-3\n\n```\nconst b = 2;\nconst c = 3;\n```\n\nPut these together.");
  await thread.getByRole("button", { name: "Resolve" }).click();
  await thread.getByText("resolved").waitFor();
  write(worktree, { "a.ts": "const a = 1;\nconst count = 2;\nconst c = 3;\n" });
  await comeBack(page);
  await thread.getByText("outdated, was line 2").waitFor();
});

test("a_session_that_can_not_start_leaves_the_comments_as_they_were", async ({ panel, page }) => {
  await reviewed(panel, page, { "a.ts": "const a = 1;\n" });
  await file(page, "a.ts").click();
  await diff(page, "a.ts").waitFor();
  await page.keyboard.press("Shift+c");
  await page.getByRole("textbox", { name: "Comment on this file" }).fill("Explain it.");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  const thread = page.getByRole("article", { name: "Comment on a.ts" });
  await thread.getByText("not sent").waitFor();
  await panel.breakIt("refuse");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("region", { name: "Notices" }).getByText("The comments were not sent").waitFor();
  await thread.getByText("not sent").waitFor();
  expect(await page.locator('[data-session-id][data-kind="comment"]').count()).toBe(0);
  await page.getByRole("region", { name: "Notices" }).getByRole("button", { name: "Retry" }).click();
  await expect.poll(async () => (await panel.sessions()).filter((one) => one.kind === "comment").length).toBe(1);
  expect(await thread.getByText("not sent").count()).toBe(0);
});
