import { expect, test } from "vitest";
import { editHunk } from "./edit";

test("only_what_lies_between_the_common_ends_is_replaced", () => {
  expect(editHunk("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf\n")).toBe("@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+E\n f\n");
});

test("a_new_file_is_all_added", () => {
  expect(editHunk("", "x\ny\n")).toBe("@@ -1,0 +1,2 @@\n+x\n+y\n");
});

test("repeated_lines_are_not_counted_twice", () => {
  expect(editHunk("x\nx\n", "x\nx\nx\n")).toBe("@@ -1,2 +1,3 @@\n x\n x\n+x\n");
  expect(editHunk("same\n", "same\n")).toBe("");
});
