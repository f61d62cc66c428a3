// Writing to an agent: queued, sent now, interrupted, steered; its commands and choices; images; what was sent before.
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import { frames } from "./support/judge";
import { MUTATIONS } from "./support/proxy";
import { test, testOn } from "./support/test";

const ASIDE = 'aside[aria-label="Sessions"]';
const log = (page: Page): Locator => page.getByRole("log", { name: "Transcript" });
const box = (page: Page): Locator => page.getByRole("textbox", { name: "Message" });
const queue = (page: Page): Locator => page.getByRole("list", { name: "Messages on their way" });

async function openHanging(page: Page): Promise<void> {
  await openTask(page, "Hangs");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="running"]`).getByRole("link").first().click();
  await log(page).getByText("I hang now").waitFor();
}

async function openDone(page: Page): Promise<void> {
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-status="completed"]`).getByRole("link").first().click();
  await log(page).locator('[data-item="ended"]').waitFor();
}

test("an_interruption_shows_at_once_and_the_agent_stays", async ({ panel, page }) => {
  await openHanging(page);
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"interrupt_turn"', fault: { do: "hold_request" } });
  await page.getByRole("button", { name: "Interrupt" }).click();
  await held.hits();
  await page.getByRole("button", { name: "Interrupting…" }).waitFor();
  await held.release();
  await log(page).locator('[data-item="turn"]', { hasText: "Interrupted" }).waitFor();
  await box(page).fill("Are you there?");
  await page.keyboard.press("Enter");
  await log(page).getByText("This is prompt 2 of our conversation; you wrote: Are you there?").waitFor();
  expect(await panel.sessions(), "one process, one session").toHaveLength(1);
  expect((await panel.sessions())[0]?.attempt).toBe(1);
});

test("escape_twice_interrupts_and_once_only_leaves_the_field", async ({ page }) => {
  await openHanging(page);
  await box(page).focus();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Esc again" }).waitFor();
  expect(await box(page).evaluate((field) => field === document.activeElement)).toBe(false);
  await page.keyboard.press("Escape");
  await log(page).locator('[data-item="turn"]', { hasText: "Interrupted" }).waitFor();
  expect(page.url(), "it did not leave the session").toContain("/sessions/");
});

test("send_now_ends_the_turn_of_an_agent_that_cannot_be_steered", async ({ page }) => {
  await openHanging(page);
  await box(page).fill("Stop that, and do this.");
  await page.keyboard.press("Control+Enter");
  expect(await box(page).inputValue()).toBe("");
  await log(page).getByText("This is prompt 2 of our conversation; you wrote: Stop that, and do this.").waitFor();
});

test("send_now_steers_where_the_agent_can_be_steered", async ({ panel, page }) => {
  // Which agents can be is told in their output.
  await page.route("**/output?tail=*", async (route) => {
    const answer = await route.fetch();
    const ready = { seq: 99, ts: Date.now(), kind: "ready", program: null, can: { steer: true, images: false, resume: true } };
    await route.fulfill({ response: answer, body: `${await answer.text()}${JSON.stringify(ready)}\n` });
  });
  await openHanging(page);
  await page.reload();
  await log(page).getByText("I hang now").waitFor();
  const steered = await panel.proxy.rule({ ...MUTATIONS, contains: '"steer":true', fault: { do: "hold_request" } });
  await box(page).fill("A little to the left.");
  await page.getByRole("button", { name: "Send now" }).click();
  await steered.hits();
  await queue(page).getByText("Goes into the turn that runs").waitFor();
  expect(await page.getByRole("button", { name: "Interrupting…" }).count(), "the turn goes on").toBe(0);
  await steered.release();
});

test("what_did_not_arrive_says_why_and_is_sent_again", async ({ page }) => {
  await openHanging(page);
  await box(page).fill("Tea, please.");
  await page.keyboard.press("Enter");
  await queue(page).getByText("Queued").waitFor();
  await page.getByRole("main").getByRole("button", { name: "Cancel", exact: true }).click();
  const lost = queue(page).locator("[data-message-id]", { hasText: "Tea, please." });
  await lost.getByText("Not delivered").waitFor();
  await page.reload();
  await lost.getByRole("button", { name: "Retry" }).click();
  await log(page).getByText("you wrote: Tea, please.").waitFor();
  await expect.poll(() => queue(page).count()).toBe(0);
});

test("a_slash_opens_the_agents_commands", async ({ page }) => {
  await openDone(page);
  await page.keyboard.press("m");
  await page.keyboard.type("/");
  const menu = page.getByRole("listbox", { name: "Commands of the agent" });
  await menu.getByRole("option", { name: "/say" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("ArrowDown");
  expect(await menu.getByRole("option", { selected: true }).textContent()).toContain("/where");
  await page.keyboard.press("Escape");
  expect(await menu.count(), "the first Escape closes the menu alone").toBe(0);
  await page.keyboard.press("Backspace");
  await page.keyboard.type("/sa");
  await page.keyboard.press("Enter");
  expect(await box(page).inputValue()).toBe("/say ");
  await page.keyboard.type("good day");
  await page.keyboard.press("Enter");
  await log(page).locator(".prose p", { hasText: /^good day\s*$/ }).waitFor();
});

test("a_choice_shows_at_once_and_the_agent_confirms_it", async ({ panel, page }) => {
  await openHanging(page);
  const model = page.getByRole("combobox", { name: "Model" });
  await expect.poll(() => model.inputValue()).toBe("scripted");
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"choose_offer"', fault: { do: "hold_request" } });
  await model.selectOption("scripted-slow");
  await held.hits();
  expect(await model.inputValue(), "before the server knows").toBe("scripted-slow");
  await held.release();
  await expect.poll(() => panel.qd("logs", page.url().split("/").at(-1) ?? "", "--json")).toContain('"current":"scripted-slow"');
  await page.reload();
  await expect.poll(() => model.inputValue()).toBe("scripted-slow");
});

test("a_file_that_is_no_image_is_told_and_a_thumbnail_can_be_removed", async ({ page }) => {
  await openDone(page);
  const add = page.locator('input[type="file"]');
  await add.setInputFiles({ name: "broken.png", mimeType: "image/x-unknown", buffer: Buffer.from("no image") });
  await page.getByText("broken.png is no PNG, JPEG, GIF or WebP image: agents take no other.").waitFor();
  const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  await add.setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: dot });
  await page.getByRole("button", { name: "Remove dot.png" }).click();
  await expect.poll(() => page.getByRole("list", { name: "Images" }).count()).toBe(0);
});

test("arrow_up_in_an_empty_field_brings_back_what_was_sent", async ({ page }) => {
  await openDone(page);
  for (const [turn, words] of [[2, "first"], [3, "second"]] as const) {
    await box(page).fill(words);
    await page.keyboard.press("Enter");
    await log(page).getByText(`This is prompt ${turn} of our conversation`).waitFor();
  }
  const press = async (key: string, words: string) => {
    await page.keyboard.press(key);
    expect(await box(page).inputValue(), key).toBe(words);
  };
  await press("ArrowUp", "second");
  await press("ArrowUp", "first");
  await press("ArrowDown", "second");
  await press("ArrowDown", "");
  await box(page).fill("a draft");
  await press("ArrowUp", "a draft");
});

testOn({ files: { "tasks/tour.md": "# Tour\n\n[[demo: tour]]\n" } })("a_draft_survives_a_reload", async ({ page }) => {
  await openTask(page, "Tour");
  await action(page, "Implement").click();
  await page.locator(`${ASIDE} [data-session-id]`).getByRole("link").first().click();
  await box(page).fill("half a sent");
  await page.reload();
  await expect.poll(() => box(page).inputValue()).toBe("half a sent");
  await frames(page, 2);
});
