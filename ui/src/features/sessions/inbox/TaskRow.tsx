// A task in the inbox: what failed, what waits for a review, what is in conflict, with the next step as a button.
import { Link, useNavigate } from "@tanstack/react-router";
import type { TaskLine } from "../../../lib/generated/types";
import { retrySession, useSession, useSessionIds, useShell } from "../../../lib/use";
import { ATTENTION_LABEL } from "../../../lib/words";
import { Button } from "../../../ui/Button";
import { AttentionMark } from "../../../ui/Mark";
import { GoOn } from "../GoOn";
import { ProjectName } from "./SessionRows";

export function TaskRow({ line, many }: { line: TaskLine; many: boolean }) {
  const navigate = useNavigate();
  const review = line.attention === "review_ready";
  return (
    <li data-need="" className="flex flex-wrap items-center gap-x-2 gap-y-1 border-t border-line px-2 py-2 outline-accent has-[[data-need-target]:focus-visible]:rounded has-[[data-need-target]:focus-visible]:outline-2">
      <AttentionMark attention={line.attention} done={line.progress.done} total={line.progress.total} />
      <span className="flex min-w-0 flex-1 basis-60 flex-col">
        <span className="flex items-center gap-2">
          <Link to="/tasks/$task" params={{ task: line.id }} search={review ? { tab: "changes" } : {}} data-need-target="" className="min-w-0 truncate outline-none hover:underline">
            <span dir="auto">{line.title}</span>
          </Link>
          {many && <ProjectName task={line.id} />}
        </span>
        <span className="flex min-w-0 gap-1.5 text-meta text-ink-2">
          <span className="shrink-0">{ATTENTION_LABEL[line.attention]}</span>
          {line.attention === "failed" && <Reason task={line.id} />}
        </span>
      </span>
      <span className="flex gap-1.5 max-sm:ps-6">
        {line.attention === "failed" ? (
          <RetryButtons task={line.id} />
        ) : (
          <Button small onClick={() => void navigate({ to: "/tasks/$task", params: { task: line.id }, search: review ? { tab: "changes" } : {} })}>
            {review ? "Review the changes" : "Resolve"}
          </Button>
        )}
      </span>
    </li>
  );
}

/** Why the last session of the task failed. */
function Reason({ task }: { task: string }) {
  const view = useSession(useSessionIds(task).ended[0] ?? "");
  if (!view) return null;
  return (
    <span dir="auto" title={view.line} className="truncate text-ink-3">
      {view.line}
    </span>
  );
}

function RetryButtons({ task }: { task: string }) {
  const shell = useShell();
  const navigate = useNavigate();
  const view = useSession(useSessionIds(task).ended[0] ?? "");
  if (!view) return null;
  const retry = view.actions.find((action) => action.name === "retry");
  return (
    <>
      <GoOn row={view.row} small />
      {retry && (
        <Button small reason={retry.enabled ? null : retry.reason} onClick={() => retrySession(shell, view.row)}>
          Retry
        </Button>
      )}
      <Button small onClick={() => void navigate({ to: "/sessions/$session", params: { session: view.row.id } })}>
        Open
      </Button>
    </>
  );
}
