// What goes with a message: images of any size, which a reload and a lost server do not take away; files that it mentions.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import { pasteNoise } from "./support/clipboard";
import { MUTATIONS } from "./support/proxy";
import { test, testOn } from "./support/test";

const ASIDE = 'aside[aria-label="Sessions"]';
const PUT = { method: "PUT", path: "/api/v1/blobs/" };
const log = (page: Page): Locator => page.getByRole("log", { name: "Transcript" });
const box = (page: Page): Locator => page.getByRole("textbox", { name: "Message" });
const thumbnail = (page: Page): Locator => page.getByRole("list", { name: "Images" }).getByRole("img");
const width = (image: Locator): Promise<number> => image.evaluate((shown) => (shown as HTMLImageElement).naturalWidth);

async function openDone(page: Page): Promise<void> {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="completed"]`).getByRole("link").first().click();
  await log(page).locator('[data-item="ended"]').waitFor();
  await box(page).focus();
}

test("a_large_image_survives_a_reload_before_the_server_has_it_and_arrives_once", async ({ panel, page }) => {
  await openDone(page);
  const size = await pasteNoise(page, "noise.png", 320, 300);
  expect(size).toBeGreaterThan(250_000);
  await thumbnail(page).waitFor();
  expect(await width(thumbnail(page)), "as it is, not scaled down").toBe(320);
  expect(await violations(page)).toEqual([]);
  const held = await panel.proxy.rule({ ...PUT, fault: { do: "hold_request" } });
  await page.keyboard.type("What is this?");
  await page.keyboard.press("Enter");
  const waiting = page.locator("[data-message-id]", { hasText: "What is this?" });
  await waiting.getByRole("img").waitFor();
  await held.hits();
  expect((await panel.rows()).filter((row) => row.kind === "message"), "the image goes first").toEqual([]);
  await page.reload();
  await waiting.getByRole("img").waitFor();
  expect(await waiting.getAttribute("data-pending"), "not confirmed yet").toBe("");
  expect(await width(waiting.getByRole("img"))).toBe(320);
  await held.hits(2);
  await held.release();
  await log(page).locator('[data-item="prompt"]', { hasText: "What is this?" }).getByRole("img").waitFor();
  await log(page).getByText("This came with it:").waitFor();
  const shown = log(page).getByRole("img", { name: "From the agent" });
  await shown.first().waitFor();
  expect(await shown.count()).toBe(1);
  expect(await width(shown), "the agent got the bytes").toBe(320);
  const session = page.url().split("/").at(-1) ?? "";
  expect(panel.qd("logs", session, "--json").match(/"text":"What is this\?"/g), "it was said once").toHaveLength(1);
  expect(readdirSync(join(panel.data, "blobs"))).toHaveLength(1);
});

test("a_draft_keeps_its_images_over_a_reload_and_offline_the_message_waits_with_them", async ({ panel, page }) => {
  await openDone(page);
  await pasteNoise(page, "noise.png", 320, 300);
  await thumbnail(page).waitFor();
  await page.reload();
  await thumbnail(page).waitFor();
  expect(await width(thumbnail(page))).toBe(320);
  const offline = await panel.proxy.goOffline();
  await box(page).focus();
  await page.keyboard.type("Look");
  await page.keyboard.press("Enter");
  await page.locator("[data-message-id]", { hasText: "Look" }).getByRole("img").waitFor();
  expect(await thumbnail(page).count(), "the box is free for the next").toBe(0);
  await offline.release();
  await log(page).getByText("This came with it:").waitFor();
});

test("a_refused_message_goes_back_into_the_composer_with_its_image", async ({ panel, page }) => {
  await openDone(page);
  await pasteNoise(page, "noise.png", 320, 300);
  await thumbnail(page).waitFor();
  const body = JSON.stringify({ code: "other_type", message: "Only images." });
  const refusing = await panel.proxy.rule({ ...PUT, fault: { do: "answer", status: 415, content_type: "application/json", body } });
  await page.keyboard.type("Take this");
  await page.keyboard.press("Enter");
  const notice = page.getByRole("alert").filter({ hasText: "The message was not sent" });
  await notice.waitFor();
  expect(await notice.getByRole("button", { name: "Retry" }).count(), "it is tried again from the composer").toBe(0);
  await expect.poll(() => box(page).inputValue()).toBe("Take this");
  await thumbnail(page).waitFor();
  await refusing.release();
  await box(page).focus();
  await page.keyboard.press("Enter");
  await log(page).getByText("This came with it:").waitFor();
});

test("a_server_without_the_image_asks_for_it_and_gets_it", async ({ panel, page }) => {
  await openDone(page);
  await pasteNoise(page, "noise.png", 320, 300);
  await thumbnail(page).waitFor();
  // It seems stored and is not.
  const lying = await panel.proxy.rule({ ...PUT, times: 1, fault: { do: "answer", status: 204, content_type: "text/plain", body: "" } });
  await page.keyboard.type("Look");
  await page.keyboard.press("Enter");
  await lying.hits();
  await log(page).getByText("This came with it:").waitFor();
  expect((await panel.proxy.requests()).filter((line) => line.startsWith(PUT.method)).length).toBeGreaterThan(1);
});

test("a_small_image_goes_within_the_message", async ({ panel, page }) => {
  await openDone(page);
  await pasteNoise(page, "dot.png", 20, 20);
  await thumbnail(page).waitFor();
  const sent = await panel.proxy.rule({ ...MUTATIONS, contains: '"data":"iVBOR', fault: { do: "delay_response", ms: 1 } });
  await page.keyboard.type("A dot");
  await page.keyboard.press("Enter");
  await sent.hits();
  await log(page).getByText("This came with it:").waitFor();
});

const FILES = {
  "README.md": "A repository for tests.\n",
  "src/lib.rs": "",
  "src/my notes.md": "",
  "src/parser/grammar.rs": "",
  "tasks/alpha.md": "# Alpha\n\n[[demo: no-permission]]\n",
};

testOn({ files: FILES })("an_at_opens_the_files_and_keys_alone_write_the_mention", async ({ page }) => {
  await openDone(page);
  await page.keyboard.type("Look at @");
  const menu = page.getByRole("listbox", { name: "Files" });
  await menu.getByRole("option").first().waitFor();
  expect(await menu.getByRole("option", { selected: true }).count()).toBe(1);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.type("gram");
  await expect.poll(() => menu.getByRole("option").allTextContents()).toEqual([expect.stringContaining("src/parser/grammar.rs")]);
  await page.keyboard.press("Enter");
  expect(await box(page).inputValue()).toBe("Look at @src/parser/grammar.rs ");
  expect(await menu.count()).toBe(0);
  await page.keyboard.type("and @notes");
  await menu.getByRole("option", { name: "my notes.md" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await menu.count(), "the first Escape closes the menu alone").toBe(0);
  await page.keyboard.press("Backspace");
  await menu.getByRole("option", { name: "my notes.md" }).waitFor();
  await page.keyboard.press("Tab");
  expect(await box(page).inputValue()).toBe('Look at @src/parser/grammar.rs and @"src/my notes.md" ');
  await page.keyboard.type("ok");
  await page.keyboard.press("Enter");
  await log(page).getByText('you wrote: Look at @src/parser/grammar.rs and @"src/my notes.md" ok').waitFor();
});

testOn({ files: FILES })("in_the_middle_of_a_text_the_caret_stays_behind_the_mention", async ({ page }) => {
  await openDone(page);
  await page.keyboard.type("See  please");
  for (let at = 0; at < " please".length; at++) await page.keyboard.press("ArrowLeft");
  await page.keyboard.type("@lib");
  const menu = page.getByRole("listbox", { name: "Files" });
  await menu.getByRole("option", { name: "src/lib.rs" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.keyboard.type("now, ");
  expect(await box(page).inputValue()).toBe("See @src/lib.rs now, please");
});
