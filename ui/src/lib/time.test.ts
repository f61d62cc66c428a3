import { expect, test } from "vitest";
import { duration, elapsed, relative, silence } from "./time";

const NOW = Date.UTC(2026, 5, 15, 12);

test("relative_times_grow_from_now_to_a_date", () => {
  expect(relative(NOW - 59_000, NOW)).toBe("just now");
  expect(relative(NOW + 5000, NOW)).toBe("just now");
  expect(relative(NOW - 4 * 60_000, NOW)).toBe("4 min");
  expect(relative(NOW - 3 * 3_600_000, NOW)).toBe("3 h");
  expect(relative(NOW - 3 * 86_400_000, NOW)).toBe("12 Jun");
  expect(relative(NOW - 400 * 86_400_000, NOW)).toBe("11 May 2025");
});

test("elapsed_keeps_two_digits", () => {
  expect(elapsed(7000)).toBe("0:07");
  expect(elapsed(252_000)).toBe("4:12");
  expect(elapsed(3_753_000)).toBe("1:02:33");
});

test("durations_pick_their_unit", () => {
  expect([duration(320), duration(4210), duration(180_000)]).toEqual(["320 ms", "4.2 s", "3:00"]);
});

test("silence_is_told_after_half_a_minute_and_in_whole_steps", () => {
  expect([29_999, 30_000, 59_999, 60_000, 3_599_999, 3_600_000].map(silence)).toEqual([
    null,
    "no word for 30 s",
    "no word for 30 s",
    "no word for 1 min",
    "no word for 59 min",
    "no word for 1 h",
  ]);
});
