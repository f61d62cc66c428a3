// Above the document: title, where the task stands, what can be done, and jobs that failed.
import type { DocumentView, Job, TaskView } from "../../lib/generated/types";
import { exact, useRelative } from "../../lib/time";
import { useShell } from "../../lib/use";
import { ATTENTION_LABEL, plural, shortPath } from "../../lib/words";
import { Button } from "../../ui/Button";
import { AttentionMark } from "../../ui/Mark";
import { TaskActions } from "./TaskActions";
import { Title } from "./Title";

export function TaskHead({ view, doc, onRewrite }: { view: TaskView; doc: DocumentView | undefined; onRewrite: () => void }) {
  const { row, project } = view;
  const age = useRelative(row.updated);
  const word = ATTENTION_LABEL[view.attention] || view.phase.replaceAll("_", " ");
  return (
    <header data-pending={view.pending ? "" : undefined} className="flex flex-col gap-2">
      <div className="flex items-start gap-2">
        <Title view={view} doc={doc} />
      </div>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-meta text-ink-3">
        <span className="flex items-center gap-1.5 text-ink-2 first-letter:uppercase">
          <AttentionMark attention={view.attention} done={row.progress.done} total={row.progress.total} />
          <span className="first-letter:uppercase">{word}</span>
        </span>
        {row.progress.total > 0 && (
          <span>
            {row.progress.done} of {plural(row.progress.total, "step")}
          </span>
        )}
        {row.criteria.total > 0 && (
          <span>
            {row.criteria.done} of {plural(row.criteria.total, "criterion", "criteria")}
          </span>
        )}
        {row.path !== null && <span title={row.path}>{shortPath(row.path, 44)}</span>}
        <time title={exact(row.updated)}>{age}</time>
      </p>
      {project?.problem && <p className="rounded bg-warning-ground px-3 py-2 text-warning">{project.problem}</p>}
      {!row.on_branch && (
        <p className="rounded bg-info-ground px-3 py-2 text-info">This task is not on the checked-out branch{project?.branch ? ` (${project.branch})` : ""}. It waits here; nothing is written.</p>
      )}
      <TaskActions view={view} onRewrite={onRewrite} />
      {view.jobs.map((job) => (
        <FailedJob key={job.id} job={job} />
      ))}
    </header>
  );
}

const DOING: Record<Job["work"]["do"], string> = {
  write_document: "Writing the document",
  keep: "Keeping the work",
  undo_keep: "Taking back what was kept",
  discard: "Discarding the work",
  undo_discard: "Bringing the work back",
};

function FailedJob({ job }: { job: Job }) {
  const shell = useShell();
  if (job.state.state !== "failed") return null;
  return (
    <div role="alert" className="flex flex-wrap items-start gap-2 rounded bg-danger-ground px-3 py-2">
      <div className="min-w-0 flex-1">
        <p className="font-medium text-danger">{DOING[job.work.do]} failed</p>
        <p className="wrap-anywhere text-ink-2">{job.state.reason}</p>
        {job.state.files.length > 0 && <p className="font-mono text-code wrap-anywhere text-ink-2">{job.state.files.join(", ")}</p>}
      </div>
      <Button small onClick={() => shell.act({ name: "retry_job", args: { id: job.id } })}>
        Retry
      </Button>
      <Button small look="quiet" title="Give it up; what was written stays stored" onClick={() => shell.act({ name: "drop_job", args: { id: job.id } })}>
        Discard
      </Button>
    </div>
  );
}
