// A session's output as items: read through the hub, folded by the core, handed out by index. The last part is shown
// first; the whole takes its place as soon as it is read.
import { Transcript } from "#core";
import { request } from "../../lib/api";
import type { Follow, HubLink } from "../../lib/hublink";
import type { OutputNews } from "../../lib/outputs";
import type { Abilities, Item, Offer, OfferedCommand, Pushed } from "../../lib/generated/types";

const TAIL_BYTES = 131_072;
/** For so long the whole waits for the last part. */
const TAIL_MS = 5000;

export type LogState = { len: number; version: number; loading: boolean; partial: boolean; lost: boolean; ended: boolean };

/** What the agent says of itself and offers, and whether it waits for a prompt. */
export type About = { can: Abilities; offers: Offer[]; commands: OfferedCommand[]; idle: boolean };

export const NOTHING: About = { can: { steer: false, images: false, resume: false }, offers: [], commands: [], idle: false };

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
  #about = NOTHING;
  #aboutText = "";
  /** Where each message that is not in the output yet is shown. */
  #places = new Map<string, "log" | "queue">();
  #told = new Set<() => void>();
  #frame: number | null = null;
  #abort = new AbortController();
  #stream: Follow | null = null;
  #attempt: number | null = null;
  #active = false;
  /** Whether it was asked to go on, and nothing came since. */
  #asked = false;
  #missing = false;
  #onVisible = () => this.#stream?.show(document.visibilityState === "visible");

  constructor(hub: HubLink, session: string) {
    void this.#open(hub, session);
    document.addEventListener("visibilitychange", this.#onVisible);
  }

  /** What is confirmed of the session. A message to one that has ended makes another attempt, whose output goes on here. */
  expect(attempt: number, active: boolean): void {
    const next = this.#attempt !== null && attempt > this.#attempt;
    this.#attempt = attempt;
    this.#active = active;
    if (this.#missing || (this.#pending.ended && (active || next))) this.#goOn();
  }

  close(): void {
    this.#abort.abort();
    this.#stream?.close();
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

  about = (): About => this.#about;

  /** Where a message that the agent has not been given stands: with those that wait for the turn's end, or behind the last item. It stays there. */
  place(message: string, works: boolean): "log" | "queue" {
    const known = this.#places.get(message);
    if (known) return known;
    const place = works && !this.#about.idle ? "queue" : "log";
    // Before anything was read nothing is known of a turn.
    if (!this.#state.loading) this.#places.set(message, place);
    return place;
  }

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

  #hear(news: OutputNews): void {
    switch (news.kind) {
      case "opened":
        this.#set({ lost: false, loading: false });
        return;
      case "chunk":
        this.#asked = false;
        this.#whole.push(news.data);
        if (this.#tailEnd !== null && news.offset >= this.#tailEnd) this.#dropTail();
        this.#set({ loading: false, lost: false });
        return;
      case "end":
        this.#dropTail();
        this.#set({ ended: true, loading: false, lost: false });
        // The word of the row and that of the stream come on two ways. Where the row is ahead, another attempt works and
        // the stream that is opened now knows; where the stream is, the row's record is about to come.
        if (this.#active && !this.#asked) this.#goOn();
        return;
      case "lost":
        // It was asked for before the server had the session.
        this.#missing = news.status === 404;
        if (this.#missing && this.#attempt !== null && !this.#asked) this.#goOn();
        else this.#set({ lost: news.status !== 200, loading: false });
    }
  }

  #goOn(): void {
    this.#asked = true;
    this.#missing = false;
    this.#set({ ended: false });
    this.#stream?.again();
  }

  /** The last part comes alone, and the whole after it: a long one would keep it waiting. */
  async #open(hub: HubLink, session: string): Promise<void> {
    const from = await this.#readTail(session).catch(() => null);
    if (this.#abort.signal.aborted) return;
    this.#stream = hub.follow(session, from, (news) => this.#hear(news));
    this.#onVisible();
  }

  /** Where the stream has to begin: what fits into the tail is the whole already. */
  async #readTail(session: string): Promise<string | null> {
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(TAIL_MS)]);
    const answer = await request(`/sessions/${session}/output?tail=${TAIL_BYTES}`, { signal });
    const end = answer.headers.get("Stream-Next-Offset");
    if (!answer.ok || end === null) return null;
    const text = await answer.text();
    if (signal.aborted) return null;
    const whole = answer.headers.get("Stream-First") === "true";
    if (whole) {
      this.#whole.push(text);
    } else {
      this.#tail = new Items();
      this.#tail.push(text);
      this.#tailEnd = end;
    }
    this.#set({ loading: false });
    return whole ? end : null;
  }

  #dropTail(): void {
    this.#tail?.transcript.free();
    this.#tail = null;
    this.#tailEnd = null;
  }

  #readAbout(): void {
    const { transcript } = this.#tail ?? this.#whole;
    const last = this.item(this.#state.len - 1)?.type;
    const idle = last === "turn" || last === "ended";
    const text = `{"can":${transcript.can()},"offers":${transcript.offers()},"commands":${transcript.commands()},"idle":${idle}}`;
    if (text === this.#aboutText) return;
    this.#aboutText = text;
    this.#about = JSON.parse(text) as About;
  }

  /** Changes the state and tells once per frame. */
  #set(change: Partial<LogState>): void {
    const shown = this.#tail ?? this.#whole;
    this.#pending = { ...this.#pending, ...change, len: shown.transcript.len(), partial: this.#tail !== null, version: this.#state.version + 1 };
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#state = this.#pending;
      this.#readAbout();
      for (const listener of this.#told) listener();
    });
  }
}
