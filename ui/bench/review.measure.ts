// The changes of a large piece of work: a file of many that is opened, and a long diff that is scrolled.
import { afterAll, test } from "vitest";
import type { Page } from "playwright-core";
import { closeBrowser } from "../e2e/support/browser";
import { found, go, profile, stage, visit, wants } from "./stage";
import { percentile, watchFrames } from "./frames";

const SCROLLS = 300;
/** How far a turn of the wheel goes. */
const STRIDE = 1200;

afterAll(closeBrowser);

const list = (page: Page) => page.getByRole("list", { name: "Changed files" });

async function changes(page: Page, task: string): Promise<void> {
  await go(page, `/tasks/${task}?tab=changes`);
  await list(page).getByRole("button").first().waitFor();
}

test.runIf(wants("review.first"))("the first hunk", async () => {
  const context = await profile();
  const page = await visit(context);
  const { many } = stage.review ?? { many: "" };
  await changes(page, many);
  await page.getByRole("region", { name: /^Diff of / }).locator("[data-index]").first().waitFor();
  const times: number[] = [];
  for (let n = 0; n <= stage.clicks; n++) {
    const next = list(page).locator('li:has([aria-current="true"]) + li').getByRole("button").first();
    const path = (await next.getAttribute("title")) ?? "";
    await page.evaluate((name) => {
      const painted = new Promise<number>((resolve) => {
        addEventListener(
          "click",
          () => {
            const clicked = performance.now();
            const look = () => {
              const lines = document.querySelectorAll(`[role="region"][aria-label="Diff of ${name}"] [data-index]`);
              if (lines.length >= 5) resolve(performance.now() - clicked);
              else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
          },
          { capture: true, once: true },
        );
      });
      Object.assign(window, { qdPainted: painted });
    }, path);
    await next.click();
    const time = await page.evaluate(() => (window as unknown as { qdPainted: Promise<number> }).qdPainted);
    if (n > 0) times.push(time);
  }
  found("review.first.hunk", { samples: times, note: "click → painted lines, each time of another file with 100 changed lines" });
  await context.close();
});

test.runIf(wants("review.scroll"))("scrolling a diff", async () => {
  const context = await profile();
  const page = await visit(context);
  const { few, long } = stage.review ?? { few: "", long: "" };
  await changes(page, few);
  await list(page).locator(`[title="${long}"]`).click();
  const region = page.getByRole("region", { name: `Diff of ${long}` });
  await region.locator("[data-index]").first().waitFor();
  await region.locator(".text-code-keyword").first().waitFor();
  await region.hover();
  await watchFrames(page);
  for (let n = 0; n < SCROLLS; n++) await page.mouse.wheel(0, n < SCROLLS / 2 ? STRIDE : -STRIDE);
  const frames = await page.evaluate(() => (window as unknown as { qdFrames: number[] }).qdFrames);
  const intervals = frames.slice(1).map((time, n) => time - (frames[n] ?? 0));
  found("review.scroll.p95", { value: percentile(intervals, 95), note: `${intervals.length} frames, ${SCROLLS} turns of the wheel by ${STRIDE} px` });
  found("review.scroll.p99", { value: percentile(intervals, 99) });
  await context.close();
});
