// Above the document: title, where the task stands, what can be done, and jobs that failed.
import type { DocumentView, Phase, TaskView } from "../../lib/generated/types";
import { exact, useRelative } from "../../lib/time";
import { ATTENTION_LABEL, plural, shortPath } from "../../lib/words";
import { AttentionMark } from "../../ui/Mark";
import { JobLine } from "./JobLine";
import { Landed } from "./Landed";
import { Merging } from "./Merging";
import { Proposed } from "./Proposed";
import { Radar } from "./Radar";
import { TaskActions } from "./TaskActions";
import { Title } from "./Title";
import { Trial } from "./Trial";

export function TaskHead({ view, doc, onRewrite }: { view: TaskView; doc: DocumentView | undefined; onRewrite: () => void }) {
  const { row, project } = view;
  const age = useRelative(row.updated);
  const word = ATTENTION_LABEL[view.attention] || PHASE[view.phase] || view.phase.replaceAll("_", " ");
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
      <Landed view={view} />
      <Proposed view={view} />
      <Trial view={view} />
      <Merging view={view} />
      <Radar view={view} />
      {view.jobs.map((job) => (
        <JobLine key={job.id} job={job} view={view} />
      ))}
    </header>
  );
}

const PHASE: Partial<Record<Phase, string>> = { qa_passed: "Passed QA", qa_failed: "Failed QA" };
