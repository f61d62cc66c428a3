// Server-sent events over fetch: EventSource can't carry a header.

export type SseEvent = { event: string; data: string; id: string | null };

/** Takes text in any pieces, gives whole events. */
export class SseParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id: string | null = null;

  push(text: string): SseEvent[] {
    const done: SseEvent[] = [];
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "") this.#finish(done);
      else this.#field(line);
    }
    return done;
  }

  #finish(done: SseEvent[]): void {
    if (this.#data.length > 0) {
      done.push({ event: this.#event || "message", data: this.#data.join("\n"), id: this.#id });
    }
    this.#event = "";
    this.#data = [];
    this.#id = null;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id") this.#id = value;
  }
}

export type Stream = { close(): void };

export type StreamHandlers = {
  opened(): void;
  event(event: SseEvent): void;
  /** Once, unless closed by the caller. Status 0 where the network failed, 200 where the server ended it. */
  lost(status: number): void;
};

/** Opens a stream and reads it to its end. */
export function openStream(url: string, headers: Record<string, string>, on: StreamHandlers): Stream {
  const abort = new AbortController();
  void follow(url, headers, on, abort.signal);
  return { close: () => abort.abort() };
}

async function follow(url: string, headers: Record<string, string>, on: StreamHandlers, signal: AbortSignal): Promise<void> {
  let status = 0;
  try {
    const answer = await fetch(url, {
      headers: { ...headers, Accept: "text/event-stream" },
      credentials: "same-origin",
      cache: "no-store",
      signal,
    });
    if (!answer.ok || answer.body === null) {
      status = answer.status;
    } else {
      on.opened();
      await drain(answer.body, on);
      status = 200;
    }
  } catch {
    status = 0;
  }
  if (!signal.aborted) on.lost(status);
}

async function drain(body: ReadableStream<Uint8Array>, on: StreamHandlers): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const parser = new SseParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const event of parser.push(value)) on.event(event);
  }
}
