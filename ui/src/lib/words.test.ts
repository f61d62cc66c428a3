import { expect, test } from "vitest";
import { count, dollars, plural, shortPath } from "./words";

test("numbers_are_short_and_unknown_is_a_dash", () => {
  expect([950, 12_400, 999_999, 3_100_000, null].map(count)).toEqual(["950", "12.4k", "1M", "3.1M", "–"]);
  expect([dollars(0.384), dollars(null)]).toEqual(["$0.38", "–"]);
  expect([plural(1, "file"), plural(10_000, "task")]).toEqual(["1 file", "10,000 tasks"]);
});

test("paths_are_cut_in_the_middle", () => {
  expect(shortPath("src/lib.rs", 20)).toBe("src/lib.rs");
  expect(shortPath("crates/engine/src/session/supervisor.rs", 28)).toBe("crates/engine…/supervisor.rs");
  expect(shortPath("a-very-long-file-name-without-folders.rs", 12)).toHaveLength(12);
});
