// A session's output as items: read through the hub, folded by the core, handed out by index. The last part is shown
// first; the whole takes its place as soon as it is read.
import { Transcript } from "#core";
import { request } from "../../lib/api";
import type { Follow, HubLink } from "../../lib/hublink";
import type { Item, Pushed } from "../../lib/generated/types";

const TAIL_BYTES = 131_072;
/** How soon the server is asked again that says of a working session that its output has ended. */
const AGAIN_MS = 500;

export type LogState = { len: number; version: number; loading: boolean; partial: boolean; lost: boolean; ended: boolean };

/** Items of one transcript, parsed once each. */
class Items {
  readonly transcript = new Transcript();
  #parsed: (Item | undefined)[] = [];

  push(jsonl: string): void {
    const { len, changed_from } = JSON.parse(this.transcript.push(jsonl)) as Pushed;
    this.#parsed.length = Math.min(this.#parsed.length, changed_from);
    this.#parsed.length = len;
  }

  at(index: number): Item | undefined {
    const kept = this.#parsed[index];
    if (kept) return kept;
    const [item] = JSON.parse(this.transcript.window(index, index + 1)) as Item[];
    this.#parsed[index] = item;
    return item;
  }
}

export class SessionLog {
  #whole = new Items();
  #tail: Items | null = null;
  #tailEnd: string | null = null;
  #state: LogState = { len: 0, version: 0, loading: true, partial: false, lost: false, ended: false };
  /** What the next frame will tell. */
  #pending: LogState = this.#state;
  #told = new Set<() => void>();
  #frame: number | null = null;
  #abort = new AbortController();
  #stream: Follow;
  #attempt: number | null = null;
  #active = false;
  #again: ReturnType<typeof setTimeout> | null = null;
  #onVisible = () => this.#stream.show(document.visibilityState === "visible");

  constructor(hub: HubLink, session: string) {
    void this.#readTail(session);
    this.#stream = hub.follow(session, null, (news) => {
      switch (news.kind) {
        case "opened":
          this.#set({ lost: false, loading: false });
          return;
        case "chunk":
          this.#whole.push(news.data);
          if (this.#tailEnd !== null && news.offset >= this.#tailEnd) this.#dropTail();
          this.#set({ loading: false, lost: false });
          return;
        case "end":
          this.#dropTail();
          this.#set({ ended: true, loading: false, lost: false });
          // The word of the row and that of the stream come on two ways: one of them is behind.
          if (this.#active) this.#again ??= setTimeout(() => this.#goOn(), AGAIN_MS);
          return;
        case "lost":
          this.#set({ lost: news.status !== 200, loading: false });
      }
    });
    document.addEventListener("visibilitychange", this.#onVisible);
  }

  /** What is confirmed of the session. A message to one that has ended makes another attempt, whose output goes on here. */
  expect(attempt: number, active: boolean): void {
    const next = this.#attempt !== null && attempt > this.#attempt;
    this.#attempt = attempt;
    this.#active = active;
    if (!active) this.#forgetAgain();
    if (this.#pending.ended && (active || next)) this.#goOn();
  }

  close(): void {
    this.#forgetAgain();
    this.#abort.abort();
    this.#stream.close();
    document.removeEventListener("visibilitychange", this.#onVisible);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#whole.transcript.free();
    this.#tail?.transcript.free();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#told.add(listener);
    return () => this.#told.delete(listener);
  };

  state = (): LogState => this.#state;

  item(index: number): Item | undefined {
    return (this.#tail ?? this.#whole).at(index);
  }

  find(text: string): number[] {
    return JSON.parse((this.#tail ?? this.#whole).transcript.find(text)) as number[];
  }

  /** The items with which turns begin. */
  turns(): number[] {
    return JSON.parse((this.#tail ?? this.#whole).transcript.turns()) as number[];
  }

  hasMessage(id: string): boolean {
    return (this.#tail ?? this.#whole).transcript.has_message(id);
  }

  #goOn(): void {
    this.#forgetAgain();
    this.#set({ ended: false });
    this.#stream.again();
  }

  #forgetAgain(): void {
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = null;
  }

  async #readTail(session: string): Promise<void> {
    try {
      const answer = await request(`/sessions/${session}/output?tail=${TAIL_BYTES}`, { signal: this.#abort.signal });
      const end = answer.headers.get("Stream-Next-Offset");
      if (!answer.ok || end === null) return;
      // What fits into the tail is the whole, and the stream brings that as fast.
      if (answer.headers.get("Stream-First") === "true") return;
      const text = await answer.text();
      if (this.#whole.transcript.len() > 0 || this.#abort.signal.aborted) return;
      const tail = new Items();
      tail.push(text);
      this.#tail = tail;
      this.#tailEnd = end;
      this.#set({ loading: false });
    } catch {
      // The stream tells what is wrong.
    }
  }

  #dropTail(): void {
    this.#tail?.transcript.free();
    this.#tail = null;
    this.#tailEnd = null;
  }

  /** Changes the state and tells once per frame. */
  #set(change: Partial<LogState>): void {
    const shown = this.#tail ?? this.#whole;
    this.#pending = { ...this.#pending, ...change, len: shown.transcript.len(), partial: this.#tail !== null, version: this.#state.version + 1 };
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#state = this.#pending;
      for (const listener of this.#told) listener();
    });
  }
}
