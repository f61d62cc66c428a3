// All changed files, one below the other, in one window: only what is near is drawn and read.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { ChangedFile, CommentView } from "../../lib/generated/types";
import { ROW } from "./DiffLines";
import { DiffPane } from "./DiffPane";
import { Counts, FileName, StatusIcon, ViewedBox } from "./FileList";
import type { Viewed } from "./viewed";

/** How high the head of a file is. */
const HEAD = 36;
/** Where a scroll rests for so long, the address names the file at the top. In milliseconds. */
const RESTED = 200;

type Props = {
  task: string;
  tree: string;
  files: ChangedFile[];
  shown: ChangedFile;
  viewed: Viewed;
  split: boolean;
  comments: CommentView[];
  /** The file at the top is another one, by scrolling. */
  onTop: (file: ChangedFile) => void;
};

/** About so high is its diff, before it is read: its lines, and some around them. */
function guess(file: ChangedFile): number {
  return file.binary ? 160 : (file.additions + file.deletions + 8) * ROW;
}

export function AllFiles({ task, tree, files, shown, viewed, split, comments, onTop }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const size = (file: ChangedFile | undefined) => HEAD + (file && !viewed.has(file) ? guess(file) : 0);
  const virtual = useVirtualizer({
    count: files.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => size(files[at]),
    getItemKey: (at) => files[at]?.path ?? at,
    overscan: 1,
    initialRect: { width: 900, height: 700 },
    initialOffset: () => files.slice(0, Math.max(0, files.indexOf(shown))).reduce((sum, file) => sum + size(file), 0),
  });
  const top = useRef<string | null>(null);
  /** The page scrolled there by itself: where it came to rest says nothing of what a person looks at. */
  const led = useRef(false);
  const at = files.indexOf(shown);
  useEffect(() => {
    if (at < 0 || top.current === shown.path) return;
    top.current = shown.path;
    led.current = true;
    virtual.scrollToIndex(at, { align: "start" });
  }, [at, shown.path, virtual]);
  const resting = useRef(0);
  const onScroll = () => {
    clearTimeout(resting.current);
    if (led.current) return;
    resting.current = window.setTimeout(() => {
      const file = files[virtual.getVirtualItemForOffset((scroller.current?.scrollTop ?? 0) + 1)?.index ?? -1];
      if (!file || file.path === top.current) return;
      top.current = file.path;
      onTop(file);
    }, RESTED);
  };
  useEffect(() => () => clearTimeout(resting.current), []);
  const byHand = () => {
    led.current = false;
  };
  return (
    // A scrolling region must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions
    <div ref={scroller} role="region" aria-label="All changed files" tabIndex={0} onScroll={onScroll} onWheel={byHand} onTouchMove={byHand} onPointerDown={byHand} onKeyDown={byHand} className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto bg-ground">
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const file = files[item.index];
          return (
            file && (
              <section key={item.key} data-index={item.index} ref={virtual.measureElement} aria-label={file.path} className="absolute inset-x-0" style={{ top: item.start }}>
                <Head file={file} viewed={viewed} current={file === shown} />
                {!viewed.has(file) && <DiffPane place={{ task, tree, file }} split={split} comments={comments} frame={{ scroller, top: item.start + HEAD, height: guess(file), current: file === shown }} />}
              </section>
            )
          );
        })}
      </div>
    </div>
  );
}

function Head({ file, viewed, current }: { file: ChangedFile; viewed: Viewed; current: boolean }) {
  return (
    <header style={{ height: HEAD }} className={`sticky top-0 z-2 flex items-center gap-2 border-b border-line ps-3 pe-2 ${current ? "bg-pressed" : "bg-hover"}`}>
      <StatusIcon status={file.status} />
      <h3 title={file.path} className="flex min-w-0 flex-1 items-baseline gap-1.5 font-mono text-code">
        <FileName file={file} />
      </h3>
      <span className="shrink-0 text-meta text-ink-3 tabular-nums">{file.binary ? "binary" : <Counts additions={file.additions} deletions={file.deletions} />}</span>
      <ViewedBox file={file} viewed={viewed} />
    </header>
  );
}
