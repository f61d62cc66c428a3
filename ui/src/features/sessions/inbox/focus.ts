// `n`: the next thing that needs a person, whatever task and project it is of, with the focus on its row.

const ROW = "[data-need]";
const TARGET = "[data-need-target]";

/** Asked for on another page: the inbox takes the focus to its first row when it is drawn. */
let wanted = false;

export function wantFirst(): void {
  wanted = true;
}

export function takeWanted(): boolean {
  const was = wanted;
  wanted = false;
  return was;
}

let last = -1;

/** The row that has the focus. */
export function focusedNeed(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>(ROW) ?? null;
}

/** Focuses the row after the one that has the focus; what was answered has left its place to the next. */
export function focusNext(): void {
  const rows = [...document.querySelectorAll<HTMLElement>(ROW)];
  if (rows.length === 0) return;
  const here = focusedNeed();
  const next = here === null ? Math.max(0, last) : rows.indexOf(here) + 1;
  last = next % rows.length;
  const target = rows[last]?.querySelector<HTMLElement>(TARGET);
  target?.focus({ preventScroll: true });
  rows[last]?.scrollIntoView({ block: "nearest" });
}

export function forgetPlace(): void {
  last = -1;
}
