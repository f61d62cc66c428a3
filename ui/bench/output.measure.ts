// Much output in a visible transcript, and a long one that is opened.
import { afterAll, test } from "vitest";
import { closeBrowser } from "../e2e/support/browser";
import { percentile, watchFrames } from "./frames";
import { found, go, mint, mutate, profile, rows, stage, visit, wants } from "./stage";

const LINES = 50_000;
const OPENINGS = 7;
const SCROLLS = 300;
/** How far a turn of the wheel goes: as a hand turns it, and as it is flung. */
const STRIDES = { "scroll.frames.p95": 300, "scroll.fling.p95": 1200 };

afterAll(closeBrowser);

type Line = { seq: number; ts: number; kind: string; text?: string; title?: string };

async function wholeOutput(session: string): Promise<Line[]> {
  const lines: Line[] = [];
  for (let offset = ""; ; ) {
    const answer = await fetch(`${stage.url}/api/v1/sessions/${session}/output?max=4000000${offset === "" ? "" : `&offset=${offset}`}`, {
      headers: { Authorization: `Bearer ${stage.token}` },
    });
    const text = await answer.text();
    if (text === "") return lines;
    lines.push(...text.trimEnd().split("\n").map((line) => JSON.parse(line) as Line));
    offset = answer.headers.get("Stream-Next-Offset") ?? "";
  }
}

test.runIf(wants("output"))("output", async () => {
  const context = await profile();
  const page = await visit(context);
  const [task] = stage.tasks.slice(-1);
  const session = mint();
  await mutate("start_session", { id: session, task, kind: "implement", start: { agent: "bench", model: null, instructions: `[[demo: flood ${LINES}]]` } });
  await go(page, `/sessions/${session}`);
  const transcript = page.getByRole("log", { name: "Transcript" });
  await transcript.getByText(/event \d+/).first().waitFor();
  await watchFrames(page);
  // The last line of text; the very last line is a tool call, which stands where it began. Looked at seldom, since
  // looking for a text every frame would itself cost the frames that are measured.
  await page.waitForFunction((last) => document.querySelector('[role="log"]')?.textContent.includes(last) ?? false, `event ${LINES - 2}`, { polling: 250, timeout: 120_000 });
  const { shown, times } = await page.evaluate(() => ({ shown: Date.now(), times: (window as unknown as { qdFrames: number[] }).qdFrames }));
  const intervals = times.slice(1).map((time, n) => time - (times[n] ?? 0));
  const lines = await wholeOutput(session);
  const flood = lines.filter((line) => /^event \d+/.test(line.text ?? line.title ?? ""));
  const [first, last] = [flood[0], flood.at(-1)];
  if (!first || !last) throw new Error("no output");
  // Pieces of text that wait in the pipe are joined, so the lines are counted, not the events.
  const said = flood.reduce((sum, line) => sum + (line.text?.match(/event \d+\n/g)?.length ?? 1), 0);
  found("output.rate", { value: (1000 * said) / (last.ts - first.ts), note: `${said} lines; the last one was shown ${shown - last.ts} ms after it was written` });
  found("output.frames.p95", { value: percentile(intervals, 95), note: `${intervals.length} frames` });
  found("output.frames.p99", { value: percentile(intervals, 99) });
  found("output.lost", { value: LINES - said });
  await context.close();
});

test.runIf(wants("open") || wants("scroll"))("opening and scrolling", async () => {
  const context = await profile();
  const page = await visit(context);
  const row = (await rows()).find((one) => one.kind === "session" && one.row.id === stage.long);
  if (row?.kind !== "session") throw new Error("the long session is not there");
  const times: number[] = [];
  for (let n = 0; n <= OPENINGS; n++) {
    await go(page, `/tasks/${row.row.task}`);
    const card = page.locator(`aside [data-session-id="${stage.long}"]`).getByRole("link").first();
    await card.waitFor();
    await page.evaluate(() => {
      const opened = new Promise<number>((resolve) => {
        addEventListener(
          "click",
          () => {
            const began = performance.now();
            const look = () => {
              if (document.querySelectorAll('[role="log"] [data-index]').length >= 5) resolve(performance.now() - began);
              else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
          },
          { capture: true, once: true },
        );
      });
      Object.assign(window, { qdOpened: opened });
    });
    await card.click();
    const time = await page.evaluate(() => (window as unknown as { qdOpened: Promise<number> }).qdOpened);
    if (n > 0) times.push(time);
  }
  found("open.finished", { samples: times, note: "click → painted lines" });
  // From its end towards the beginning and back, one turn of the wheel after the other.
  const transcript = page.getByRole("log", { name: "Transcript" });
  await transcript.hover();
  for (const [id, stride] of Object.entries(STRIDES)) {
    await watchFrames(page);
    for (let n = 0; n < SCROLLS; n++) await page.mouse.wheel(0, n < SCROLLS / 2 ? -stride : stride);
    const frames = await page.evaluate(() => (window as unknown as { qdFrames: number[] }).qdFrames);
    const intervals = frames.slice(1).map((time, n) => time - (frames[n] ?? 0));
    found(id, { value: percentile(intervals, 95), note: `${intervals.length} frames, ${SCROLLS} turns of the wheel by ${stride} px` });
  }
  await context.close();
});
