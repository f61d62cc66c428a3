// Runs in the page, before anything of it: looks at the page on every animation frame and keeps what it saw. A frame is
// kept only where it differs from the one before; all are counted.

export type SampledCard = { id: string; status: string; kind: string; pending: boolean; node: number; text: string };
export type SampledTask = { id: string; attention: string; pending: boolean };
export type Frame = { n: number; at: number; cards: SampledCard[]; tasks: SampledTask[]; notices: string[]; connection: string | null };
export type Mark = { what: string; n: number; at: number };
export type Recording = { frames: Frame[]; marks: Mark[]; count: number; began: number; ended: number; slowest: number };

export type Sampler = { start(): void; mark(what: string): void; take(): Recording; frames(n: number): Promise<void> };

declare global {
  interface Window {
    qdSampler: Sampler;
  }
}

/** Handed to `addInitScript`: must not use anything from outside. */
export function install(): void {
  const nodes = new WeakMap<Element, number>();
  let nextNode = 1;
  const numberOf = (node: Element): number => {
    const known = nodes.get(node) ?? nextNode++;
    nodes.set(node, known);
    return known;
  };
  const look = (): Omit<Frame, "n" | "at"> => ({
    cards: [...document.querySelectorAll<HTMLElement>('aside[aria-label="Sessions"] [data-session-id]')].map((card) => ({
      id: card.dataset.sessionId ?? "",
      status: card.dataset.status ?? "",
      kind: card.dataset.kind ?? "",
      pending: card.dataset.pending !== undefined,
      node: numberOf(card),
      text: [...card.querySelectorAll("p, a")].map((part) => part.textContent).join(" | "),
    })),
    tasks: [...document.querySelectorAll<HTMLElement>('nav[aria-label="Tasks"] [data-task-id]')].map((row) => ({
      id: row.dataset.taskId ?? "",
      attention: row.dataset.attention ?? "",
      pending: row.dataset.pending !== undefined,
    })),
    notices: [...document.querySelectorAll<HTMLElement>("[data-notice]")].map((notice) => notice.textContent ?? ""),
    connection: document.querySelector<HTMLElement>("[data-connection]")?.dataset.connection ?? null,
  });
  const fresh = (): Recording => ({ frames: [], marks: [], count: 0, began: performance.now(), ended: 0, slowest: 0 });
  let recording = fresh();
  let before = "";
  let last = performance.now();
  const waiting: { left: number; done: () => void }[] = [];
  const sample = (): void => {
    const now = performance.now();
    recording.count += 1;
    recording.slowest = Math.max(recording.slowest, now - last);
    last = now;
    const seen = look();
    const text = JSON.stringify(seen);
    if (text !== before) {
      before = text;
      recording.frames.push({ n: recording.count, at: now, ...seen });
    }
    for (const wait of waiting.splice(0)) {
      wait.left -= 1;
      if (wait.left <= 0) wait.done();
      else waiting.push(wait);
    }
    requestAnimationFrame(sample);
  };
  const mark = (what: string): void => {
    recording.marks.push({ what, n: recording.count, at: performance.now() });
  };
  // Hears the hub before the page does: which rows a record changes.
  if (typeof SharedWorker !== "undefined") {
    window.SharedWorker = class extends SharedWorker {
      constructor(url: string | URL, options?: string | WorkerOptions) {
        super(url, options);
        this.port.addEventListener("message", ({ data }: MessageEvent<{ message?: { type: string; frames?: string[] } }>) => {
          for (const text of data.message?.frames ?? []) {
            const frame = JSON.parse(text) as { frame: string; record?: { ops: ({ id: string } | { row: { id: string } })[] } };
            for (const op of frame.record?.ops ?? []) mark(`record ${"row" in op ? op.row.id : op.id}`);
          }
        });
      }
    };
  }
  // In the capture phase: before the page has heard of it.
  addEventListener("click", () => mark("click"), true);
  addEventListener("keydown", (event) => mark(`key ${event.key}`), true);
  window.qdSampler = {
    start: () => {
      recording = fresh();
      before = "";
    },
    mark,
    take: () => ({ ...recording, ended: performance.now() }),
    frames: (n) => new Promise((done) => waiting.push({ left: n, done })),
  };
  requestAnimationFrame(sample);
}
