// Lines in pieces.
import { expect, test } from "vitest";
import { pieces } from "./pieces";

const told = (text: string, colours: number[] | undefined, marks: [number, number][]) =>
  pieces(text, colours, marks).map((piece) => `${piece.text}/${piece.colour}${piece.marked ? "!" : ""}`);

test("colours_and_marks_cut_a_line_and_nothing_of_it_is_lost", () => {
  expect(told("let a = 1;", [3, 4, 5, 0, 1, 3], [[4, 5]])).toEqual(["let/4", " /0", "a/0!", " = /0", "1/3", ";/0"]);
  expect(told("plain", undefined, [])).toEqual(["plain/0"]);
  expect(told("short", [99, 2], [[2, 99]])).toEqual(["sh/2", "ort/2!"]);
  expect(told("", [1, 1], [])).toEqual([]);
});
