// The rows of a diff: numbers on both sides, folds between hunks, sides side by side.
import { expect, test } from "vitest";
import type { DiffHunk, FileDiff } from "../../lib/generated/types";
import { changesOf, columns, rowsOf, type Row } from "./rows";

const hunk = (old: number, now: number, lines: string[]): DiffHunk => ({
  old,
  new: now,
  heading: "",
  lines: lines.map((line) => ({ side: line[0] === "-" ? "-" : line[0] === "+" ? "+" : "=", text: line.slice(1) })),
});
const diff = (hunks: DiffHunk[], newLines: number): FileDiff => ({ tree: "", content: "text", old_mode: null, new_mode: null, hunks, new_lines: newLines, truncated: false });
const told = (row: Row): string => {
  if (row.kind === "fold") return `fold ${row.from}-${row.to}`;
  if (row.kind === "line") return `${row.cell.old ?? ""}:${row.cell.new ?? ""}${row.cell.side}${row.cell.text ?? "?"}`;
  return row.kind === "pair" ? `${row.left?.text ?? ""}|${row.right?.text ?? ""}` : row.kind;
};
const none = new Map<number, never>();

test("numbers_go_on_behind_a_fold_and_what_is_unfolded_has_those_of_both_sides", () => {
  const two = diff([hunk(3, 3, [" a", "-b", "+c", "+d"]), hunk(20, 21, [" x", "-y"])], 30);
  expect(rowsOf(two, false, none, new Map()).map(told)).toEqual(["fold 1-3", "3:3=a", "4:-b", ":4+c", ":5+d", "fold 6-21", "20:21=x", "21:-y", "fold 22-31"]);
  const unfolded = rowsOf(two, false, new Map([[1, { top: 1, bottom: 2 }]]), new Map([[6, "six"]])).map(told);
  expect(unfolded.slice(5, 9)).toEqual(["5:6=six", "fold 7-19", "18:19=?", "19:20=?"]);
  expect(rowsOf(two, false, new Map([[1, { top: 99, bottom: 0 }]]), new Map()).filter((row) => row.kind === "fold").length).toBe(2);
});

test("a_side_without_lines_leaves_no_fold_of_what_is_not_there", () => {
  expect(rowsOf(diff([hunk(0, 1, ["+a", "+b"])], 2), false, none, new Map()).map(told)).toEqual([":1+a", ":2+b"]);
  expect(rowsOf(diff([hunk(1, 0, ["-a"])], 0), false, none, new Map()).map(told)).toEqual(["1:-a"]);
  // Only lines taken away, in the middle of a file.
  expect(rowsOf(diff([hunk(3, 2, ["-c"])], 4), false, none, new Map()).map(told)).toEqual(["fold 1-3", "3:-c", "fold 3-5"]);
});

test("side_by_side_what_was_taken_away_stands_against_what_was_put_there", () => {
  const rows = rowsOf(diff([hunk(1, 1, ["-a", "-b", "+c", " d", "+e"])], 3), true, none, new Map());
  expect(rows.map(told)).toEqual(["a|c", "b|", "d|d", "|e"]);
  expect(changesOf(rows)).toEqual([0, 3]);
});

test("a_tab_goes_to_the_next_of_four_columns", () => {
  expect([columns("\t"), columns("a\tb"), columns("abcd\t"), columns("\u{1f980}x")]).toEqual([4, 5, 8, 2]);
});
