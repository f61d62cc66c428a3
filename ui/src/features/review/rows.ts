// The rows of a diff: what the server told, with what is folded between its hunks and what was unfolded of that.
import type { CommentView, DiffHunk, DiffLine, FileDiff, Place } from "../../lib/generated/types";

/** A line of one side. */
export type Cell = { old: number | null; new: number | null; side: DiffLine["side"]; text: string | null; words: [number, number][]; unended: boolean };

export type Row =
  | { kind: "line"; cell: Cell; hunk: number }
  /** Side by side: a line of both, or one against another or nothing. */
  | { kind: "pair"; left: Cell | null; right: Cell | null; hunk: number }
  | { kind: "thread"; comment: CommentView; outdated: boolean }
  | { kind: "writing"; place: Place }
  /** Lines that did not change, from a line of the new side to another, which is not of it. */
  | { kind: "fold"; gap: number; from: number; to: number; heading: string };

/** How many lines of a gap are shown at its beginning and its end. */
export type Unfolded = ReadonlyMap<number, { top: number; bottom: number }>;

/** So many lines are unfolded at once. */
export const STEP = 40;

type Gap = { from: number; to: number; shift: number; heading: string };

/** What lies between the hunks: as many gaps as hunks, and the one behind the last. */
function gaps(diff: FileDiff): Gap[] {
  let next = 1;
  let shift = 0;
  const all = diff.hunks.map((hunk): Gap => {
    // A side without lines is told by the line before them.
    const has = hunk.lines.some((line) => line.side !== "-");
    const starts = has ? hunk.new : hunk.new + 1;
    const gap = { from: next, to: starts, shift, heading: hunk.heading };
    const olds = hunk.lines.filter((line) => line.side !== "+").length;
    const news = hunk.lines.filter((line) => line.side !== "-").length;
    const oldStarts = olds > 0 ? hunk.old : hunk.old + 1;
    next = starts + news;
    shift = oldStarts + olds - next;
    return gap;
  });
  return [...all, { from: next, to: diff.truncated ? next : diff.new_lines + 1, shift, heading: "" }];
}

function* context(gap: Gap, from: number, to: number, lines: ReadonlyMap<number, string>): Generator<Cell> {
  for (let at = from; at < to; at++) yield { old: at + gap.shift, new: at, side: "=", text: lines.get(at) ?? null, words: [], unended: false };
}

function* cells(hunk: DiffHunk): Generator<Cell> {
  let before = hunk.old;
  let now = hunk.new;
  for (const line of hunk.lines) {
    yield {
      old: line.side === "+" ? null : before++,
      new: line.side === "-" ? null : now++,
      side: line.side,
      text: line.text,
      words: line.words ?? [],
      unended: line.unended ?? false,
    };
  }
}

/** Lines taken away stand beside those put in their place. */
function* pairs(hunk: DiffHunk, at: number): Generator<Row> {
  let left: Cell[] = [];
  let right: Cell[] = [];
  const flush = function* (): Generator<Row> {
    for (let n = 0; n < Math.max(left.length, right.length); n++) yield { kind: "pair", left: left[n] ?? null, right: right[n] ?? null, hunk: at };
    left = [];
    right = [];
  };
  for (const cell of cells(hunk)) {
    if (cell.side === "-") {
      if (right.length > 0) yield* flush();
      left.push(cell);
    } else if (cell.side === "+") right.push(cell);
    else {
      yield* flush();
      yield { kind: "pair", left: cell, right: cell, hunk: at };
    }
  }
  yield* flush();
}

export function rowsOf(diff: FileDiff, split: boolean, unfolded: Unfolded, lines: ReadonlyMap<number, string>): Row[] {
  const rows: Row[] = [];
  const same = (cell: Cell, hunk: number): Row => (split ? { kind: "pair", left: cell, right: cell, hunk } : { kind: "line", cell, hunk });
  for (const [at, gap] of gaps(diff).entries()) {
    const { top, bottom } = unfolded.get(at) ?? { top: 0, bottom: 0 };
    const from = Math.min(gap.from + top, gap.to);
    const to = Math.max(gap.to - bottom, from);
    for (const cell of context(gap, gap.from, from, lines)) rows.push(same(cell, at));
    if (to > from) rows.push({ kind: "fold", gap: at, from, to, heading: gap.heading });
    for (const cell of context(gap, to, gap.to, lines)) rows.push(same(cell, at));
    const hunk = diff.hunks[at];
    if (!hunk) continue;
    if (split) rows.push(...pairs(hunk, at));
    else for (const cell of cells(hunk)) rows.push({ kind: "line", cell, hunk: at });
  }
  return rows;
}

/** The rows at which something changed begins, in order: where the next and the previous change are. */
export function changesOf(rows: Row[]): number[] {
  const changed = (row: Row | undefined) =>
    row?.kind === "line" ? row.cell.side !== "=" : row?.kind === "pair" ? row.left?.side !== "=" || row.right?.side !== "=" : false;
  return rows.flatMap((row, at) => (changed(row) && !changed(rows[at - 1]) ? [at] : []));
}

/** The width of a text in columns, as a tab takes four. */
export function columns(text: string): number {
  let width = 0;
  for (const letter of text) width += letter === "\t" ? 4 - (width % 4) : 1;
  return width;
}
