// Lines of a diff, drawn: one below the other, or two sides.
import { Plus } from "lucide-react";
import { memo } from "react";
import type { FileColours } from "../../lib/generated/types";
import { whole } from "../../lib/words";
import { pieces } from "./pieces";
import { Thread, Writing } from "./Thread";
import { STEP, type Cell, type Row } from "./rows";

/** How high a row is. */
export const ROW = 20;
/** Letters behind these are left out: such a line is data. */
export const LONGEST = 5000;
/** By the indices of `FileColours.names`. */
const TONES = ["", "text-ink-3", "text-code-string", "text-code-constant", "text-code-keyword", "text-code-function", "text-code-type", "text-code-constant", "text-code-keyword", "text-code-keyword font-semibold", "text-danger"];
const GROUND = { "=": "bg-panel", "-": "bg-danger-ground", "+": "bg-success-ground" };
const MARK = { "=": "", "-": "bg-danger-mark rounded-xs", "+": "bg-success-mark rounded-xs" };
const SIGN = { "=": " ", "-": "−", "+": "+" };
const SIGN_TONE = { "=": "", "-": "text-danger", "+": "text-success" };

type Colours = FileColours | null;
export type Pick = (row: number, side: "old" | "new" | null, how: "comment" | "select" | "extend") => void;
type Unfold = (gap: number, edge: "top" | "bottom" | "all") => void;

function Text({ cell, colours }: { cell: Cell; colours: Colours }) {
  if (cell.text === null) return <span className="text-ink-3">…</span>;
  const text = cell.text.length > LONGEST ? cell.text.slice(0, LONGEST) : cell.text;
  const line = cell.side === "-" ? colours?.old[(cell.old ?? 0) - 1] : colours?.new[(cell.new ?? 0) - 1];
  const isCr = text.endsWith("\r");
  return (
    <>
      {pieces(isCr ? text.slice(0, -1) : text, line, cell.words).map((piece, at) => (
        <span key={at} className={`${TONES[piece.colour] ?? ""} ${piece.marked ? MARK[cell.side] : ""}`}>
          {piece.text}
        </span>
      ))}
      {isCr && cell.side !== "=" && (
        <span title="Carriage return" className="text-ink-3 select-none">
          ␍
        </span>
      )}
      {cell.text.length > LONGEST && <span className="text-ink-3 italic"> … {whole(cell.text.length - LONGEST)} letters more</span>}
      {cell.unended && <span className="ms-3 text-meta text-ink-3 italic select-none">no newline at the end</span>}
    </>
  );
}

const NUMBER = "w-11 shrink-0 pe-1 text-end text-ink-3 tabular-nums select-none";

/** The gutter of a line: a click selects, one on the plus writes a comment. By keyboard both are done from the region. */
function Gutter({ at, side, cell, onPick, numbers, selected }: { at: number; side: "old" | "new" | null; cell: Cell; onPick: Pick; numbers: (number | null)[]; selected: boolean }) {
  return (
    <span
      className={`sticky left-0 z-1 flex shrink-0 cursor-pointer ${selected ? "bg-accent-ground" : GROUND[cell.side]}`}
      role="presentation"
      onClick={(event) => onPick(at, side, event.shiftKey ? "extend" : "select")}
    >
      {numbers.map((number, n) => (
        <span key={n} className={NUMBER}>
          {number}
        </span>
      ))}
      <span className={`relative w-5 shrink-0 text-center select-none ${SIGN_TONE[cell.side]}`}>
        {SIGN[cell.side]}
        <button
          type="button"
          tabIndex={-1}
          aria-label={`Comment on line ${numbers.at(-1) ?? numbers[0]}`}
          className="absolute inset-px hidden place-items-center rounded-sm bg-accent text-accent-on group-hover:grid"
          onClick={(event) => {
            event.stopPropagation();
            onPick(at, side, "comment");
          }}
        >
          <Plus className="size-3" aria-hidden="true" />
        </button>
      </span>
    </span>
  );
}

type LineProps = { at: number; colours: Colours; onPick: Pick; selected: boolean };

function Unified({ cell, at, colours, onPick, selected }: LineProps & { cell: Cell }) {
  return (
    <div className={`group flex h-full ${selected ? "bg-accent-ground" : GROUND[cell.side]}`}>
      <Gutter at={at} side={null} cell={cell} numbers={[cell.old, cell.new]} onPick={onPick} selected={selected} />
      <span data-line className="pe-3 whitespace-pre">
        <Text cell={cell} colours={colours} />
      </span>
    </div>
  );
}

function Half({ cell, side, at, colours, onPick, selected }: LineProps & { cell: Cell | null; side: "old" | "new" }) {
  if (cell === null) return <div className="min-w-0 flex-1 bg-ground" />;
  return (
    <div className={`group flex min-w-0 flex-1 ${selected ? "bg-accent-ground" : GROUND[cell.side]}`}>
      <Gutter at={at} side={side} cell={cell} numbers={[cell[side]]} onPick={onPick} selected={selected} />
      <span className="min-w-0 flex-1 overflow-hidden">
        <span data-line className="block w-max whitespace-pre" style={{ transform: "translateX(calc(-1px * var(--x, 0)))" }}>
          <Text cell={cell} colours={colours} />
        </span>
      </span>
    </div>
  );
}

const FOLD = "h-full rounded-sm px-1.5 text-accent-ink hover:bg-pressed";

function Fold({ row, onUnfold }: { row: Row & { kind: "fold" }; onUnfold: Unfold }) {
  const count = row.to - row.from;
  const lines = `${whole(count)} ${count === 1 ? "line" : "lines"}`;
  return (
    <div className="sticky left-0 flex h-full w-[min(100%,100cqw)] items-center gap-1 bg-hover ps-3 pe-3 font-sans text-meta text-ink-3">
      <button type="button" className={FOLD} aria-label={`Show ${lines} that did not change`} onClick={() => onUnfold(row.gap, "all")}>
        ⋯ {lines}
      </button>
      {count > STEP && (
        <>
          <button type="button" className={FOLD} aria-label={`Show ${STEP} more below`} onClick={() => onUnfold(row.gap, "top")}>
            ↓ {STEP}
          </button>
          <button type="button" className={FOLD} aria-label={`Show ${STEP} more above`} onClick={() => onUnfold(row.gap, "bottom")}>
            ↑ {STEP}
          </button>
        </>
      )}
      <span className="min-w-0 truncate font-mono">{row.heading}</span>
    </div>
  );
}

type RowProps = LineProps & { row: Row; task: string; onUnfold: Unfold; onWritten: () => void };

export const RowView = memo(function RowView({ row, task, onUnfold, onWritten, ...line }: RowProps) {
  if (row.kind === "fold") return <Fold row={row} onUnfold={onUnfold} />;
  if (row.kind === "thread") return <Thread comment={row.comment} outdated={row.outdated} />;
  if (row.kind === "writing") return <Writing task={task} place={row.place} onDone={onWritten} />;
  if (row.kind === "line") return <Unified cell={row.cell} {...line} />;
  return (
    <div className="flex h-full gap-px bg-line">
      <Half cell={row.left} side="old" {...line} />
      <Half cell={row.right} side="new" {...line} />
    </div>
  );
});
