// Runs the hub of the optimistic core: executes its effects (one stream of the log), hands its messages to ports. Lives in
// the shared worker, or in the page where there is none.
import { Hub } from "#core";
import type { FromHub, HubEffect, HubEvent, ToHub } from "./generated/types";
import { Outputs, type OutputNews } from "./outputs";
import { openStream, type Stream } from "./sse";

/** What a page says to the hub's host. */
export type ToHost =
  | { to: "hub"; message: ToHub }
  | { to: "key"; key: string | null }
  | { to: "leave" }
  | { to: "output"; do: "open"; id: string; session: string; offset: string | null }
  | { to: "output"; do: "show"; id: string; visible: boolean }
  | { to: "output"; do: "close"; id: string };

/** What the hub's host says to a page. */
export type FromHost = { from: "hub"; message: FromHub } | { from: "output"; id: string; news: OutputNews };

export type Port = (message: FromHost) => void;

export class HubHost {
  #hub = new Hub(Math.floor(Math.random() * 2 ** 32));
  #key: string | null = null;
  #ports = new Map<number, Port>();
  #nextPort = 1;
  #log: Stream | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #outputs = new Outputs(() => this.#headers());

  /** A new page; the answer takes what it says. */
  connect(port: Port): (message: ToHost) => void {
    const number = this.#nextPort++;
    this.#ports.set(number, port);
    return (message) => this.#hear(number, message);
  }

  #headers(): Record<string, string> {
    return this.#key === null ? {} : { "X-Qd-Key": this.#key };
  }

  #hear(port: number, message: ToHost): void {
    switch (message.to) {
      case "hub":
        return this.#handle({ type: "port", port, message: message.message, now: Date.now() });
      case "key":
        this.#key = message.key;
        return;
      case "leave":
        this.#handle({ type: "port", port, message: { type: "leave" }, now: Date.now() });
        this.#outputs.closeAll(`${port}:`);
        return;
      case "output": {
        const id = `${port}:${message.id}`;
        if (message.do === "show") this.#outputs.show(id, message.visible);
        else if (message.do === "close") this.#outputs.close(id);
        else {
          this.#outputs.open(id, message.session, message.offset, (news) =>
            this.#ports.get(port)?.({ from: "output", id: message.id, news }),
          );
        }
      }
    }
  }

  #handle(event: HubEvent): void {
    for (const effect of JSON.parse(this.#hub.handle(JSON.stringify(event))) as HubEffect[]) this.#run(effect);
  }

  #run(effect: HubEffect): void {
    switch (effect.type) {
      case "open": {
        const { stream, offset } = effect;
        this.#log?.close();
        this.#log = openStream(`/api/v1/log?live=sse&offset=${encodeURIComponent(offset)}`, this.#headers(), {
          opened: () => this.#handle({ type: "opened", stream, now: Date.now() }),
          event: ({ data, id }) => this.#handle({ type: "frame", stream, data, id, now: Date.now() }),
          lost: (status) => this.#handle({ type: "closed", stream, status: status === 200 ? 0 : status, now: Date.now() }),
        });
        return;
      }
      case "close":
        this.#log?.close();
        this.#log = null;
        return;
      case "say":
        this.#ports.get(effect.port)?.({ from: "hub", message: effect.message });
        return;
      case "wake":
        if (this.#timer !== null) clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#handle({ type: "tick", now: Date.now() }), Math.max(0, effect.at - Date.now()));
    }
  }
}
