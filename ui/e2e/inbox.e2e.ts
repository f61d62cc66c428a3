// The inbox: five waiting sessions answered in ten keys, each there as soon as its agent asks; and what is told while
// nobody looks.
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, open, openBeside, openTask } from "./support/browser";
import { frames } from "./support/judge";
import type { Panel } from "./support/panel";
import { MUTATIONS } from "./support/proxy";
import { test, testOn } from "./support/test";

const NAMES = ["One", "Two", "Three", "Four", "Five"];
const FIVE = { files: Object.fromEntries(NAMES.map((name) => [`tasks/${name.toLowerCase()}.md`, `# ${name}\n\n- [ ] Step of ${name}\n`])) };
/** How soon a row has to be there. */
const SOON_MS = 250;

const rows = (page: Page): Locator => page.getByRole("main").locator("[data-need][data-session]");

async function startAll(panel: Panel): Promise<void> {
  for (const name of NAMES) panel.qd("implement", (await panel.task(name)).id);
}

testOn(FIVE)("five_waiting_sessions_are_answered_in_ten_keys", async ({ panel, page }) => {
  await startAll(panel);
  await expect.poll(async () => (await panel.sessions()).filter((one) => one.status === "needs-approval").length, { timeout: 20_000 }).toBe(5);
  await openTask(page, "Three");
  let keys = 0;
  const press = async (key: string) => {
    keys += 1;
    await page.keyboard.press(key);
  };
  for (let left = 5; left > 0; left--) {
    await press("n");
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest("[data-need]") !== null), { message: `n goes to the next of ${left}` }).toBe(true);
    await press(left % 2 === 0 ? "d" : "a");
    await expect.poll(() => rows(page).count()).toBe(left - 1);
  }
  expect(keys).toBe(10);
  await expect.poll(async () => (await panel.sessions()).filter((one) => one.status === "completed").length, { timeout: 20_000 }).toBe(5);
});

testOn(FIVE)("a_row_is_there_as_soon_as_the_agent_asks", async ({ panel, page }) => {
  await page.goto(`${panel.address}/inbox`);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await page.evaluate(() => {
    const seen: Record<string, number> = {};
    Object.assign(window, { seenRows: seen });
    const look = () => {
      for (const row of document.querySelectorAll<HTMLElement>("[data-need][data-session]")) seen[row.dataset.session ?? ""] ??= Date.now();
      requestAnimationFrame(look);
    };
    look();
  });
  await startAll(panel);
  await expect.poll(() => rows(page).count(), { timeout: 20_000 }).toBe(5);
  const seen = await page.evaluate(() => (window as unknown as { seenRows: Record<string, number> }).seenRows);
  const late = await Promise.all(
    Object.entries(seen).map(async ([id, at]) => {
      const lines = panel.qd("logs", id, "--json").split("\n").filter(Boolean);
      const asked = lines.map((line) => JSON.parse(line) as { ts: number; kind: string }).find((event) => event.kind === "asked");
      return at - (asked?.ts ?? 0);
    }),
  );
  console.log(`rows after ${late.toSorted((a, b) => a - b).join(", ")} ms`);
  expect(late.toSorted((a, b) => a - b)[2], "half of them").toBeLessThanOrEqual(SOON_MS);
});

test("a_row_says_what_is_asked_and_goes_with_the_click", async ({ panel, page }) => {
  panel.qd("implement", (await panel.task("Asks")).id);
  await page.goto(`${panel.address}/inbox`);
  await rows(page).waitFor();
  expect(await rows(page).textContent()).toContain("git status --short");
  expect(await violations(page)).toEqual([]);
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"answer_request"', fault: { do: "hold_request" } });
  await rows(page).getByRole("button", { name: "Always allow" }).click();
  await held.hits();
  expect(await rows(page).count(), "before the server knows").toBe(0);
  await held.release();
  await page.getByRole("main").getByRole("link", { name: "Asks" }).waitFor();
  await page.getByRole("main").getByRole("button", { name: "Review the changes" }).click();
  await page.getByRole("tab", { name: /Changes/, selected: true }).waitFor();
});

test("what_failed_is_told_with_its_reason_and_tried_again", async ({ panel, page }) => {
  panel.qd("implement", (await panel.task("Fails")).id);
  await page.goto(`${panel.address}/inbox`);
  const row = page.getByRole("main").locator("[data-need]", { hasText: "Fails" });
  await row.getByText(/told to fail/).waitFor();
  await row.getByRole("button", { name: "Retry" }).click();
  await expect.poll(async () => (await panel.sessions()).length).toBe(2);
});

/** Counts the notifications of a page in place of showing them. */
function listenToNotifications(): void {
  const told: { title: string; body: string | undefined }[] = [];
  Object.assign(window, { told });
  class Told extends EventTarget {
    static permission = "granted";
    static requestPermission = () => Promise.resolve("granted");
    constructor(title: string, options?: NotificationOptions) {
      super();
      told.push({ title, body: options?.body });
    }
    close() {}
  }
  Object.assign(window, { Notification: Told });
}
const told = (page: Page): Promise<{ title: string; body: string }[]> => page.evaluate(() => (window as unknown as { told: { title: string; body: string }[] }).told);
/** Nobody looks at it any more, or somebody does again. */
const turnAway = (page: Page, away: boolean): Promise<void> =>
  page.evaluate((gone) => {
    document.hasFocus = () => !gone;
  }, away);

test("what_happens_out_of_sight_is_told_once_and_what_is_seen_never", async ({ panel, context, page: first }) => {
  await first.close();
  await context.addInitScript(listenToNotifications);
  const page = await open(panel, context, "/settings");
  await page.getByRole("switch", { name: "Notifications of the desktop" }).check();
  const beside = await openBeside(panel, page);
  await turnAway(page, true);
  await turnAway(beside, true);
  panel.qd("implement", (await panel.task("Asks")).id);
  const both = async () => [...(await told(page)), ...(await told(beside))];
  await expect.poll(async () => (await both()).length).toBe(1);
  expect((await both())[0]).toEqual({ title: "Implement needs approval: Asks", body: expect.stringContaining("git status") });
  const [session] = await panel.sessions();
  panel.qd("approve", session?.id ?? "");
  await expect.poll(async () => (await both()).map((one) => one.title)).toContain("Implement is done: Asks");
  expect(await both(), "each event once over both tabs").toHaveLength(2);

  await turnAway(beside, false);
  panel.qd("implement", (await panel.task("Alpha")).id);
  await expect.poll(async () => (await panel.sessions()).filter((one) => one.status === "completed").length).toBe(2);
  await frames(beside, 120);
  expect(await both(), "somebody saw it").toHaveLength(2);
});

test("nothing_is_told_and_nothing_asked_before_a_person_wants_it", async ({ panel, context, page: first }) => {
  await first.close();
  await context.addInitScript(listenToNotifications);
  const page = await open(panel, context);
  await turnAway(page, true);
  panel.qd("implement", (await panel.task("Alpha")).id);
  await expect.poll(async () => (await panel.sessions()).filter((one) => one.status === "completed").length).toBe(1);
  await frames(page, 120);
  expect(await told(page)).toEqual([]);
});

test("a_start_says_what_the_agent_may_do_without_asking", async ({ panel, page }) => {
  await openTask(page, "Asks");
  await page.keyboard.press("Shift+I");
  const dialog = page.getByRole("dialog");
  expect(await dialog.getByRole("radio", { name: "Edit freely" }).isChecked(), "the default").toBe(true);
  await dialog.getByRole("radio", { name: "Everything in the worktree" }).check();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Implement" }).click();
  await page.locator('aside [data-status="completed"]').waitFor();
  const [session] = await panel.sessions();
  expect(session?.permission).toBe("everything");
  expect(panel.qd("logs", session?.id ?? "", "--json"), "nothing was asked").not.toContain('"kind":"asked"');
  await action(page, "Implement").waitFor();
});
