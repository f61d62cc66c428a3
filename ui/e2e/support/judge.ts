// What the frames of a recording prove, and what they break.
import { expect } from "vitest";
import type { Page } from "playwright-core";
import type { Frame, Recording, SampledCard } from "./sampler";

const FRAME_MS = 1000 / 60;
const ENOUGH = 0.8;
const SETTLE = 60;

let sampled = 0;
/** How many frames were sampled since this was asked last. */
export function sampledFrames(): number {
  const count = sampled;
  sampled = 0;
  return count;
}

/** The order in which statuses may come in one attempt (I3). */
const RANK: Record<string, number> = {
  queued: 0,
  starting: 1,
  running: 2,
  "needs-approval": 2,
  "needs-answer": 2,
  paused: 2,
  waiting: 2,
  cancelling: 3,
  completed: 4,
  failed: 4,
  cancelled: 4,
  interrupted: 4,
};

export const startRecording = (page: Page): Promise<void> => page.evaluate(() => window.qdSampler.start());
export const mark = (page: Page, what: string): Promise<void> => page.evaluate((name) => window.qdSampler.mark(name), what);
/** Waits for frames, not for a time. */
export const frames = (page: Page, n: number): Promise<void> => page.evaluate((count) => window.qdSampler.frames(count), n);

/** The recording so far; it must have sampled four fifths of the frames that a display would have shown. */
export async function take(page: Page): Promise<Recording> {
  // What comes late is looked at too, and a short run is not judged by the few frames of one slow moment.
  await frames(page, SETTLE);
  const recording = await page.evaluate(() => window.qdSampler.take());
  const expected = Math.round((recording.ended - recording.began) / FRAME_MS);
  if (recording.count < expected * ENOUGH) throw new Error(`sampled ${recording.count} of ${expected} frames`);
  sampled += recording.count;
  return recording;
}

/** What was on the page in frame `n`: the last frame that differed, at or before it. */
export function at(recording: Recording, n: number): Frame {
  const frame = recording.frames.findLast((candidate) => candidate.n <= n);
  if (!frame) throw new Error(`no frame ${n}`);
  return frame;
}

export function markOf(recording: Recording, what: string): { n: number; at: number } {
  const found = recording.marks.findLast((candidate) => candidate.what === what);
  if (!found) throw new Error(`no mark ${what}`);
  return found;
}

/** The ids that were not there at the mark and came after it. */
export function newCards(recording: Recording, since: number): string[] {
  const before = new Set(at(recording, since).cards.map((card) => card.id));
  const after = recording.frames.filter((frame) => frame.n > since).flatMap((frame) => frame.cards.map((card) => card.id));
  return [...new Set(after)].filter((id) => !before.has(id));
}

/** All cards that were ever there. */
export function seenCards(recording: Recording): string[] {
  return [...new Set(recording.frames.flatMap((frame) => frame.cards.map((shown) => shown.id)))];
}

export type Verdict = { id: string; firstFrame: number; missing: number; doubled: number; nodes: number; statuses: string[]; first: SampledCard; last: SampledCard };

/** The life of one card from a mark on; `until` is the frame in which it may go. */
export function judge(recording: Recording, id: string, since: number, until = Infinity): Verdict {
  const later = recording.frames.filter((frame) => frame.n > since);
  const seen = later.flatMap((frame) => frame.cards.filter((card) => card.id === id));
  const [first] = seen;
  const last = seen.at(-1);
  const firstFrame = later.find((frame) => frame.cards.some((card) => card.id === id))?.n;
  if (!first || !last || firstFrame === undefined) throw new Error(`the card ${id} was never there`);
  const alive = later.filter((frame) => frame.n >= firstFrame && frame.n < until);
  const statuses = seen.map((card) => card.status).filter((status, n, all) => status !== all[n - 1]);
  return {
    id,
    firstFrame: firstFrame - since,
    missing: alive.filter((frame) => !frame.cards.some((card) => card.id === id)).length,
    doubled: alive.filter((frame) => frame.cards.filter((card) => card.id === id).length > 1).length,
    nodes: new Set(seen.map((card) => card.node)).size,
    statuses,
    first,
    last,
  };
}

/** I1, I2, I3 and I9 for one card: there in the first frame after the click, once, in one node, never backwards. */
export function expectContinuous(verdict: Verdict): void {
  expect(verdict.firstFrame, "the frame after the click that has the card").toBe(1);
  expect(verdict.missing, "frames without the card (I1)").toBe(0);
  expect(verdict.doubled, "frames with the card twice (I2)").toBe(0);
  expect(verdict.nodes, "DOM nodes of the card (I9)").toBe(1);
  const ranks = verdict.statuses.map((status) => RANK[status] ?? -1);
  expect(ranks, `statuses ${verdict.statuses.join(" → ")} (I3)`).toEqual(ranks.toSorted((a, b) => a - b));
}

/** The sidebar as it is, byte for byte. Clocks tick by themselves and are left out. */
export function sidebar(page: Page): Promise<string> {
  return page.evaluate(() => {
    const copy = document.querySelector('aside[aria-label="Sessions"]')?.cloneNode(true) as Element | undefined;
    for (const time of copy?.querySelectorAll("time") ?? []) time.textContent = "";
    return copy?.outerHTML ?? "";
  });
}

/** I2, I3 and I9 for every card of a recording, however they came. */
export function expectSteady(recording: Recording): void {
  const ids = new Set(recording.frames.flatMap((frame) => frame.cards.map((card) => card.id)));
  for (const id of ids) {
    const verdict = judge(recording, id, -1);
    expect(verdict.doubled, `frames with ${id} twice (I2)`).toBe(0);
    expect(verdict.nodes, `DOM nodes of ${id} (I9)`).toBe(1);
    const ranks = verdict.statuses.map((status) => RANK[status] ?? -1);
    expect(ranks, `statuses ${verdict.statuses.join(" → ")} (I3)`).toEqual(ranks.toSorted((a, b) => a - b));
  }
}

/** A card of the sidebar. */
export const card = (id: string): string => `aside[aria-label="Sessions"] [data-session-id="${id}"]`;
