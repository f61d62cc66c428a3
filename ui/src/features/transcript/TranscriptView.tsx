// The transcript: virtual, at the bottom only while the reader is there.
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, useSyncExternalStore, type ReactNode, type RefObject } from "react";
import type { Message, Request } from "../../lib/generated/types";
import { Empty, Skeleton } from "../../ui/Small";
import { ItemView } from "./ItemView";
import { Picture } from "./Picture";
import type { SessionLog } from "./log";

const NEAR_PX = 48;

export type TranscriptProps = {
  log: SessionLog;
  /** Messages of the rows; those that are about to begin a turn stand at the end. */
  messages: Message[];
  /** Whether a turn runs, as far as the row says. */
  works: boolean;
  active: boolean;
  found: number | null;
  empty: string;
  renderRequest: (request: Request) => ReactNode;
  /** Takes the function that goes to the turn before or after the one on top. */
  jump: RefObject<((step: 1 | -1) => void) | null>;
};

export function TranscriptView({ log, messages, works, active, found, empty, renderRequest, jump }: TranscriptProps) {
  const state = useSyncExternalStore(log.subscribe, log.state);
  const scroller = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const top = useRef(0);
  const [seen, setSeen] = useState<number | null>(null);
  const waiting = messages.filter(
    ({ id, body, state: { state: how } }) => body.type === "prompt" && (how === "queued" || how === "delivered") && !log.hasMessage(id) && log.place(id, works) === "log",
  );
  const rows = useVirtualizer({
    count: state.len,
    getScrollElement: () => scroller.current,
    estimateSize: () => 40,
    overscan: 6,
    // Once the whole takes the place of the last part, other items stand at these indices.
    getItemKey: (index) => (state.partial ? -1 - index : index),
  });
  const size = rows.getTotalSize();

  // The height is known only after the rows were measured: hold the bottom before that is painted.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box && stuck.current) box.scrollTop = box.scrollHeight;
  }, [size, state.version, waiting.length]);
  useEffect(() => {
    if (found !== null) {
      stuck.current = false;
      rows.scrollToIndex(found, { align: "center" });
    }
  }, [found, rows]);

  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    const up = box.scrollTop < top.current;
    top.current = box.scrollTop;
    // What grows moves the end away from the reader; only the reader leaves the end.
    if (near === stuck.current || (!near && !up)) return;
    stuck.current = near;
    setSeen(near ? null : state.len);
  };
  const toBottom = () => {
    stuck.current = true;
    setSeen(null);
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
  };
  useImperativeHandle(jump, () => (step) => {
    const box = scroller.current;
    if (!box || box.scrollHeight <= box.clientHeight) return;
    // By the measures: what is drawn may be a frame behind the scroll bar. Where a row begins is a fraction of a pixel off.
    const first = rows.getVirtualItemForOffset(box.scrollTop + 1);
    const turns = log.turns();
    // From inside of a long message the turn before is its own beginning.
    const inside = first !== undefined && box.scrollTop - first.start > NEAR_PX;
    const at = first?.index ?? 0;
    const target = step === 1 ? turns.find((turn) => turn > at) : turns.findLast((turn) => turn < at || (turn === at && inside));
    if (target === undefined) {
      if (step === 1) toBottom();
      return;
    }
    stuck.current = false;
    rows.scrollToIndex(target, { align: "start" });
  });
  const fresh = seen === null ? 0 : Math.max(0, state.len - seen);

  if (state.len === 0 && waiting.length === 0) {
    return (
      <div className="min-h-0 flex-1 px-4 py-4 lg:px-8">
        <div className="mx-auto max-w-[880px]">
        {state.loading && !active ? (
          <Skeleton lines={6} />
        ) : (
          <Empty flush title={state.lost ? "The output can’t be read now" : active ? "Nothing yet" : "No output"}>
            {state.lost ? "It is tried again by itself." : empty}
          </Empty>
        )}
        </div>
      </div>
    );
  }
  return (
    <div className="relative min-h-0 flex-1">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label="Transcript" aria-live="off" className="h-full overflow-y-auto overscroll-contain px-4 lg:px-8">
        <div className="mx-auto max-w-[880px]">
        {state.partial && <p className="py-2 text-meta text-ink-3">Reading what came before…</p>}
        <div className="relative mt-4" style={{ height: size }}>
          {rows.getVirtualItems().map((row) => {
            const item = log.item(row.index);
            return (
              <div
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className={`absolute inset-x-0 top-0 pb-2 ${row.index === found ? "rounded bg-accent-ground" : ""}`}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                {item && <ItemView item={item} renderRequest={renderRequest} />}
              </div>
            );
          })}
        </div>
        {waiting.map((message) => (
          <Waiting key={message.id} message={message} />
        ))}
        <div className="h-4" />
        </div>
      </div>
      {seen !== null && (
        <button
          type="button"
          onClick={toBottom}
          className="absolute bottom-3 left-1/2 flex h-7 -translate-x-1/2 items-center gap-1.5 rounded-full border border-line bg-raised px-3 shadow-float hover:bg-hover"
        >
          <ArrowDown className="size-3.5" aria-hidden="true" />
          {fresh > 0 ? `${fresh} new` : "To the end"}
        </button>
      )}
    </div>
  );
}

/** A message that is not in the output yet. */
function Waiting({ message }: { message: Message }) {
  const { body, state } = message;
  if (body.type !== "prompt") return null;
  return (
    <div data-message-id={message.id} data-pending={state.state === "queued" ? "" : undefined} className="mb-2 rounded border border-dashed border-line-strong px-3 py-2">
      {body.images && (
        <div className="flex flex-wrap items-start gap-2 pb-1">
          {body.images.map((image, at) => (
            <Picture key={at} image={image} of="you" />
          ))}
        </div>
      )}
      <p dir="auto" className="whitespace-pre-wrap wrap-anywhere">
        {body.text}
      </p>
      <p className="text-meta text-ink-3">{state.state === "delivered" ? "Delivered" : "Queued"}</p>
    </div>
  );
}
