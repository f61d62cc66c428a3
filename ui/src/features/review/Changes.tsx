// What changed in the task's worktree, from git: the files, and the unified diff of one of them. Read only.
import { FileMinus, FilePen, FilePlus, FileSymlink } from "lucide-react";
import { useEffect, useState } from "react";
import { read } from "../../lib/api";
import type { Branch, ChangedFile, ChangesAnswer, FileDiff as FileDiffAnswer, FileStatus } from "../../lib/generated/types";
import { plural, shortPath, whole } from "../../lib/words";
import { Diff } from "../../ui/Diff";
import { Empty, Skeleton } from "../../ui/Small";
import { Button } from "../../ui/Button";

type Loaded<T> = { state: "loading" } | { state: "there"; value: T } | { state: "failed"; message: string };

/** Reads a path again whenever `stamp` changes; keeps the last value while it does. */
function useRead<T>(path: string | null, stamp: string): [Loaded<T>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T> & { of?: string }>({ state: "loading" });
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    read<T>(path, abort.signal).then(
      (value) => setLoaded({ state: "there", value, of: path }),
      (cause: unknown) => {
        if (!abort.signal.aborted) setLoaded({ state: "failed", message: cause instanceof Error ? cause.message : String(cause), of: path });
      },
    );
    return () => abort.abort();
  }, [path, stamp, again]);
  return [loaded.of === path ? loaded : { state: "loading" }, () => setAgain(again + 1)];
}

export function Changes({ task, branch, file, onFile }: { task: string; branch: Branch; file: string | null; onFile: (path: string) => void }) {
  const { changed } = branch;
  const stamp = changed ? `${changed.files} ${changed.additions} ${changed.deletions}` : "";
  const [answer, again] = useRead<ChangesAnswer>(`/tasks/${task}/changes`, stamp);
  if (answer.state === "loading") return <Skeleton lines={6} />;
  if (answer.state === "failed") {
    return (
      <Empty flush title="The changes can’t be shown" action={<Button onClick={again}>Retry</Button>}>
        {answer.message}
      </Empty>
    );
  }
  const { files } = answer.value;
  if (files.length === 0) return <Empty flush title="No changes">The worktree is as the branch was where it began.</Empty>;
  const shown = files.find((f) => f.path === file) ?? files[0];
  const additions = files.reduce((sum, f) => sum + f.additions, 0);
  const deletions = files.reduce((sum, f) => sum + f.deletions, 0);
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p className="mb-1 text-meta text-ink-3">
          {plural(files.length, "file")} · <Counts additions={additions} deletions={deletions} /> · <span title={branch.path}>{shortPath(branch.name, 72)}</span>
          {branch.target !== null && ` to ${branch.target}`}
        </p>
        <ul aria-label="Changed files" className="flex flex-col">
          {files.map((f) => (
            <li key={f.path}>
              <button
                type="button"
                aria-current={f === shown ? "true" : undefined}
                onClick={() => onFile(f.path)}
                className={`-mx-2 flex h-7 w-[calc(100%+16px)] items-center gap-2 rounded px-2 text-start ${f === shown ? "bg-pressed" : "hover:bg-hover"}`}
              >
                <StatusIcon status={f.status} />
                <span title={f.old_path ? `${f.old_path} → ${f.path}` : f.path} className="min-w-0 flex-1 truncate font-mono text-code">
                  {shortPath(f.path, 72)}
                </span>
                <span className="text-meta text-ink-3">{f.binary ? "binary" : <Counts additions={f.additions} deletions={f.deletions} />}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
      {shown && <FileDiff key={shown.path} task={task} file={shown} tree={answer.value.tree} />}
    </div>
  );
}

function Counts({ additions, deletions }: { additions: number; deletions: number }) {
  return (
    <span>
      <span className="text-success">+{whole(additions)}</span> <span className="text-danger">−{whole(deletions)}</span>
    </span>
  );
}

function StatusIcon({ status }: { status: FileStatus }) {
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
      <span className="sr-only">{status}</span>
    </>
  );
}

function FileDiff({ task, file, tree }: { task: string; file: ChangedFile; tree: string }) {
  const path = file.binary ? null : `/tasks/${task}/changes/file?path=${encodeURIComponent(file.path)}`;
  const [answer] = useRead<FileDiffAnswer>(path, tree);
  return (
    <section aria-label={file.path} className="overflow-hidden rounded border border-line">
      <p className="border-b border-line bg-ground px-3 py-1.5 font-mono text-code wrap-anywhere">{file.path}</p>
      {file.binary ? (
        <p className="p-3 text-ink-2">A binary file; it is not shown here.</p>
      ) : answer.state === "loading" ? (
        <Skeleton lines={5} />
      ) : answer.state === "failed" ? (
        <p className="p-3 text-danger">{answer.message}</p>
      ) : (
        <>
          <Diff text={answer.value.diff} label={`Diff of ${file.path}`} />
          {answer.value.truncated && <p className="border-t border-line px-3 py-2 text-meta text-ink-3">It goes on; only the beginning is shown.</p>}
        </>
      )}
    </section>
  );
}
