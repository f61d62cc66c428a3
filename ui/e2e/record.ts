// Records what docs/requirement.md and the README show: `npm run record`, on the built page and binary. The demonstration
// project, the scripted agent, the faults of "Try to break it".
import { mkdirSync } from "node:fs";
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { action, open, profile } from "./support/browser";
import { drawPointer, Film } from "./support/film";
import { frames } from "./support/judge";
import type { Panel } from "./support/panel";
import { testOn } from "./support/test";

const MEDIA = new URL("../../docs/media/", import.meta.url).pathname;
const WIDTH = 900;
const MOST_BYTES = 400_000;
const FIRST_TASK = "A click on Implement shows the session at once";
const ASIDE = 'aside[aria-label="Sessions"]';

const test = testOn({ demo: true, stepMs: 300 });
mkdirSync(MEDIA, { recursive: true });

async function scene(panel: Panel, name: string, play: (page: Page, action: (film: () => Promise<void>) => Promise<void>) => Promise<void>): Promise<void> {
  const context = await profile({ width: 1200, height: 720 });
  try {
    await context.addInitScript(drawPointer);
    const page = await open(panel, context);
    await page.locator("[data-task-id]", { hasText: FIRST_TASK }).locator("a").click();
    await action(page, "Implement").waitFor();
    await page.mouse.move(600, 500);
    await play(page, async (filmed) => {
      const film = await Film.start(page);
      await frames(page, 30);
      await filmed();
      await frames(page, 45);
      expect(await film.keep(`${MEDIA}${name}.webp`, WIDTH), `bytes of ${name}`).toBeLessThan(MOST_BYTES);
    });
  } finally {
    await context.close();
  }
}

/** Goes there as a hand would, and presses. */
async function press(page: Page, what: Locator): Promise<void> {
  const box = await what.boundingBox();
  if (!box) throw new Error("it can't be seen");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 14 });
  await frames(page, 8);
  await what.click({ delay: 90 });
  await frames(page, 20);
}

const breakIt = (page: Page, name: string) => page.getByRole("region", { name: "Try to break it" }).getByRole("button", { name });

/** Answers what the agent asks until the session has ended so. */
async function playOut(page: Page, status: string, nth = 1): Promise<void> {
  await page.locator(`${ASIDE} [data-status="needs-approval"]`).waitFor({ timeout: 30_000 });
  await press(page, page.locator(`${ASIDE} [data-status="needs-approval"]`).getByRole("button", { name: /allow/i }).first());
  await expect.poll(() => page.locator(`${ASIDE} [data-status="${status}"]`).count(), { timeout: 60_000 }).toBe(nth);
}

test("the_click", async ({ panel }) => {
  await scene(panel, "implement", (page, film) =>
    film(async () => {
      await press(page, action(page, "Implement"));
      await playOut(page, "completed");
    }),
  );
}, 120_000);

test("a_slow_server", async ({ panel }) => {
  await scene(panel, "slow", (page, film) =>
    film(async () => {
      await press(page, breakIt(page, "Answer after 5 s"));
      await press(page, action(page, "Implement"));
      await page.locator(`${ASIDE} [data-status="running"]:not([data-pending])`).waitFor();
      await frames(page, 60);
    }),
  );
}, 120_000);

test("a_refusal", async ({ panel }) => {
  await scene(panel, "refused", (page, film) =>
    film(async () => {
      await press(page, breakIt(page, "Refuse the next start"));
      await press(page, breakIt(page, "Answer after 5 s"));
      await press(page, action(page, "Implement"));
      await page.locator("[data-notice]").waitFor();
      await frames(page, 90);
    }),
  );
}, 120_000);

test("a_killed_server", async ({ panel }) => {
  await scene(panel, "killed", (page, film) =>
    film(async () => {
      await press(page, action(page, "Implement"));
      await page.locator(`${ASIDE} [data-status="running"]`).waitFor();
      await press(page, breakIt(page, "Kill the server"));
      await playOut(page, "completed");
    }),
  );
}, 120_000);

test("a_choice_of_agent_and_model", async ({ panel }) => {
  await scene(panel, "choice", (page, film) =>
    film(async () => {
      await press(page, page.getByRole("button", { name: "Implement with…" }));
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("combobox", { name: "Agent", exact: true }).selectOption("demo");
      await frames(page, 30);
      await dialog.getByRole("combobox", { name: "Model", exact: true }).selectOption({ index: 2 });
      await frames(page, 30);
      await press(page, dialog.getByRole("button", { name: "Implement" }));
      await page.locator(`${ASIDE} [data-status="running"]`).waitFor();
      await frames(page, 60);
    }),
  );
}, 120_000);

test("the_sidebar_verify_and_pictures", async ({ panel }) => {
  await scene(panel, "sidebar", async (page, film) => {
    await action(page, "Implement").click();
    await playOut(page, "completed");
    await film(async () => {
      await press(page, action(page, "Implement"));
      await page.locator(`${ASIDE} [data-status="needs-approval"]`).waitFor({ timeout: 30_000 });
      const card = page.locator(`${ASIDE} [data-status="needs-approval"]`);
      await card.hover();
      await press(page, card.getByRole("button", { name: "Cancel" }));
      const row = page.locator(`${ASIDE} [data-status="cancelled"]`);
      await row.waitFor();
      await row.hover();
      await press(page, row.getByRole("button", { name: "Dismiss" }));
    });
  });
  await scene(panel, "verify", (page, film) =>
    film(async () => {
      await press(page, action(page, "Verify"));
      await playOut(page, "completed", 2);
      await page.getByRole("textbox", { name: "Rewrite" }).fill("Say what a refusal looks like.");
      await press(page, action(page, "Rewrite").last());
      await page.locator(`${ASIDE} [data-kind="rewrite"][data-status="running"]`).waitFor();
      await frames(page, 60);
    }),
  );
  await pictures(panel);
}, 180_000);

/** The pictures of the README: the panel at work, a session, what it changed. */
async function pictures(panel: Panel): Promise<void> {
  const context = await profile({ width: 1440, height: 900 });
  try {
    const page = await open(panel, context);
    const shoot = (name: string) => page.screenshot({ path: `${MEDIA}${name}.png` });
    await page.locator("[data-task-id]", { hasText: FIRST_TASK }).locator("a").click();
    await action(page, "Implement").waitFor();
    await frames(page, 30);
    await shoot("task");
    await page.locator(`${ASIDE} [data-kind="implement"][data-status="completed"]`).getByRole("link").first().click();
    await page.getByRole("log", { name: "Transcript" }).waitFor();
    await page.mouse.move(720, 700);
    await frames(page, 60);
    await shoot("session");
    await page.keyboard.press("Escape");
    await page.getByRole("tab", { name: /Changes/ }).click();
    await page.getByText("src/deck.rs").first().click();
    await frames(page, 60);
    await shoot("changes");
  } finally {
    await context.close();
  }
}
