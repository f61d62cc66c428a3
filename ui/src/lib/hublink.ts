// The page's line to the hub: a shared worker, or a hub in the page where there is none. The core says when it is to be replaced.
import { currentKey } from "./api";
import type { FromHub, ToHub } from "./generated/types";
import { HubHost, type FromHost, type ToHost } from "./hubhost";
import type { OutputNews } from "./outputs";

export type Follow = {
  show(visible: boolean): void;
  /** Goes on after an end. */
  again(): void;
  close(): void;
};

export class HubLink {
  #hear: (message: FromHub) => void;
  #post: (message: ToHost) => void = () => undefined;
  #generation = 0;
  #outputs = new Map<string, { open: () => void; hear: (news: OutputNews) => void }>();
  #nextOutput = 1;
  /** The last word to the hub that a new one must hear too. */
  #joined: ToHub | null = null;

  constructor(hear: (message: FromHub) => void) {
    this.#hear = hear;
    this.#begin();
    addEventListener("pagehide", () => this.#post({ to: "leave" }));
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.#again();
    });
  }

  send(message: ToHub): void {
    if (message.type === "join") this.#joined = message;
    this.#post({ to: "hub", message });
  }

  /** After a log-in. */
  keyChanged(): void {
    this.#post({ to: "key", key: currentKey() });
    for (const output of this.#outputs.values()) output.open();
  }

  /** The old one is silent; a new name makes a new worker. */
  replace(): void {
    this.#generation += 1;
    this.#begin();
    for (const output of this.#outputs.values()) output.open();
  }

  /** Follows a session's output from an offset on. */
  follow(session: string, offset: string | null, hear: (news: OutputNews) => void): Follow {
    const id = String(this.#nextOutput++);
    let last = offset;
    const open = () => this.#post({ to: "output", do: "open", id, session, offset: last });
    this.#outputs.set(id, {
      open,
      hear: (news) => {
        if (news.kind === "chunk") last = news.offset;
        hear(news);
      },
    });
    open();
    return {
      show: (visible) => this.#post({ to: "output", do: "show", id, visible }),
      again: open,
      close: () => {
        this.#outputs.delete(id);
        this.#post({ to: "output", do: "close", id });
      },
    };
  }

  #begin(): void {
    if (typeof SharedWorker === "undefined") this.#inPage();
    else this.#inWorker();
    this.#post({ to: "key", key: currentKey() });
  }

  #again(): void {
    this.#post({ to: "key", key: currentKey() });
    if (this.#joined) this.#post({ to: "hub", message: this.#joined });
    for (const output of this.#outputs.values()) output.open();
  }

  #inWorker(): void {
    const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: `qd-hub-${this.#generation}` });
    const generation = this.#generation;
    worker.port.onmessage = (event: MessageEvent<FromHost>) => {
      if (generation === this.#generation) this.#take(event.data);
    };
    // What can't be loaded as a shared worker runs here.
    worker.onerror = () => {
      this.#inPage();
      this.#again();
    };
    this.#post = (message) => worker.port.postMessage(message);
  }

  #inPage(): void {
    this.#post = new HubHost().connect((message) => queueMicrotask(() => this.#take(message)));
  }

  #take(message: FromHost): void {
    if (message.from === "hub") this.#hear(message.message);
    else this.#outputs.get(message.id)?.hear(message.news);
  }
}
