// Tool calls: one line that opens. Edits open as a diff, commands as a small terminal.
import { ChevronRight, FileMinus, FilePen, FileSearch, FileSymlink, Globe, Lightbulb, Search, SquareTerminal, Wrench, type LucideIcon } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import type { ToolCall, ToolKind } from "../../lib/generated/types";
import { duration } from "../../lib/time";
import { plural, shortPath } from "../../lib/words";
import { Coded } from "../../ui/Coded";
import { RunningMark, StatusMark } from "../../ui/Mark";
import { countLines, parseUnified } from "../../ui/unified";
import { editHunk } from "./edit";
import { ToolBody } from "./ToolBody";

const ICON: Record<ToolKind, LucideIcon> = {
  read: FileSearch,
  edit: FilePen,
  delete: FileMinus,
  move: FileSymlink,
  search: Search,
  execute: SquareTerminal,
  think: Lightbulb,
  fetch: Globe,
  other: Wrench,
};

/** What took less is not worth a number. */
const SHORT_MS = 100;

/** A row that opens. What is inside is made only when it is open. */
export function Fold({ icon, title, hint, end, children }: { icon: ReactNode; title: ReactNode; hint: ReactNode; end?: ReactNode; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="-mx-1.5 flex min-h-7 w-[calc(100%+12px)] items-center gap-2 rounded px-1.5 text-start hover:bg-hover">
        {icon}
        <span className="min-w-0 shrink truncate">{title}</span>
        <span className="min-w-0 flex-1 truncate text-meta text-ink-3">{hint}</span>
        {end}
        <ChevronRight className={`size-3.5 shrink-0 text-ink-3 transition-transform ${open ? "rotate-90" : ""}`} aria-hidden="true" />
      </button>
      {open && <div className="mt-1 mb-2 ms-2 border-s border-line ps-4">{children}</div>}
    </div>
  );
}

export function ToolRow({ call: item }: { call: ToolCall }) {
  const Icon = ICON[item.tool];
  const took = item.ended === null ? null : item.ended - item.began;
  const patches = useMemo(() => item.content.map((content) => (content.type === "diff" ? editHunk(content.old ?? "", content.new) : null)), [item.content]);
  const changed = patches.reduce(
    (sum, patch) => {
      if (patch === null) return sum;
      const { additions, deletions } = countLines(parseUnified(patch));
      return { additions: sum.additions + additions, deletions: sum.deletions + deletions };
    },
    { additions: 0, deletions: 0 },
  );
  const target = item.files.filter((file) => !item.title.includes(file)).map((file) => shortPath(file, 40));
  return (
    <div data-item="tool" data-tool={item.tool} data-tool-status={item.status}>
      <Fold
        icon={<Icon className="size-4 shrink-0 text-ink-3" aria-hidden="true" />}
        title={
          <span className={item.tool === "execute" ? "font-mono text-code" : ""}>
            <Coded text={item.title} />
          </span>
        }
        hint={target.join(", ")}
        end={
          <span className="flex shrink-0 items-center gap-2 text-meta text-ink-3">
            {changed.additions + changed.deletions > 0 && (
              <span>
                <span className="text-success">+{changed.additions}</span> <span className="text-danger">−{changed.deletions}</span>
              </span>
            )}
            {item.status === "completed" ? took !== null && took >= SHORT_MS && duration(took) : item.status === "failed" ? <StatusMark status="failed" /> : <RunningMark />}
            <span className="sr-only">{item.status}</span>
          </span>
        }
      >
        <ToolBody call={item} patches={patches} />
      </Fold>
    </div>
  );
}

export function ReadsRow({ calls }: { calls: ToolCall[] }) {
  return (
    <Fold icon={<FileSearch className="size-4 shrink-0 text-ink-3" aria-hidden="true" />} title={`Read ${plural(calls.length, "file")}`} hint={calls.flatMap((call) => call.files.map((file) => file.slice(file.lastIndexOf("/") + 1))).join(", ")}>
      <div className="flex flex-col">
        {calls.map((call) => (
          <ToolRow key={call.id} call={call} />
        ))}
      </div>
    </Fold>
  );
}
