import { expect, test } from "vitest";
import { countLines, parseUnified } from "./unified";

const DIFF = `diff --git a/x b/x
--- a/x
+++ b/x
@@ -3,3 +3,4 @@ fn main() {
 same
--- a line of dashes
+one
+two
 end
\\ No newline at end of file
`;

test("lines_carry_the_numbers_of_both_sides", () => {
  expect(parseUnified(DIFF)).toEqual([
    { type: "hunk", text: "fn main() {" },
    { type: "same", text: "same", before: 3, after: 3 },
    { type: "removed", text: "-- a line of dashes", before: 4, after: null },
    { type: "added", text: "one", before: null, after: 4 },
    { type: "added", text: "two", before: null, after: 5 },
    { type: "same", text: "end", before: 5, after: 6 },
    { type: "note", text: "No newline at end of file" },
  ]);
});

test("additions_and_deletions_are_counted", () => {
  expect(countLines(parseUnified(DIFF))).toEqual({ additions: 2, deletions: 1 });
});
