// One changed file: its diff in a window of rows, its images, or why there is nothing to show.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { read } from "../../lib/api";
import type { ChangedFile, CommentView, FileColours, FileDiff, FileLines, Place as CommentPlace } from "../../lib/generated/types";
import { useKeys } from "../../lib/keys";
import { useRead } from "../../lib/useRead";
import { Button } from "../../ui/Button";
import { Empty, Skeleton } from "../../ui/Small";
import { placeOf, withThreads } from "./comments";
import { LONGEST, ROW, RowView, type Pick } from "./DiffLines";
import { Images } from "./Images";
import { changesOf, columns, rowsOf, STEP, type Row, type Unfolded } from "./rows";

/** Where a file of a list is read. */
export type Place = { task: string; tree: string; file: ChangedFile };

export function address({ task, tree, file }: Place, what: string): string {
  return `/tasks/${task}/changes/${what}?tree=${tree}&path=${encodeURIComponent(file.path)}`;
}

/** Where a diff stands in a window that it shares with others: at which height, how high before it is read, and whether it is meant by keys. */
export type Frame = { scroller: RefObject<HTMLDivElement | null>; top: number; height: number; current: boolean };

type PaneProps = { place: Place; split: boolean; comments: CommentView[]; frame?: Frame };

export function DiffPane({ place: now, split, comments, frame }: PaneProps) {
  const { task, file } = now;
  const [writing, setWriting] = useState<CommentPlace | null>(null);
  // Of whatever tree: the file is the same in all that have its stamp, so it is not read again for the sake of others.
  // oxlint-disable-next-line react/exhaustive-deps
  const place = useMemo(() => now, [task, file.path, file.stamp]);
  const [answer, again] = useRead<FileDiff>(address(place, "file"), "", `${task} ${file.path}`);
  if (answer.state === "loading") return frame ? <div style={{ height: frame.height }} /> : <Skeleton lines={12} />;
  if (answer.state === "failed") {
    return (
      <Empty title="This file can’t be shown" action={<Button onClick={again}>Retry</Button>}>
        {answer.message}
      </Empty>
    );
  }
  const diff = answer.value;
  if (diff.content === "image") return <Images place={{ ...place, tree: diff.tree }} />;
  if (diff.content === "binary") return <Empty title="A binary file">There is nothing of it to read here.</Empty>;
  if (diff.hunks.length === 0) {
    return (
      <Empty title="No line changed">
        {place.file.old_path !== null ? `It was ${place.file.old_path}.` : diff.old_mode === null ? "It is empty." : `Its mode was ${diff.old_mode} and is ${diff.new_mode ?? "gone"}.`}
      </Empty>
    );
  }
  return <Lines key={diff.tree} place={{ ...place, tree: diff.tree }} diff={diff} split={split} comments={comments} writing={writing} onWriting={setWriting} frame={frame} />;
}

/** The lines between hunks that were unfolded, read as they are wanted. */
function useUnfolded(path: string) {
  const [unfolded, setUnfolded] = useState<Unfolded>(new Map());
  const [lines, setLines] = useState<ReadonlyMap<number, string>>(new Map());
  const unfold = useCallback((gap: number, edge: "top" | "bottom" | "all") => {
    setUnfolded((now) => {
      const { top, bottom } = now.get(gap) ?? { top: 0, bottom: 0 };
      const next = edge === "all" ? { top: Number.MAX_SAFE_INTEGER, bottom } : edge === "top" ? { top: top + STEP, bottom } : { top, bottom: bottom + STEP };
      return new Map(now).set(gap, next);
    });
  }, []);
  const fetched = useRef(new Set<number>());
  const want = useCallback(
    (rows: Row[]) => {
      const missing = rows.flatMap((row) => {
        const cell = row.kind === "line" ? row.cell : row.kind === "pair" ? row.right : null;
        return cell?.text === null && cell.new !== null && !fetched.current.has(cell.new) ? [cell.new] : [];
      });
      const from = missing[0];
      const last = missing.at(-1);
      if (from === undefined || last === undefined) return;
      for (let at = from; at <= last; at++) fetched.current.add(at);
      read<FileLines>(`${path}&from=${from}&to=${last + 1}`).then(
        (answer) =>
          setLines((now) => {
            const next = new Map(now);
            for (const [at, text] of answer.lines.entries()) next.set(answer.from + at, text);
            return next;
          }),
        // They are asked for again when they are next seen.
        () => missing.forEach((at) => fetched.current.delete(at)),
      );
    },
    [path],
  );
  return { unfolded, unfold, lines, want };
}

type LinesProps = { place: Place; diff: FileDiff; split: boolean; comments: CommentView[]; writing: CommentPlace | null; onWriting: (place: CommentPlace | null) => void; frame: Frame | undefined };

function Lines({ place, diff, split, comments, writing, onWriting, frame }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const scroller = frame?.scroller ?? box;
  const margin = frame?.top ?? 0;
  /** How far the window is below the first line. */
  const passed = () => Math.max(0, (scroller.current?.scrollTop ?? 0) - margin);
  const [colours] = useRead<FileColours>(address(place, "colours"));
  const { unfolded, unfold, lines, want } = useUnfolded(address(place, "lines"));
  const [selected, setSelected] = useState<{ from: number; to: number } | null>(null);
  const { path } = place.file;
  const plain = useMemo(() => rowsOf(diff, split, unfolded, lines), [diff, split, unfolded, lines]);
  const rows = useMemo(() => withThreads(plain, comments.filter(({ row }) => row.place.path === path), writing), [plain, comments, writing, path]);
  const widest = useMemo(() => widestOf(diff), [diff]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (rows[at]?.kind === "thread" ? 76 : rows[at]?.kind === "writing" ? 132 : ROW),
    getItemKey: (at) => keyOf(rows[at], at),
    scrollMargin: margin,
    // Whoever begins scrolls there, also a window that is not its own.
    initialOffset: () => frame?.scroller.current?.scrollTop ?? 0,
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  useEffect(() => want(shown.flatMap((item) => rows[item.index] ?? [])));
  const jump = (step: 1 | -1) => {
    const top = Math.round(passed() / ROW) + 2;
    const all = changesOf(rows);
    const next = step === 1 ? all.find((at) => at > top) : all.findLast((at) => at < top);
    if (next !== undefined) virtual.scrollToIndex(Math.max(0, next - 2), { align: "start" });
  };
  const pick = useCallback<Pick>(
    (at, side, how) => {
      const start = how === "extend" && selected ? Math.min(selected.from, at) : how === "comment" && selected && selected.from <= at && at <= selected.to ? selected.from : at;
      const end = how === "extend" && selected ? Math.max(selected.to, at) : at;
      setSelected({ from: start, to: end });
      if (how === "comment") onWriting(placeOf(path, rows, start, end, side === null ? undefined : side === "old"));
    },
    [rows, selected, path, onWriting],
  );
  const move = (step: 1 | -1, extend: boolean) => {
    const top = Math.ceil(passed() / ROW);
    let at = selected ? (step === 1 ? selected.to : selected.from) + step : top;
    const isLine = (row: Row | undefined) => row?.kind === "line" || row?.kind === "pair";
    while (rows[at] && !isLine(rows[at])) at += step;
    if (!isLine(rows[at])) return;
    setSelected(extend && selected ? { from: Math.min(selected.from, at), to: Math.max(selected.to, at) } : { from: at, to: at });
    virtual.scrollToIndex(at, { align: "auto" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Only of the region itself: what is in it has keys of its own.
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1, event.shiftKey);
    else if (event.key === "Enter" && selected) onWriting(placeOf(path, rows, selected.from, selected.to));
    else return;
    event.preventDefault();
  };
  const written = useCallback(() => {
    onWriting(null);
    setSelected(null);
    box.current?.focus({ preventScroll: true });
  }, [onWriting]);
  const keys = {
    "Shift+j": () => jump(1),
    "Shift+k": () => jump(-1),
    "Shift+c": () => onWriting({ path, old: false, from: 0, to: 0, quote: "" }),
  };
  useKeys(frame?.current === false ? {} : keys);
  const scrolls = split ? (frame ? "overflow-hidden" : "overflow-x-hidden overflow-y-auto") : frame ? "overflow-x-auto overflow-y-hidden" : "overflow-auto";
  return (
    <>
      {/* A scrolling region must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions */}
      <div ref={box} role="region" aria-label={`Diff of ${place.file.path}`} tabIndex={0} onKeyDown={onKeyDown} className={`@container min-h-0 flex-1 bg-panel font-mono text-code ${scrolls}`}>
        <div className="relative [tab-size:4]" style={{ height: virtual.getTotalSize(), ...(split ? {} : { minWidth: `max(100%, calc(${widest + 3}ch + 108px))` }) }}>
          {shown.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  data-index={item.index}
                  ref={row.kind === "thread" || row.kind === "writing" ? virtual.measureElement : null}
                  className="absolute top-0 left-0 w-full"
                  style={{ ...(row.kind === "thread" || row.kind === "writing" ? {} : { height: ROW }), transform: `translateY(${item.start - margin}px)` }}
                >
                  <RowView
                    row={row}
                    at={item.index}
                    task={place.task}
                    colours={colours.state === "there" ? colours.value : null}
                    selected={selected !== null && selected.from <= item.index && item.index <= selected.to}
                    onUnfold={unfold}
                    onPick={pick}
                    onWritten={written}
                  />
                </div>
              )
            );
          })}
        </div>
      </div>
      {split && <Sideways columns={widest} scroller={box} />}
      {diff.truncated && <p className="border-t border-line px-3 py-1.5 text-meta text-ink-3">It goes on; only the beginning is shown.</p>}
    </>
  );
}

/** Threads keep their place in the document while lines come and go above them. */
function keyOf(row: Row | undefined, at: number): string | number {
  if (row?.kind === "thread") return row.comment.row.id;
  return row?.kind === "writing" ? "writing" : at;
}

/** In columns; what is longer than a line that is shown whole counts as that. */
function widestOf(diff: FileDiff): number {
  let most = 0;
  for (const { lines } of diff.hunks) for (const { text } of lines) most = Math.max(most, columns(text));
  return Math.min(most, LONGEST + 100);
}

/** Moves both sides at once, where lines are longer than half of the window. */
function Sideways({ columns: wide, scroller }: { columns: number; scroller: RefObject<HTMLDivElement | null> }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label="Move both sides" tabIndex={0} className="h-3 shrink-0 overflow-x-auto overflow-y-hidden border-t border-line bg-ground" onScroll={(event) => scroller.current?.style.setProperty("--x", String(event.currentTarget.scrollLeft))}>
      <div className="h-px" style={{ width: `calc(50% + ${wide + 3}ch)` }} />
    </div>
  );
}
