import { expect, test } from "vitest";
import { SseParser } from "./sse";

const STREAM = 'event: frame\nid: 1.2.3\ndata: {"a":"ü"}\n\n: heartbeat\n\ndata: one\ndata: two\r\n\r\n';

test("events_come_whole_however_the_text_is_cut", () => {
  const whole = new SseParser().push(STREAM);
  expect(whole).toEqual([
    { event: "frame", data: '{"a":"ü"}', id: "1.2.3" },
    { event: "message", data: "one\ntwo", id: null },
  ]);
  for (let size = 1; size < STREAM.length; size++) {
    const parser = new SseParser();
    const cut = [];
    for (let at = 0; at < STREAM.length; at += size) cut.push(...parser.push(STREAM.slice(at, at + size)));
    expect(cut).toEqual(whole);
  }
});

test("a_torn_event_is_not_told", () => {
  expect(new SseParser().push("data: half\n")).toEqual([]);
});
