// A real click on Implement, traced through the page, the server and the host: it passes the functions that ARCHITECTURE.md
// names in the order in which it names them. Needs a build in which they report themselves: `cargo xtask test walk`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { action, open, openTask } from "./support/browser";
import { test } from "./support/test";

/** How far apart the clocks of a browser and of a server may be, in milliseconds. */
const APART_MS = 5;
const CLICK = "click";

type Passed = { place: string; at: number; process: string; nth: number };

declare global {
  interface Window {
    qdPassed(place: string): void;
    qdTrace: { place: string; at: number }[];
  }
}

/** Runs in the page, before anything of it. */
function listen(click: string): void {
  window.qdTrace = [];
  window.qdPassed = (place) => window.qdTrace.push({ place, at: performance.timeOrigin + performance.now() });
  addEventListener(click, () => window.qdPassed(click), true);
  // The hub then runs in the page and is heard with it.
  Reflect.deleteProperty(window, "SharedWorker");
}

test("a_click_passes_what_the_architecture_names_in_its_order", async ({ panel, context }) => {
  const folder = process.env.QD_WALK ?? "";
  await context.addInitScript(listen, CLICK);
  const page = await open(panel, context);
  await openTask(page, "Alpha");
  await page.evaluate((click) => (window.qdTrace = window.qdTrace.filter(({ place }) => place !== click)), CLICK);
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]:not([data-pending])').waitFor();

  const inPage = await page.evaluate(() => window.qdTrace);
  const processes = new Map([["page", inPage.map((passed, nth) => ({ ...passed, process: "page", nth }))]]);
  for (const line of readFileSync(join(folder, "trace"), "utf8").split("\n").filter(Boolean)) {
    const [micros, process = "", place = ""] = line.split(" ");
    const own = processes.get(process) ?? [];
    processes.set(process, own);
    own.push({ place, at: Number(micros) / 1000, process, nth: own.length });
  }
  const walked = follow(readFileSync(join(folder, "places"), "utf8").split("\n"), processes);
  const click = inPage.find(({ place }) => place === CLICK)?.at ?? 0;
  console.log(walked.map(({ place, at, process }) => `${(at - click).toFixed(1).padStart(8)} ms  ${process.padEnd(7)} ${place}`).join("\n"));
});

/**
 * Goes through the places in their order. Within a process each is the first of its name since the walk came into it, and must
 * lie behind the one before it. Where the walk comes into another process, the clock tells what is before and after.
 */
function follow(places: string[], processes: Map<string, Passed[]>): Passed[] {
  const walked: Passed[] = [];
  const ends = new Map<string, Passed[]>();
  const last = new Map<string, number>();
  const ofPage = processes.get("page") ?? [];
  const click = ofPage.findIndex(({ place }) => place === CLICK);
  expect(click, "the click itself").toBeGreaterThan(0);
  let step = "";
  let process = "page";
  let entered = 0;
  let before: Passed | undefined;
  for (const line of places) {
    const [word, number = "", , after] = line.split(" ");
    if (word === "step") {
      ends.set(step, [...walked]);
      step = number;
      if (number === "2") entered = click + 1;
      const back = after === undefined ? undefined : ends.get(after)?.at(-1);
      if (back !== undefined) [process, entered, before] = [back.process, back.nth + 1, back];
      if (back !== undefined) last.set(process, back.nth);
      continue;
    }
    const since = (before?.at ?? 0) - APART_MS;
    const now = home(line, process, entered, since, processes);
    if (now !== process) {
      const behind = last.get(now) ?? -1;
      entered = (processes.get(now) ?? []).findIndex(({ at, nth }) => nth > behind && at >= since);
      process = now;
    }
    const found = (processes.get(process) ?? []).find(({ place, nth }) => place === line && nth >= entered);
    if (!found) throw new Error(`step ${step}: ${line} is not passed after ${before?.place}`);
    // What else the process does meanwhile is no part of the walk.
    if (now !== before?.process) entered = found.nth;
    if (step === "1") expect(found.nth, `step ${step}: before the click`).toBeLessThan(click);
    expect(found.nth, `step ${step}: ${line} comes after ${before?.place}`).toBeGreaterThan(last.get(process) ?? -1);
    last.set(process, found.nth);
    walked.push(found);
    before = found;
  }
  return walked;
}

/** The process in which a place is passed next: this one, or the first other one. What page and server share is passed here. */
function home(place: string, here: string, entered: number, since: number, processes: Map<string, Passed[]>): string {
  const named = [...processes.values()].flat().filter((one) => one.place === place);
  if (place.startsWith("crates/core/") || named.some((one) => one.process === here && one.nth >= entered)) return here;
  const others = named.filter((one) => one.process !== here && one.at >= since);
  return others.toSorted((a, b) => a.at - b.at)[0]?.process ?? here;
}
