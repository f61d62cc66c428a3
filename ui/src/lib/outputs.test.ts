import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Outputs, type OutputNews } from "./outputs";

type Open = { url: string; signal: AbortSignal; say: (text: string) => void; end: () => void };

let live: Open[] = [];
let reads: string[] = [];

beforeEach(() => {
  live = [];
  reads = [];
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    if (!url.includes("live=sse")) {
      reads.push(url);
      return Promise.resolve(new Response('{"seq":9}\n', { headers: { "Stream-Next-Offset": "1.9", "Stream-Closed": "true" } }));
    }
    const body = new ReadableStream<Uint8Array>({
      start(to) {
        live.push({ url, signal: init.signal as AbortSignal, say: (text) => to.enqueue(new TextEncoder().encode(text)), end: () => to.close() });
      },
    });
    return Promise.resolve(new Response(body));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const open = () => live.filter((stream) => !stream.signal.aborted);
const flush = () => vi.advanceTimersByTimeAsync(0);

test("chunks_carry_the_offset_to_go_on_from", async () => {
  const news: OutputNews[] = [];
  new Outputs(() => ({})).open("a", "s", null, (one) => news.push(one));
  await flush();
  live[0]?.say('event: output\nid: 1.2\ndata: {"seq":1}\ndata: {"seq":2}\n\n');
  await flush();
  expect(news).toEqual([{ kind: "opened" }, { kind: "chunk", data: '{"seq":1}\n{"seq":2}\n', offset: "1.2" }]);
});

test("a_lost_stream_goes_on_where_it_was", async () => {
  const news: OutputNews[] = [];
  new Outputs(() => ({})).open("a", "s", null, (one) => news.push(one));
  await flush();
  live[0]?.say("event: output\nid: 1.2\ndata: {}\n\n");
  live[0]?.end();
  await flush();
  expect(news.at(-1)).toEqual({ kind: "lost", status: 200 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(live).toHaveLength(2);
  expect(live[1]?.url).toContain("offset=1.2");
});

test("at_most_three_are_live_and_the_newest_visible_ones_win", async () => {
  const outputs = new Outputs(() => ({}));
  for (const id of ["a", "b", "c", "d"]) outputs.open(id, id, null, () => undefined);
  await flush();
  expect(open().map((stream) => stream.url.split("/")[4])).toEqual(["b", "c", "d"]);
  outputs.show("d", false);
  await flush();
  expect(open().map((stream) => stream.url.split("/")[4]).toSorted()).toEqual(["a", "b", "c"]);
});

test("who_has_no_live_connection_is_read_now_and_then", async () => {
  const outputs = new Outputs(() => ({}));
  const news: OutputNews[] = [];
  outputs.open("first", "first", null, (one) => news.push(one));
  for (const id of ["b", "c", "d"]) outputs.open(id, id, null, () => undefined);
  await vi.advanceTimersByTimeAsync(2500);
  expect(reads).toEqual(["/api/v1/sessions/first/output?"]);
  expect(news.slice(-2)).toEqual([{ kind: "chunk", data: '{"seq":9}\n', offset: "1.9" }, { kind: "end" }]);
});

test("after_the_end_nothing_is_asked_again", async () => {
  const news: OutputNews[] = [];
  new Outputs(() => ({})).open("a", "s", null, (one) => news.push(one));
  await flush();
  live[0]?.say("event: end\nid: 1.7\ndata: x\n\n");
  await flush();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(news.at(-1)).toEqual({ kind: "end" });
  expect(live).toHaveLength(1);
});
