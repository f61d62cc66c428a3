// The task list: virtual rows, filter, sort. The lines come sorted and filtered from the core, only as many as are drawn.
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { GitCompareArrows, Play, Search, Square } from "lucide-react";
import { memo, useRef, useState, type MouseEvent } from "react";
import { arm, useArmed } from "../../lib/armed";
import type { MeetsLine, Show, Sort, TaskLine } from "../../lib/generated/types";
import { isLed, useKeys } from "../../lib/keys";
import { usePref } from "../../lib/prefs";
import { useRelative } from "../../lib/time";
import { cancelSessions, startSession, useReach, useShell, useTaskLines } from "../../lib/use";
import { ATTENTION_LABEL } from "../../lib/words";
import { AttentionMark } from "../../ui/Mark";
import { QuietSelect, Skeleton } from "../../ui/Small";

const ROW = 44;

export function TaskList({ current, onCreate }: { current: string | null; onCreate: () => void }) {
  const [filter, setFilter] = useState("");
  const [show, setShow] = usePref("list.show", "active") as [Show, (show: string) => void];
  const [sort, setSort] = usePref("list.sort", "attention") as [Sort, (sort: string) => void];
  const filterBox = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => filterBox.current?.focus() });
  return (
    <nav aria-label="Tasks" className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-col gap-1 px-3 pb-2">
        <div className="relative">
          <Search className="pointer-events-none absolute top-1.5 left-2 size-4 text-ink-3" aria-hidden="true" />
          <input
            ref={filterBox}
            type="search"
            aria-label="Filter tasks"
            placeholder="Filter"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                setFilter("");
                event.currentTarget.blur();
              }
              if (event.key === "ArrowDown" || event.key === "Enter") {
                event.preventDefault();
                document.querySelector<HTMLElement>("[data-task-id] a")?.focus();
              }
            }}
            className="h-7 w-full rounded border border-line bg-panel ps-7 pe-2 placeholder:text-ink-3"
          />
        </div>
        <div className="flex justify-between gap-2">
          <QuietSelect aria-label="Show" value={show} onChange={(event) => setShow(event.target.value)} className="-ms-1">
            <option value="active">Active</option>
            <option value="archived">Archived</option>
            <option value="all">All</option>
          </QuietSelect>
          <QuietSelect aria-label="Sort" value={sort} onChange={(event) => setSort(event.target.value)} className="-me-1">
            <option value="attention">Attention first</option>
            <option value="updated">Last changed</option>
            <option value="title">Title</option>
            <option value="progress">Progress</option>
          </QuietSelect>
        </div>
      </div>
      <Rows filter={filter} show={show} sort={sort} current={current} onClear={() => setFilter("")} onCreate={onCreate} />
    </nav>
  );
}

type RowsProps = { filter: string; show: Show; sort: Sort; current: string | null; onClear: () => void; onCreate: () => void };

function Rows({ filter, show, sort, current, onClear, onCreate }: RowsProps) {
  const navigate = useNavigate();
  const connection = useReach();
  const scroller = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState(false);
  const { total, active, archived } = useTaskLines({ filter, show, sort, from: 0, to: 0, held });
  const rows = useVirtualizer({ count: total, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 8 });
  const drawn = rows.getVirtualItems();
  const from = drawn[0]?.index ?? 0;
  const to = (drawn.at(-1)?.index ?? -1) + 1;
  const { lines } = useTaskLines({ filter, show, sort, from, to, held });

  /** Moves the focus by rows; without focus it starts from the page's task. */
  const move = (step: 1 | -1) => {
    if (total === 0) return;
    const focused = document.activeElement?.closest<HTMLElement>("[data-task-index]");
    const page = scroller.current?.querySelector<HTMLElement>("[data-task-index]:has([aria-current])");
    const at = Number((focused ?? page)?.dataset.taskIndex ?? (step === 1 ? -1 : total));
    const next = Math.min(total - 1, Math.max(0, at + step));
    rows.scrollToIndex(next, { align: "auto" });
    const focus = () => scroller.current?.querySelector<HTMLElement>(`[data-task-index="${next}"] a`)?.focus({ preventScroll: true });
    requestAnimationFrame(() => requestAnimationFrame(focus));
  };
  const open = (event: MouseEvent<HTMLElement>) => {
    const row = (event.target as HTMLElement).closest("a")?.closest<HTMLElement>("[data-task-id]");
    const task = row?.dataset.taskId;
    if (task === undefined || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void navigate({ to: "/tasks/$task", params: { task } });
  };
  useKeys({ j: () => move(1), k: () => move(-1) });

  if (total === 0) {
    if (connection.state === "loading" && !connection.has_base) return <Skeleton lines={10} />;
    return (
      <p className="px-3 py-2 text-ink-2" role="status">
        {filter !== "" ? (
          <>
            No task matches “{filter}”.{" "}
            <TextButton onPress={onClear}>Clear</TextButton>
          </>
        ) : show === "archived" ? (
          "Nothing is archived."
        ) : (
          <>
            No tasks yet. Each markdown file in the tasks folder is one. <TextButton onPress={onCreate}>Create one</TextButton>
          </>
        )}
      </p>
    );
  }
  return (
    <div
      ref={scroller}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain"
      // Rows do not change their places under the pointer.
      onPointerEnter={(event) => event.pointerType === "mouse" && setHeld(true)}
      onPointerLeave={() => setHeld(false)}
    >
      {/* The links inside are what is pressed. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions */}
      <ul onClick={open} className="relative" style={{ height: rows.getTotalSize() }}>
        {lines.map((line, at) => (
          <Row key={line.id} line={line} index={from + at} total={total} current={line.id === current} />
        ))}
      </ul>
      <p className="sr-only" role="status">
        {filter === "" ? "" : `${total} of ${active + archived} tasks`}
      </p>
    </div>
  );
}

function TextButton({ children, onPress }: { children: string; onPress: () => void }) {
  return (
    <button type="button" className="text-accent-ink underline underline-offset-2" onClick={onPress}>
      {children}
    </button>
  );
}

const Row = memo(function Row({ line, index, total, current }: { line: TaskLine; index: number; total: number; current: boolean }) {
  const shell = useShell();
  const age = useRelative(line.updated);
  const word = line.problem === null ? ATTENTION_LABEL[line.attention] : "Can’t be shown";
  const armed = useArmed(line.id);
  const play = () => {
    if (line.play.enabled) startSession(shell, line.id, line.play.kind);
  };
  const cancel = () => {
    arm(armed ? null : line.id);
    if (armed) cancelSessions(shell, line.id);
  };
  // What runs and can't be started again is to be stopped.
  const stops = line.running && !line.play.enabled;
  return (
    <li
      data-task-id={line.id}
      data-task-index={index}
      data-attention={line.attention}
      data-pending={line.pending ? "" : undefined}
      aria-posinset={index + 1}
      aria-setsize={total}
      className="group absolute inset-x-0 top-0 px-1.5"
      style={{ height: ROW, transform: `translateY(${index * ROW}px)` }}
    >
      {/* The list goes there: a router's link for each row costs more than the row. */}
      <a
        href={`/tasks/${line.id}`}
        aria-current={current ? "page" : undefined}
        onKeyDown={(event) => {
          const act = event.key === "i" ? play : event.key === "x" && stops ? cancel : null;
          if (act === null || event.metaKey || event.ctrlKey || isLed(event)) return;
          event.preventDefault();
          event.stopPropagation();
          act();
        }}
        onBlur={() => armed && arm(null)}
        className={`flex h-[43px] items-center gap-2 rounded px-2 ${current ? "bg-pressed" : "group-hover:bg-hover"}`}
      >
        <AttentionMark attention={line.attention} done={line.progress.done} total={line.progress.total} />
        {/* Where nothing hovers, the button is always there. */}
        <span className="min-w-0 flex-1 max-lg:pe-7">
          <span dir="auto" className={`block truncate text-start ${current || line.attention !== "idle" ? "font-medium text-ink" : "text-ink"}`}>
            {line.title}
          </span>
          <span className="flex gap-1.5 text-meta text-ink-3">
            {(armed || word !== "") && (
              <span title={line.problem ?? undefined} className={`truncate ${armed ? "text-danger" : "text-ink-2"}`}>
                {armed ? "Cancel it? Press again." : word}
              </span>
            )}
            {!armed && line.progress.total > 0 && (
              <span className="shrink-0">
                {line.progress.done}/{line.progress.total}
                <span className="sr-only"> boxes done</span>
              </span>
            )}
            {!armed && line.meets && <MeetsMark meets={line.meets} />}
            <time className="ms-auto shrink-0 lg:group-focus-within:invisible lg:group-hover:invisible">{age}</time>
          </span>
        </span>
      </a>
      <RowButton line={line} stops={stops} armed={armed} onPress={stops ? cancel : play} />
    </li>
  );
});

/** Other work changes the same files; in the warning's colour where a merge of both would conflict. */
function MeetsMark({ meets: { conflicts, titles } }: { meets: MeetsLine }) {
  const others = titles.map((title) => `“${title}”`).join(", ");
  const told = conflicts ? `Would conflict with ${others}` : `Changes files that ${others} changes, too`;
  return (
    <span title={told} className={`grid shrink-0 place-items-center ${conflicts ? "text-warning" : ""}`}>
      <GitCompareArrows className="size-3.5" aria-hidden="true" />
      <span className="sr-only">{told}</span>
    </span>
  );
}

/** Starts the next step of a task; of one that runs it cancels, asking first. */
function RowButton({ line, stops, armed, onPress }: { line: TaskLine; stops: boolean; armed: boolean; onPress: () => void }) {
  const label = stops ? "Cancel" : line.play.label;
  const reason = stops ? null : line.play.reason;
  const Icon = stops ? Square : Play;
  return (
    <button
      type="button"
      aria-label={label}
      title={reason ?? (stops ? "Cancel (x)" : label)}
      aria-disabled={reason !== null || undefined}
      // The second click of a double click on Play is not meant for what has come to stand there.
      onClick={(event) => (event.detail < 2 || armed) && onPress()}
      onBlur={() => armed && arm(null)}
      className={`absolute end-3 bottom-2.5 grid size-6 place-items-center rounded lg:bottom-1 ${armed ? "" : "lg:opacity-0 lg:group-focus-within:opacity-100 lg:group-hover:opacity-100"} ${
        armed ? "text-danger hover:bg-pressed" : reason !== null ? "text-ink-3" : "text-ink-2 hover:bg-pressed hover:text-ink"
      }`}
    >
      <Icon className="size-3.5" aria-hidden="true" />
    </button>
  );
}
