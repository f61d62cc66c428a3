// Comments of a review: which stand where, and what is done with them.
import type { Comment, CommentView, Place } from "../../lib/generated/types";
import type { Shell } from "../../lib/shell";
import { tellStart } from "../../lib/starts";
import { startOf } from "../../lib/use";
import type { Cell, Row } from "./rows";

export function addComment(shell: Shell, task: string, place: Place, text: string): void {
  shell.act({ name: "add_comment", args: { id: shell.mint(), task, place, text } });
}

export function editComment(shell: Shell, { id, task }: Comment, text: string): void {
  shell.act({ name: "edit_comment", args: { id, task, text } });
}

export function resolveComment(shell: Shell, { id, task }: Comment, resolved: boolean): void {
  shell.act({ name: "resolve_comment", args: { id, task, resolved } });
}

export function dropComment(shell: Shell, { id, task }: Comment): void {
  shell.act({ name: "drop_comment", args: { id, task } });
}

/** Sends what waits: to this session, or to a new one. The answer is the session. */
export function sendComments(shell: Shell, task: string, to: string | null, note: string): string {
  const session = to ?? shell.mint();
  const mid = shell.act({ name: "send_comments", args: { task, session, message: shell.mint(), note, start: startOf() } });
  if (mid !== null && to === null) tellStart(session, mid);
  return session;
}

export const waits = ({ row }: CommentView): boolean => row.session === null && !row.resolved;

/** `12` or `12–14`; nothing for a whole file. */
export function linesOf({ from, to }: Place): string {
  if (from === 0) return "";
  return from === to ? String(from) : `${from}–${to}`;
}

const cellOf = (row: Row | undefined, old: boolean): Cell | null => {
  if (row?.kind === "line") return (old ? row.cell.old : row.cell.new) === null ? null : row.cell;
  return row?.kind === "pair" ? (old ? row.left : row.right) : null;
};

const numberOf = (cell: Cell | null, old: boolean): number | null => (old ? cell?.old : cell?.new) ?? null;

/** The place of the rows from one to another: on the side that has the last of them, else on the one before. */
export function placeOf(path: string, rows: Row[], from: number, to: number, old?: boolean): Place | null {
  const side = old ?? numberOf(cellOf(rows[to], false), false) === null;
  const cells = rows.slice(from, to + 1).flatMap((row) => cellOf(row, side) ?? []);
  const first = numberOf(cells[0] ?? null, side);
  const last = numberOf(cells.at(-1) ?? null, side);
  if (first === null || last === null) return null;
  return { path, old: side, from: first, to: last, quote: cells.map((cell) => cell.text ?? "").join("\n") };
}

/** The rows with the threads below the lines that they stand at. Those whose lines are not there any more stand on top. */
export function withThreads(rows: Row[], comments: CommentView[], writing: Place | null): Row[] {
  const below = new Map<number, Row[]>();
  const put = (at: number, row: Row) => below.set(at, [...(below.get(at) ?? []), row]);
  const find = (place: Place) => (place.from === 0 ? -1 : rows.findIndex((row) => numberOf(cellOf(row, place.old), place.old) === place.to));
  for (const comment of comments) {
    const { place } = comment.row;
    const at = find(place);
    const now = cellOf(rows[at], place.old)?.text;
    const outdated = place.from > 0 && (at < 0 || (now !== null && now !== (place.quote.split("\n").at(-1) ?? "")));
    put(outdated ? -1 : at, { kind: "thread", comment, outdated });
  }
  if (writing) put(find(writing), { kind: "writing", place: writing });
  if (below.size === 0) return rows;
  return [...(below.get(-1) ?? []), ...rows.flatMap((row, at) => [row, ...(below.get(at) ?? [])])];
}
