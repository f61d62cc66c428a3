// Reading a session: turns, find, copy, raw; and what is written to it while it works.
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import { frames } from "./support/judge";
import { test, testOn } from "./support/test";

const log = (page: Page): Locator => page.getByRole("log", { name: "Transcript" });

/** Implements a task to its end and opens the session. */
async function openSession(page: Page, title: string): Promise<void> {
  await openTask(page, title);
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').getByRole("link").first().click();
  await log(page).locator('[data-item="ended"]').waitFor();
}

/** Writes to the ended session and waits for the answer, the `turn`th of the conversation. */
async function say(page: Page, turn: number, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.keyboard.press("Enter");
  await log(page).getByText(`This is prompt ${turn} of our conversation`).waitFor();
  await page.keyboard.press("Escape");
}

/** The prompt that stands at the upper edge, by its beginning. */
function promptOnTop(page: Page): Promise<string> {
  return log(page).evaluate((box) => {
    const edge = box.getBoundingClientRect().top;
    const prompts = [...box.querySelectorAll('[data-item="prompt"]')];
    const on = prompts.find((prompt) => Math.abs(prompt.getBoundingClientRect().top - edge) < 40);
    return on?.querySelector("p")?.textContent?.slice(0, 8) ?? "";
  });
}

test("the_brackets_go_from_turn_to_turn", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 480 });
  await openSession(page, "Alpha");
  for (const turn of [2, 3, 4]) await say(page, turn, `Number ${turn}`);
  const press = async (key: string, top: string) => {
    await page.keyboard.press(key);
    await expect.poll(() => promptOnTop(page), { message: `${key} → ${top}` }).toBe(top);
  };
  await log(page).evaluate((box) => (box.scrollTop = 0));
  await press("]", "Kind: im");
  await press("]", "Number 2");
  await press("[", "Kind: im");
  await press("]", "Number 2");
  await page.getByRole("button", { name: "Turn before" }).click();
  await expect.poll(() => promptOnTop(page)).toBe("Kind: im");
  // Behind the last turn is the end; the column of the task list has not moved for any of it.
  for (let n = 0; n < 5; n++) await page.keyboard.press("]");
  await expect.poll(() => log(page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)).toBeLessThan(48);
  expect(await page.getByRole("navigation", { name: "Tasks" }).isVisible()).toBe(true);
});

test("what_is_found_is_counted_and_gone_through", async ({ page }) => {
  await openSession(page, "Alpha");
  await page.keyboard.press("f");
  await page.keyboard.type("step");
  const told = page.getByRole("search").getByRole("status");
  await expect.poll(() => told.textContent()).toMatch(/^1 of \d+$/);
  const hits = Number((await told.textContent())?.split(" of ")[1]);
  expect(hits).toBeGreaterThan(1);
  await page.keyboard.press("Enter");
  expect(await told.textContent()).toBe(`2 of ${hits}`);
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.press("Shift+Enter");
  expect(await told.textContent(), "round its ends").toBe(`${hits} of ${hits}`);
  await page.keyboard.type("zzz");
  await expect.poll(() => told.textContent()).toBe("nothing");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("search").count()).toBe(0);
  expect(await log(page).isVisible(), "the first Escape closes the search alone").toBe(true);
});

test("copy_puts_the_text_as_it_was_written_into_the_clipboard", async ({ panel, context, page }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: panel.address });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await openSession(page, "Alpha");
  await say(page, 2, "Mind `this` and **that**.");
  const mine = log(page).locator('[data-item="prompt"]').last();
  await mine.hover();
  await mine.getByRole("button", { name: "Copy the message" }).click();
  await mine.getByText("Copied", { exact: true }).waitFor();
  expect(await clipboard()).toBe("Mind `this` and **that**.");

  // By keyboard: it shows while it has the focus.
  const said = log(page).locator(".group\\/copy", { hasText: "you wrote:" }).getByRole("button", { name: "Copy the message" });
  await said.focus();
  await page.keyboard.press("Enter");
  await expect.poll(clipboard, { message: "its source, not its picture" }).toContain("you wrote: Mind `this` and **that**.");

  const command = log(page).locator('[data-tool="execute"]').first();
  await command.getByRole("button").first().click();
  await command.hover();
  await command.getByRole("button", { name: "Copy the output" }).click();
  await expect.poll(clipboard).toBe(await command.locator("pre").textContent());
});

test("a_clipboard_that_refuses_is_told", async ({ page }) => {
  await openSession(page, "Alpha");
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
  });
  const mine = log(page).locator('[data-item="prompt"]').first();
  await mine.hover();
  await mine.getByRole("button", { name: "Copy the message" }).click();
  await mine.getByText("The browser refused to copy it").waitFor();
});

test("raw_shows_each_event_as_it_is_stored", async ({ page }) => {
  await openSession(page, "Alpha");
  await page.getByRole("button", { name: "Raw" }).click();
  const raw = page.getByRole("region", { name: "Raw output" });
  await raw.getByText('"kind":"began"').waitFor();
  await page.getByRole("button", { name: "Raw" }).click();
  await log(page).waitFor();
});

test("a_message_to_an_agent_at_work_waits_in_sight", async ({ page }) => {
  await openTask(page, "Hangs");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="running"]').getByRole("link").first().click();
  await log(page).getByText("I hang now").waitFor();
  await page.getByRole("textbox", { name: "Message" }).fill("When you are done: tea.");
  await page.keyboard.press("Enter");
  const queued = page.getByRole("list", { name: "Messages on their way" }).locator("[data-message-id]", { hasText: "When you are done: tea." });
  await queued.getByText("Queued").waitFor();
  expect(await page.getByRole("textbox", { name: "Message" }).inputValue(), "the box is free for the next").toBe("");
  await page.reload();
  await queued.getByText("Queued").waitFor();
  await frames(page, 30);
  expect(await queued.count(), "once").toBe(1);
});

testOn({ files: { "tasks/stream.md": "# Stream\n\n[[demo: stream 4000]]\n" } })("the_end_is_followed_only_by_a_reader_who_is_there", async ({ page }) => {
  await openTask(page, "Stream");
  await action(page, "Implement").click();
  await page.locator("aside [data-session-id]").getByRole("link").first().click();
  const fromEnd = () => log(page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  await log(page).locator('[data-item="ended"]').waitFor();
  await expect.poll(fromEnd).toBeLessThan(2);
  await log(page).hover();
  await page.mouse.wheel(0, -600);
  await page.getByRole("button", { name: "To the end" }).click();
  await expect.poll(fromEnd).toBeLessThan(2);
});

testOn({ files: { "tasks/tour.md": "# Tour\n\n[[demo: tour]]\n" } })("each_kind_of_tool_shows_what_it_did", async ({ page }) => {
  await openSession(page, "Tour");
  await log(page).evaluate((box) => (box.scrollTop = 0));
  const open = async (kind: string, title: string): Promise<Locator> => {
    const row = log(page).locator(`[data-tool="${kind}"]`, { hasText: title });
    await row.getByRole("button").first().click();
    return row;
  };
  await (await open("other", "find_issues")).getByText('"query": "parser"').waitFor();
  await (await open("other", "close_issue")).getByText("The tracker does not answer.").waitFor();
  await (await open("edit", "+1")).getByText("Three and a half").waitFor();
  expect(await log(page).locator('[data-tool="move"], [data-tool="delete"]').count()).toBe(2);
  const long = await open("execute", "a long output");
  await long.getByText("line 400 of a long output").waitFor();
  expect(await long.getByText("line 1 of a long output").count(), "its beginning is folded").toBe(0);
  await long.getByRole("button", { name: /Show all 40\d lines/ }).click();
  await long.getByText("line 1 of a long output").waitFor();
  await (await open("execute", "it does not compile")).getByText("exit code 3").waitFor();
  await (await open("other", "Draw the bars")).getByRole("img", { name: "From the tool" }).waitFor();
  await log(page).getByRole("img", { name: "From the agent" }).click();
  await page.getByRole("dialog", { name: "Image from the agent" }).waitFor();
  expect(await violations(page)).toEqual([]);
});

test("retries_limits_and_what_a_turn_used_are_told", async ({ page }) => {
  const ts = Date.now();
  const until = ts + 60_000;
  const used = { input: 9000, cached: 9100, output: 3400, cost_usd: 0.38 };
  const none = { input: null, cached: null, output: null, cost_usd: null };
  const retry = { of: 10, wait_ms: 4000, status: 529, reason: "overloaded" };
  const prompt = { kind: "prompt", message: "01a20625-e3ba-7478-badd-2964598336c5", text: "Mend it." };
  const events = [
    prompt,
    { kind: "retrying", attempt: 1, ...retry },
    { kind: "retrying", attempt: 2, ...retry },
    { kind: "turn_ended", stop: "end_turn", used, ts: ts + 42_000 },
    prompt,
    { kind: "limited", name: "5 hours", percent: 100, until, reached: true },
    { kind: "turn_ended", stop: "cancelled", used: none },
  ];
  await page.route("**/output?tail=*", async (route) => {
    await route.fulfill({ response: await route.fetch(), body: `${events.map((event, seq) => JSON.stringify({ seq, ts, ...event })).join("\n")}\n` });
  });
  await openTask(page, "Hangs");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="running"]').getByRole("link").first().click();
  const retries = log(page).locator('[data-item="retrying"]');
  await retries.getByText("attempt 2 of 10").waitFor();
  expect(await retries.count(), "one row that counts").toBe(1);
  const turns = await log(page).locator('[data-item="turn"]').allTextContents();
  expect(turns).toEqual(["12.4k tokens, 9.1k cached·$0.38·42.0 s", expect.stringMatching(/^Interrupted– tokens·\$–·/)]);
  expect(await log(page).locator('[data-item="turn"] [title="The agent does not tell this"]').count()).toBe(2);
  const at = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(until);
  expect(await log(page).locator('[data-item="limited"]').textContent()).toContain(at);
});
