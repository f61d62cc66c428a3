// What changed in a task's worktree, from git: the files beside the diff of one of them, or of all.
import { ChevronLeft, ChevronRight, File, Files, List } from "lucide-react";
import { useEffect, useState } from "react";
import type { Branch, ChangedFile, ChangesAnswer } from "../../lib/generated/types";
import { useKeys } from "../../lib/keys";
import { usePref } from "../../lib/prefs";
import { useComments } from "../../lib/use";
import { useRead } from "../../lib/useRead";
import { plural } from "../../lib/words";
import { Button, IconButton } from "../../ui/Button";
import { Empty, Segmented, Skeleton } from "../../ui/Small";
import { AllFiles } from "./AllFiles";
import { DiffPane } from "./DiffPane";
import { Counts, FileList, FileName, StatusIcon, ViewedBox } from "./FileList";
import { SendBar } from "./SendBar";
import { useViewed, type Viewed } from "./viewed";

/** `onFile` opens a file; where it is only the one that is passed by scrolling, that is no step of the browser's history. */
type Props = { task: string; branch: Branch; file: string | null; onFile: (path: string, passing?: boolean) => void };

export function Changes({ task, branch, file, onFile }: Props) {
  const [answer, again] = useRead<ChangesAnswer>(`/tasks/${task}/changes`);
  const counted = branch.changed?.tree;
  const shown = answer.state === "there" ? answer.value.tree : null;
  // Whoever reads the list has it counted: only what was counted elsewhere is read again.
  useEffect(() => {
    if (counted !== undefined && shown !== null && counted !== shown) again();
    // oxlint-disable-next-line react/exhaustive-deps
  }, [counted]);
  // Whoever comes back to the page may have edited the worktree in the meantime.
  useEffect(() => {
    addEventListener("focus", again);
    return () => removeEventListener("focus", again);
  });
  if (answer.state === "loading") return <Skeleton lines={6} />;
  if (answer.state === "failed") {
    return (
      <Empty title="The changes can’t be shown" action={<Button onClick={again}>Retry</Button>}>
        {answer.message}
      </Empty>
    );
  }
  if (answer.value.files.length === 0) return <Empty title="No changes">The worktree is as the branch was where it began.</Empty>;
  return <Reading task={task} branch={branch} answer={answer.value} file={file} onFile={onFile} />;
}

function Reading({ task, branch, answer, file, onFile }: Props & { answer: ChangesAnswer }) {
  const [filter, setFilter] = useState("");
  const [view, setView] = usePref("review.view", "unified");
  const [together, setTogether] = usePref("review.files", "one");
  const [listed, setListed] = useState(false);
  const viewed = useViewed(task);
  const comments = useComments(task);
  const { files: every, tree } = answer;
  const words = filter.toLowerCase();
  const files = words === "" ? every : every.filter((f) => f.path.toLowerCase().includes(words));
  const shown = every.find((f) => f.path === file) ?? files[0] ?? every[0];
  const all = together === "all";
  const aside = view === "split" && matchMedia("(min-width: 1024px)").matches;
  const at = shown ? files.indexOf(shown) : -1;
  const open = (next: ChangedFile | undefined) => {
    if (!next) return;
    setListed(false);
    onFile(next.path);
  };
  const step = (by: 1 | -1) => open(files[at + by]);
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    s: () => setView(view === "split" ? "unified" : "split"),
    f: () => setTogether(all ? "one" : "all"),
    m: () => {
      if (!shown) return;
      const marks = !viewed.has(shown);
      viewed.set(shown, marks);
      if (marks) step(1);
    },
  });
  if (!shown) return null;
  return (
    <div className="flex min-h-0 flex-1 border-t border-line">
      <div className={`min-h-0 flex-col bg-ground max-lg:w-full lg:w-[280px] lg:shrink-0 lg:border-e lg:border-line ${listed ? "flex" : "hidden lg:flex"}`}>
        <FileList comments={comments} files={files} all={every} shown={shown} viewed={viewed} filter={filter} onFilter={setFilter} onFile={open} />
      </div>
      <section aria-label={all ? "All files" : shown.path} className={`min-h-0 min-w-0 flex-1 flex-col ${listed ? "hidden lg:flex" : "flex"}`}>
        <header className="flex h-10 shrink-0 items-center gap-2 border-b border-line ps-3 pe-2">
          <IconButton label="All files" className="lg:hidden" onClick={() => setListed(true)}>
            <List className="size-4" />
          </IconButton>
          {all ? (
            <h2 className="min-w-0 flex-1 truncate">
              {at + 1} of {plural(files.length, "file")}
            </h2>
          ) : (
            <OneHead shown={shown} branch={branch} viewed={viewed} />
          )}
          <span className="max-lg:hidden">
            <Segmented
              label="How lines are shown"
              value={view === "split" ? "split" : "unified"}
              options={[
                ["unified", "Unified"],
                ["split", "Split"],
              ]}
              onChange={setView}
            />
          </span>
          <IconButton label={all ? "One file at a time" : "All files one below the other"} hint="f" aria-pressed={all} onClick={() => setTogether(all ? "one" : "all")}>
            {all ? <File className="size-4" /> : <Files className="size-4" />}
          </IconButton>
          <span className="flex shrink-0">
            <IconButton label="Previous file" hint="k" reason={at > 0 ? null : "this is the first"} onClick={() => step(-1)}>
              <ChevronLeft className="size-4" />
            </IconButton>
            <IconButton label="Next file" hint="j" reason={at >= 0 && at < files.length - 1 ? null : "this is the last"} onClick={() => step(1)}>
              <ChevronRight className="size-4" />
            </IconButton>
          </span>
        </header>
        {all ? (
          <AllFiles task={task} tree={tree} files={files} shown={shown} viewed={viewed} split={aside} comments={comments} onTop={(top) => onFile(top.path, true)} />
        ) : (
          <DiffPane key={shown.path} place={{ task, tree, file: shown }} split={aside} comments={comments} />
        )}
        <SendBar task={task} comments={comments} />
      </section>
    </div>
  );
}

function OneHead({ shown, branch, viewed }: { shown: ChangedFile; branch: Branch; viewed: Viewed }) {
  return (
    <>
      <StatusIcon status={shown.status} />
      <h2 className="flex min-w-0 flex-1 items-baseline gap-1.5 font-mono text-code" title={`${shown.path} (${branch.name}${branch.target === null ? "" : ` to ${branch.target}`})`}>
        <FileName file={shown} />
      </h2>
      {!shown.binary && (
        <span className="shrink-0 text-meta tabular-nums max-sm:hidden">
          <Counts additions={shown.additions} deletions={shown.deletions} />
        </span>
      )}
      <ViewedBox file={shown} viewed={viewed} />
    </>
  );
}
