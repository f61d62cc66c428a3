// Executes what the optimistic core asks for: storage, HTTP, timers, the hub. Decides nothing and holds nothing.
import { Panel } from "#core";
import { logIn, postJson, read } from "./api";
import { readBase, writeBase } from "./base";
import type { Command, DocumentText, Effect, JournalEntry, Key, Output, PanelEvent } from "./generated/types";
import { forgetOldBlobs, putBlob } from "./blobs";
import { HubLink } from "./hublink";
import { hexSeed, randomId } from "./seed";
import { startCore } from "./wasm";

/** Keys of the journal are `qd:<tab>:<mid>` and `qd:<tab>:alive`; the others under `qd:` are preferences. */
const JOURNAL = /^qd:[0-9a-f-]{36}:/;
const CACHE_AFTER_MS = 20_000;

export type Listener = (changed: Key[], all: boolean, chrome: boolean) => void;

export class Shell {
  readonly panel: Panel;
  readonly hub: HubLink;
  #listeners = new Set<Listener>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #caching: ReturnType<typeof setTimeout> | null = null;
  #documents = new Map<string, "once" | "again">();

  private constructor(panel: Panel) {
    this.panel = panel;
    this.hub = new HubLink((message) => {
      this.handle({ type: "hub", message, now: Date.now() });
      if (message.type === "frames") this.#cacheLater();
    });
    addEventListener("storage", ({ key, newValue }) => {
      if (key !== null && JOURNAL.test(key)) this.handle({ type: "storage", key, value: newValue, now: Date.now() });
    });
    addEventListener("online", () => this.#tick());
    addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#tick();
      else if (this.#caching !== null) this.#cache();
    });
  }

  static async boot(): Promise<Shell> {
    const journal = readJournal();
    const [cached] = await Promise.all([readBase(), startCore()]);
    const shell = new Shell(new Panel(JSON.stringify({ tab: tabId(), now: Date.now(), seed: hexSeed() })));
    shell.handle({ type: "boot", now: Date.now(), journal, cached: cached ?? null });
    whenIdle(() => void forgetOldBlobs());
    return shell;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The click (R1): one synchronous commit. Gives the `mid`. */
  act(command: Command): string | null {
    return this.#commit(this.panel.act(JSON.stringify(command), Date.now()));
  }

  mint(): string {
    return this.panel.mint(Date.now());
  }

  handle(event: PanelEvent): void {
    this.#commit(this.panel.handle(JSON.stringify(event)));
  }

  /** True where the token was the right one. */
  async logIn(token: string): Promise<boolean> {
    if (!(await logIn(token))) return false;
    this.hub.keyChanged();
    this.handle({ type: "logged_in", now: Date.now() });
    return true;
  }

  /** Fetches a task's text. Asked while it is under way, it is fetched once more: it may have become another. */
  async loadDocument(task: string): Promise<void> {
    if (this.#documents.has(task)) {
      this.#documents.set(task, "again");
      return;
    }
    try {
      do {
        this.#documents.set(task, "once");
        // oxlint-disable-next-line no-await-in-loop
        const { version, text } = await read<DocumentText>(`/tasks/${task}/document`);
        this.handle({ type: "document", task, version, text, now: Date.now() });
      } while (this.#documents.get(task) === "again");
    } finally {
      this.#documents.delete(task);
    }
  }

  #tick(): void {
    this.handle({ type: "tick", now: Date.now() });
  }

  #commit(result: string): string | null {
    const { effects, changed, all, chrome, mid } = JSON.parse(result) as Output;
    // R2: the core gives the journal's entry before the send.
    for (const effect of effects) this.#run(effect);
    for (const listener of this.#listeners) listener(changed, all, chrome);
    return mid;
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case "journal":
        try {
          localStorage.setItem(effect.key, effect.value);
        } catch {
          this.handle({ type: "journal_refused", key: effect.key, now: Date.now() });
        }
        return;
      case "unjournal":
        try {
          localStorage.removeItem(effect.key);
        } catch {
          // What can't be removed is found settled at the next start.
        }
        return;
      case "send":
        // Starting a request costs more than the rest of a click: it comes after the card.
        setTimeout(() => void this.#send(effect.mid, effect.body));
        return;
      case "put_blob":
        void this.#putBlob(effect.mid, effect.blob, effect.mime);
        return;
      case "fetch_snapshot":
        void this.#snapshot(effect.mids);
        return;
      case "hub":
        this.hub.send(effect.message);
        return;
      case "replace_hub":
        this.hub.replace();
        return;
      case "login":
        // The page shows it by the connection's state.
        return;
      case "wake":
        if (this.#timer !== null) clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#tick(), Math.max(0, effect.at - Date.now()));
    }
  }

  async #send(mid: string, body: string): Promise<void> {
    try {
      const answer = await postJson("/mutations", body);
      this.handle({ type: "reply", mid, status: answer.status, body: await answer.text(), now: Date.now() });
    } catch {
      this.handle({ type: "send_failed", mid, now: Date.now() });
    }
  }

  async #putBlob(mid: string, blob: string, mime: string): Promise<void> {
    const status = await putBlob(blob, mime);
    if (status === null) this.handle({ type: "blob_lost", mid, blob, now: Date.now() });
    else this.handle({ type: "blob_answered", mid, blob, status, now: Date.now() });
  }

  async #snapshot(mids: string[]): Promise<void> {
    try {
      const answer = await postJson("/snapshot", JSON.stringify({ mids }));
      if (answer.ok) {
        this.#commit(this.panel.snapshot(await answer.text(), Date.now()));
        this.#cacheLater();
      } else {
        this.handle({ type: "snapshot_failed", status: answer.status, now: Date.now() });
      }
    } catch {
      this.handle({ type: "snapshot_failed", status: 0, now: Date.now() });
    }
  }

  #cacheLater(): void {
    this.#caching ??= setTimeout(() => whenIdle(() => this.#cache()), CACHE_AFTER_MS);
  }

  #cache(): void {
    if (this.#caching !== null) clearTimeout(this.#caching);
    this.#caching = null;
    const base = this.panel.base_json();
    if (base !== undefined) void writeBase(base);
  }
}

function readJournal(): JournalEntry[] {
  const entries: JournalEntry[] = [];
  try {
    for (let at = 0; at < localStorage.length; at++) {
      const key = localStorage.key(at);
      if (key !== null && JOURNAL.test(key)) entries.push({ key, value: localStorage.getItem(key) ?? "" });
    }
  } catch {
    // Refused storage holds no journal.
  }
  return entries;
}

/** Names the tab; survives its reload. */
function tabId(): string {
  try {
    const kept = sessionStorage.getItem("qd:tab");
    if (kept !== null) return kept;
    const fresh = randomId();
    sessionStorage.setItem("qd:tab", fresh);
    return fresh;
  } catch {
    return randomId();
  }
}

function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 5000 });
  else setTimeout(work, 200);
}
