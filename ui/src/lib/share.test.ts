import { expect, test } from "vitest";
import { share } from "./share";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test("equal_parts_keep_their_identity", () => {
  const before = { lines: [{ id: 1, n: { done: 0 } }, { id: 2, n: { done: 1 } }], total: 2 };
  const next = copy(before);
  next.lines[1] = { id: 2, n: { done: 2 } };
  const shared = share(before, next);
  expect(shared).toEqual(next);
  expect(shared.lines[0]).toBe(before.lines[0]);
  expect(shared.lines[1]).not.toBe(before.lines[1]);
});

test("an_equal_whole_is_the_old_one", () => {
  const before = { a: [1, { b: null }], c: "x" };
  expect(share(before, copy(before))).toBe(before);
});

test("what_is_shorter_longer_or_of_another_kind_is_new", () => {
  expect(share([1, 2, 3], [1, 2])).toEqual([1, 2]);
  expect(share([1], [1, 2])).toEqual([1, 2]);
  expect(share({ a: 1 }, { a: 1, b: undefined })).toEqual({ a: 1, b: undefined });
  expect(share({ 0: 1 }, [1])).toEqual([1]);
  expect(share(null, { a: 1 })).toEqual({ a: 1 });
});
