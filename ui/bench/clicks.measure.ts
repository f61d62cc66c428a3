// From the click to the card, with the large workspace loaded.
import { readFileSync } from "node:fs";
import { afterAll, test } from "vitest";
import type { Page } from "playwright-core";
import { initSync, Panel } from "#core";
import { action, closeBrowser } from "../e2e/support/browser";
import { api, found, go, mint, profile, stage, visit, wants } from "./stage";

afterAll(closeBrowser);

type Clicked = { script: number; inFirstFrame: boolean; frames: number; wrong: number };

declare global {
  interface Window {
    /** What became of the next click: settled once its card is at rest. */
    qdClicked: Promise<Clicked>;
  }
}

/** Watches the next click on the page. */
function watchClick(page: Page): Promise<void> {
  return page.evaluate(() => {
    const all = () => document.querySelectorAll<HTMLElement>('aside[aria-label="Sessions"] [data-session-id]');
    const before = new Set([...all()].map((card) => card.dataset.sessionId));
    const mine = () => [...all()].filter((card) => !before.has(card.dataset.sessionId));
    window.qdClicked = new Promise((resolve) => {
      const listen = () => {
        const began = performance.now();
        const result: Clicked = { script: NaN, inFirstFrame: false, frames: 0, wrong: 0 };
        const observer = new MutationObserver(() => {
          if (mine().length === 0) return;
          result.script = performance.now() - began;
          observer.disconnect();
        });
        observer.observe(document.body, { childList: true, subtree: true });
        const frame = () => {
          const cards = mine();
          result.frames += 1;
          if (result.frames === 1) result.inFirstFrame = cards.length > 0;
          if (cards.length !== 1) result.wrong += 1;
          const status = cards[0]?.dataset.status ?? "";
          if (["completed", "failed", "cancelled", "interrupted"].includes(status) || result.frames > 2000) resolve(result);
          else requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      };
      addEventListener("click", listen, { capture: true, once: true });
    });
  });
}

test.runIf(wants("click") || wants("frames"))("clicks", async () => {
  const context = await profile();
  const page = await visit(context);
  const clicks: Clicked[] = [];
  for (const task of stage.tasks.slice(0, stage.clicks + 5)) {
    await go(page, `/tasks/${task}`);
    const button = action(page, "Implement");
    await button.waitFor();
    await button.hover();
    await page.waitForTimeout(100);
    await watchClick(page);
    await page.mouse.down();
    await page.mouse.up();
    clicks.push(await page.evaluate(() => window.qdClicked));
  }
  await context.close();
  // The first ones warm the code up, as a person's first clicks on anything do.
  const counted = clicks.slice(5);
  const frames = clicks.reduce((sum, click) => sum + click.frames, 0);
  found("click.script", { samples: counted.map((click) => click.script) });
  found("click.first_frame", { value: (100 * clicks.filter((click) => click.inFirstFrame).length) / clicks.length, note: `${clicks.length} clicks` });
  found("frames.missing", {
    value: clicks.reduce((sum, click) => sum + click.wrong, 0),
    note: `of ${frames} frames; all scenarios are judged frame by frame in the browser tests`,
  });
});

test.runIf(wants("click"))("the core's share", async () => {
  initSync({ module: readFileSync(new URL("../src/wasm/qd_web_bg.wasm", import.meta.url)) });
  const seed = "ab".repeat(32);
  const panel = new Panel(JSON.stringify({ tab: mint(), now: Date.now(), seed }));
  panel.handle(JSON.stringify({ type: "boot", now: Date.now(), journal: [], cached: null }));
  panel.snapshot(JSON.stringify(await api("/snapshot", { mids: [] })), Date.now());
  const list = JSON.stringify({ from: 0, to: 40 });
  panel.task_lines(list);
  const times: number[] = [];
  for (const task of stage.tasks) {
    for (let n = 0; n < 20; n++) {
      const session = panel.mint(Date.now());
      const began = performance.now();
      const { mid } = JSON.parse(panel.act(JSON.stringify({ name: "start_session", args: { id: session, task, kind: "implement" } }), Date.now())) as { mid: string };
      panel.sessions(task);
      panel.session(session);
      panel.task(task);
      panel.task_lines(list);
      times.push(performance.now() - began);
      if (panel.session(session) === undefined) throw new Error("the core refused the start");
      // Refused, so that the next click finds what this one found.
      const body = JSON.stringify({ mid, epoch: 1, seq: 1, ok: false, err: { code: "refused", message: "So that it goes." } });
      panel.handle(JSON.stringify({ type: "reply", mid, status: 409, body, now: Date.now() }));
      panel.handle(JSON.stringify({ type: "dismiss", id: mid, now: Date.now() }));
    }
  }
  found("click.core", { samples: times.slice(20), note: "commit and all that the page reads for it, in the same WebAssembly" });
});
