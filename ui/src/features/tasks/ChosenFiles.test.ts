import { expect, test } from "vitest";
import { ALL, chosen, isAll, withFile, withHunk } from "./ChosenFiles";

const FILES = ["a", "b"];
const HUNKS = ["1", "2", "3"];

test("all_is_chosen_until_something_is_left_out", () => {
  expect(isAll(ALL)).toBe(true);
  expect(chosen(FILES, ALL)).toEqual({ whole: FILES, parts: [] });
  expect(chosen(FILES, withFile(ALL, "a", false))).toEqual({ whole: ["b"], parts: [] });
});

test("a_part_that_is_left_out_leaves_the_others", () => {
  const choice = withHunk(ALL, "a", "2", false, HUNKS);
  expect(isAll(choice)).toBe(false);
  expect(chosen(FILES, choice)).toEqual({ whole: ["b"], parts: [{ path: "a", ids: ["1", "3"] }] });
  expect(isAll(withHunk(choice, "a", "2", true, HUNKS)), "and is taken again").toBe(true);
  expect(chosen(FILES, withFile(choice, "a", true))).toEqual({ whole: FILES, parts: [] });
});

test("a_part_of_a_file_that_was_left_out_is_taken_alone", () => {
  const choice = withHunk(withFile(ALL, "a", false), "a", "3", true, HUNKS);
  expect(chosen(FILES, choice)).toEqual({ whole: ["b"], parts: [{ path: "a", ids: ["3"] }] });
  expect(chosen(FILES, withHunk(choice, "a", "3", false, HUNKS)), "and out again").toEqual({ whole: ["b"], parts: [] });
});
