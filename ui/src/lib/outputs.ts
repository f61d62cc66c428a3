// Session output: at most three live connections per browser, visible viewers first; the others are read now and then.
import { openStream, type Stream } from "./sse";

export type OutputNews =
  | { kind: "opened" }
  | { kind: "chunk"; data: string; offset: string }
  | { kind: "end" }
  | { kind: "lost"; status: number };

type Viewer = {
  session: string;
  offset: string | null;
  visible: boolean;
  asked: number;
  failures: number;
  ended: boolean;
  stream: Stream | null;
  timer: ReturnType<typeof setTimeout> | null;
  tell: (news: OutputNews) => void;
};

const LIVE = 3;
const READ_EVERY_MS = 2000;

export class Outputs {
  #viewers = new Map<string, Viewer>();
  #headers: () => Record<string, string>;
  #asked = 0;

  constructor(headers: () => Record<string, string>) {
    this.#headers = headers;
  }

  open(id: string, session: string, offset: string | null, tell: Viewer["tell"]): void {
    this.close(id);
    this.#viewers.set(id, {
      session,
      offset,
      tell,
      visible: true,
      asked: ++this.#asked,
      failures: 0,
      ended: false,
      stream: null,
      timer: null,
    });
    this.#settle();
  }

  show(id: string, visible: boolean): void {
    const viewer = this.#viewers.get(id);
    if (!viewer || viewer.visible === visible) return;
    viewer.visible = visible;
    if (visible) viewer.asked = ++this.#asked;
    this.#settle();
  }

  close(id: string): void {
    const viewer = this.#viewers.get(id);
    if (!viewer) return;
    this.#viewers.delete(id);
    stop(viewer);
    this.#settle();
  }

  /** Closes all whose id begins so. */
  closeAll(prefix: string): void {
    for (const id of this.#viewers.keys()) if (id.startsWith(prefix)) this.close(id);
  }

  /** Gives the live connections to the visible ones that were asked for last. */
  #settle(): void {
    const wanted = [...this.#viewers.values()]
      .filter((viewer) => !viewer.ended)
      .toSorted((a, b) => Number(b.visible) - Number(a.visible) || b.asked - a.asked);
    for (const viewer of wanted.slice(LIVE)) {
      if (viewer.stream) stop(viewer);
      if (viewer.visible) this.#later(viewer, READ_EVERY_MS);
    }
    for (const viewer of wanted.slice(0, LIVE)) {
      if (viewer.stream === null && viewer.failures === 0) {
        stop(viewer);
        this.#follow(viewer);
      }
    }
  }

  #follow(viewer: Viewer): void {
    viewer.stream = openStream(address(viewer, true), this.#headers(), {
      opened: () => {
        viewer.failures = 0;
        viewer.tell({ kind: "opened" });
      },
      event: (event) => {
        if (event.event === "output") {
          if (event.id !== null) viewer.offset = event.id;
          viewer.tell({ kind: "chunk", data: `${event.data}\n`, offset: viewer.offset ?? "" });
        } else if (event.event === "end") {
          this.#end(viewer);
        }
      },
      lost: (status) => {
        viewer.stream = null;
        if (viewer.ended) return;
        viewer.failures += 1;
        viewer.tell({ kind: "lost", status });
        if (status === 404 || status === 401) return;
        this.#later(viewer, Math.min(250 * 2 ** viewer.failures, 8000) * (0.75 + Math.random() / 2));
      },
    });
  }

  #later(viewer: Viewer, ms: number): void {
    if (viewer.timer !== null || viewer.stream !== null) return;
    viewer.timer = setTimeout(() => {
      viewer.timer = null;
      const live = [...this.#viewers.values()].filter((other) => other.stream !== null).length;
      if (live < LIVE) this.#follow(viewer);
      else void this.#readOnce(viewer);
    }, ms);
  }

  async #readOnce(viewer: Viewer): Promise<void> {
    try {
      const answer = await fetch(address(viewer, false), { headers: this.#headers(), credentials: "same-origin", cache: "no-store" });
      const text = answer.ok ? await answer.text() : "";
      const next = answer.headers.get("Stream-Next-Offset");
      if (next !== null) viewer.offset = next;
      if (text !== "") viewer.tell({ kind: "chunk", data: text, offset: viewer.offset ?? "" });
      if (answer.headers.get("Stream-Closed") === "true") this.#end(viewer);
    } catch {
      viewer.tell({ kind: "lost", status: 0 });
    }
    if (!viewer.ended && [...this.#viewers.values()].includes(viewer)) this.#later(viewer, READ_EVERY_MS);
  }

  #end(viewer: Viewer): void {
    viewer.ended = true;
    stop(viewer);
    viewer.tell({ kind: "end" });
    this.#settle();
  }
}

function stop(viewer: Viewer): void {
  viewer.stream?.close();
  viewer.stream = null;
  if (viewer.timer !== null) clearTimeout(viewer.timer);
  viewer.timer = null;
}

function address(viewer: Viewer, live: boolean): string {
  const query = new URLSearchParams();
  if (viewer.offset !== null) query.set("offset", viewer.offset);
  if (live) query.set("live", "sse");
  return `/api/v1/sessions/${viewer.session}/output?${query}`;
}
