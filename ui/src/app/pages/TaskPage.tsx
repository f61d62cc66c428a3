// A task: its head, and its document or its changes.
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
import { ConflictView } from "../../features/tasks/ConflictView";
import { DocumentPane } from "../../features/tasks/DocumentPane";
import { RewriteBox } from "../../features/tasks/RewriteBox";
import { TaskHead } from "../../features/tasks/TaskHead";
import { useReach, useDocument, useTask } from "../../lib/use";
import { Empty, Skeleton, Tabs } from "../../ui/Small";
import { Changes } from "../parts";

export function TaskPage() {
  const { task } = useParams({ from: "/tasks/$task" });
  return <TaskBody key={task} task={task} />;
}

function TaskBody({ task }: { task: string }) {
  const { tab = "document", file } = useSearch({ from: "/tasks/$task" });
  const navigate = useNavigate({ from: "/tasks/$task" });
  const view = useTask(task);
  const doc = useDocument(task);
  const { has_base } = useReach();
  const rewrite = useRef<HTMLDivElement>(null);
  if (!view) {
    return has_base ? (
      <Empty title="This task is not there" action={<Link to="/" className="text-accent-ink underline">To the start</Link>}>
        It may have been removed, or it belongs to another server.
      </Empty>
    ) : (
      <Skeleton lines={8} />
    );
  }
  const changed = view.row.branch?.discarded === null ? view.row.branch.changed : null;
  const toRewrite = () => {
    void navigate({ search: {} });
    requestAnimationFrame(() => {
      rewrite.current?.scrollIntoView({ block: "nearest" });
      rewrite.current?.querySelector("textarea")?.focus();
    });
  };
  const branch = view.row.branch;
  const reviewed = tab === "changes" && branch !== null && branch.discarded === null;
  const width = `mx-auto w-full px-4 lg:px-8 ${tab === "changes" ? "" : "max-w-[820px]"}`;
  return (
    // The changes have columns of their own that scroll; everything else is one.
    <div className={`min-h-0 flex-1 ${reviewed ? "flex flex-col" : "overflow-y-auto"}`}>
      <div className={`shrink-0 pt-4 ${width}`}>
        <TaskHead view={view} doc={doc} onRewrite={toRewrite} />
        <div className={`mt-3 ${reviewed ? "" : "mb-4 border-b border-line"}`}>
          <Tabs
            label="Parts of the task"
            value={tab}
            options={[
              ["document", "Document"],
              [
                "changes",
                <span key="changes" className="flex items-center gap-1.5">
                  Changes {changed !== null && changed.files > 0 && <span className="text-meta text-ink-3">{changed.files}</span>}
                </span>,
              ],
            ]}
            onChange={(next) => void navigate({ search: next === "changes" ? { tab: "changes" } : {} })}
          />
        </div>
      </div>
      <div role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} className={reviewed ? "flex min-h-0 flex-1 flex-col" : `pb-10 ${width}`}>
        {tab !== "changes" ? (
          <>
            <DocumentPane view={view} doc={doc}>
              {view.row.conflict !== null && <ConflictView task={task} conflict={view.row.conflict} />}
            </DocumentPane>
            <RewriteBox task={task} action={view.actions.find((action) => action.name === "rewrite")} boxRef={rewrite} />
          </>
        ) : branch === null ? (
          <Empty flush title="Nothing was changed yet">Implement starts an agent in a worktree of its own; what it changes shows here.</Empty>
        ) : branch.discarded !== null ? (
          <Empty flush title="The work was discarded">It is saved; Undo brings the worktree back as it was.</Empty>
        ) : (
          <Changes task={task} branch={branch} file={file ?? null} onFile={(path, passing = false) => void navigate({ search: { tab: "changes", file: path }, replace: passing })} />
        )}
      </div>
    </div>
  );
}
