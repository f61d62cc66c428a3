// The changed files of a task's work: what happened to each, how much, and whether it was viewed.
import { useVirtualizer } from "@tanstack/react-virtual";
import { FileMinus, FilePen, FilePlus, FileSymlink, MessageSquare } from "lucide-react";
import { useEffect, useRef } from "react";
import type { ChangedFile, CommentView, FileStatus } from "../../lib/generated/types";
import { plural, shortPath, whole } from "../../lib/words";
import { TextField } from "../../ui/Small";
import type { Viewed } from "./viewed";

const ROW = 32;

type Props = { comments: CommentView[]; files: ChangedFile[]; all: ChangedFile[]; shown: ChangedFile | undefined; viewed: Viewed; filter: string; onFilter: (text: string) => void; onFile: (file: ChangedFile) => void };

export function FileList({ comments, files, all, shown, viewed, filter, onFilter, onFile }: Props) {
  const scroller = useRef<HTMLUListElement>(null);
  const rows = useVirtualizer({ count: files.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 10, initialRect: { width: 280, height: 600 } });
  const at = shown ? files.indexOf(shown) : -1;
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: "auto" });
  }, [at, rows]);
  const done = all.filter((file) => viewed.has(file)).length;
  return (
    <>
      <div className="flex flex-col gap-1.5 p-2">
        <TextField aria-label="Filter files" placeholder="Filter files" value={filter} onChange={(event) => onFilter(event.target.value)} className="w-full" />
        <p className="flex justify-between px-1 text-meta text-ink-3">
          <span>
            {filter === "" ? plural(all.length, "file") : `${whole(files.length)} of ${plural(all.length, "file")}`} · <Counts additions={sum(all, "additions")} deletions={sum(all, "deletions")} />
          </span>
          <span>{whole(done)} viewed</span>
        </p>
      </div>
      <ul ref={scroller} aria-label="Changed files" className="relative min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        <li role="presentation" aria-hidden="true" style={{ height: rows.getTotalSize() }} />
        {rows.getVirtualItems().map((item) => {
          const file = files[item.index];
          return (
            file && (
              <li key={file.path} aria-setsize={files.length} aria-posinset={item.index + 1} className="absolute inset-x-2 top-0" style={{ height: ROW, transform: `translateY(${item.start}px)` }}>
                <FileRow file={file} comments={comments.filter(({ row }) => row.place.path === file.path && !row.resolved).length} current={file === shown} viewed={viewed} onFile={onFile} />
              </li>
            )
          );
        })}
      </ul>
    </>
  );
}

function FileRow({ file, comments, current, viewed, onFile }: { file: ChangedFile; comments: number; current: boolean; viewed: Viewed; onFile: (file: ChangedFile) => void }) {
  const cut = file.path.lastIndexOf("/") + 1;
  const seen = viewed.has(file);
  return (
    <div className={`flex h-full items-center rounded pe-2 ${current ? "bg-pressed" : "hover:bg-hover"}`}>
      <button type="button" aria-current={current ? "true" : undefined} title={file.old_path ? `${file.old_path} → ${file.path}` : file.path} onClick={() => onFile(file)} className={`flex h-full min-w-0 flex-1 items-center gap-2 rounded ps-2 text-start ${seen ? "text-ink-3" : ""}`}>
        <StatusIcon status={file.status} />
        {/* The name stays whole; of the folders the end does. */}
        <span className="flex min-w-0 flex-1 items-baseline gap-1.5 overflow-hidden">
          <span className="max-w-full shrink-0 truncate">{file.path.slice(cut)}</span>
          <span className="min-w-0 truncate text-meta text-ink-3 [direction:rtl]">
            <bdi>{file.path.slice(0, Math.max(0, cut - 1))}</bdi>
          </span>
        </span>
        {comments > 0 && (
          <span className="flex shrink-0 items-center gap-0.5 text-meta text-accent-ink" title={plural(comments, "comment")}>
            <MessageSquare className="size-3" aria-hidden="true" />
            {comments}
            <span className="sr-only"> comments</span>
          </span>
        )}
        <span className="shrink-0 text-meta text-ink-3 tabular-nums">{file.binary ? "binary" : <Counts additions={file.additions} deletions={file.deletions} />}</span>
      </button>
      <input type="checkbox" aria-label={`Viewed: ${file.path}`} title="Viewed (m)" checked={seen} onChange={(event) => viewed.set(file, event.target.checked)} className="ms-2 size-3.5 shrink-0 accent-accent" />
    </div>
  );
}

const sum = (files: ChangedFile[], of: "additions" | "deletions") => files.reduce((all, file) => all + file[of], 0);

/** Its name whole, its folders where there is room. */
export function FileName({ file }: { file: ChangedFile }) {
  const cut = file.path.lastIndexOf("/") + 1;
  return (
    <>
      <span className="truncate">
        <span className="text-ink-3 max-sm:hidden">{shortPath(file.path.slice(0, cut), 60)}</span>
        {file.path.slice(cut)}
      </span>
      {file.old_path !== null && <span className="truncate text-ink-3 max-sm:hidden">was {shortPath(file.old_path, 48)}</span>}
    </>
  );
}

export function ViewedBox({ file, viewed }: { file: ChangedFile; viewed: Viewed }) {
  return (
    <label className="flex shrink-0 items-center gap-1.5 text-meta text-ink-2">
      <input type="checkbox" checked={viewed.has(file)} onChange={(event) => viewed.set(file, event.target.checked)} className="size-3.5 accent-accent" />
      Viewed
    </label>
  );
}

export function Counts({ additions, deletions }: { additions: number; deletions: number }) {
  return (
    <span>
      <span className="text-success">+{whole(additions)}</span> <span className="text-danger">−{whole(deletions)}</span>
    </span>
  );
}

export function StatusIcon({ status }: { status: FileStatus }) {
  const [Icon, colour] =
    status === "added" || status === "copied"
      ? [FilePlus, "text-success"]
      : status === "deleted"
        ? [FileMinus, "text-danger"]
        : status === "renamed"
          ? [FileSymlink, "text-info"]
          : [FilePen, "text-ink-3"];
  return (
    <>
      <Icon className={`size-4 shrink-0 ${colour}`} aria-hidden="true" />
      <span className="sr-only">{status.replace("_", " ")}</span>
    </>
  );
}
