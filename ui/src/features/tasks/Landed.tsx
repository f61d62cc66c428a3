// What was kept of a task: where, whether it holds, and the way back.
import { GitCommitHorizontal, RotateCcw } from "lucide-react";
import type { Landing, TaskView } from "../../lib/generated/types";
import { exact, useRelative } from "../../lib/time";
import { useShell } from "../../lib/use";
import { plural } from "../../lib/words";
import { actOnTask } from "../../lib/work";
import { Button } from "../../ui/Button";
import { Badge } from "../../ui/Small";
import { Judging, VERDICT } from "./Judging";

export function Landed({ view }: { view: TaskView }) {
  const shell = useShell();
  const { landing, landed_before: before, id, title } = view.row;
  if (!landing) return null;
  const revert = view.actions.find((action) => action.name === "revert");
  const reverting = view.jobs.some((job) => (job.work.do === "revert" || job.work.do === "take_back") && job.state.state === "pending");
  return (
    <section aria-label="Kept work" className="flex flex-col gap-1 rounded border border-line px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <Line landing={landing} />
        <span className="flex-1" />
        {landing.reverted === null && (
          <span className="flex flex-wrap gap-1.5">
            <Judging task={id} title={title} verdict={landing.qa.verdict} onRevert={() => actOnTask(shell, id, revert)} />
            <Button
              small
              icon={<RotateCcw className="size-3.5" />}
              reason={revert?.enabled ? null : (revert?.reason ?? "Not possible now.")}
              title={`A commit on ${landing.target} takes it back; what came later stays`}
              onClick={() => actOnTask(shell, id, revert)}
            >
              {reverting ? "Reverting…" : "Revert"}
            </Button>
          </span>
        )}
      </div>
      {landing.qa.note !== "" && <p className="max-w-[72ch] wrap-anywhere whitespace-pre-wrap text-ink-2">{landing.qa.note}</p>}
      {before.length > 0 && (
        <details className="text-meta text-ink-3">
          <summary className="w-fit cursor-pointer rounded">{plural(before.length, "earlier time", "earlier times")}</summary>
          <ul className="flex flex-col gap-1 pt-1">
            {before.toReversed().map((one) => (
              <li key={one.new}>
                <span className="flex flex-wrap items-center gap-x-3">
                  <Line landing={one} />
                </span>
                {one.qa.note !== "" && <p className="wrap-anywhere whitespace-pre-wrap">{one.qa.note}</p>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Line({ landing: { target, new: commit, at, check, qa, reverted } }: { landing: Landing }) {
  const age = useRelative(reverted?.at ?? at);
  const [word, tone] = VERDICT[qa.verdict];
  return (
    <>
      <span className="flex items-center gap-1.5">
        <GitCommitHorizontal className="size-4 text-ink-3" aria-hidden="true" />
        {reverted === null ? `Kept on ${target}` : `Taken back from ${target}`}
      </span>
      <code title={reverted === null ? commit : `${commit}, taken back by ${reverted.commit}`} className="font-mono text-code text-ink-3 select-all">
        {(reverted?.commit ?? commit).slice(0, 8)}
      </code>
      <time title={exact(reverted?.at ?? at)} className="text-meta text-ink-3">
        {age}
      </time>
      {check && (
        <span title={`${check.command}: passed on the tree ${check.tree.slice(0, 8)} in ${Math.ceil(check.ms / 1000)} s`}>
          <Badge>checked</Badge>
        </span>
      )}
      {(reverted === null || qa.verdict !== "pending") && <Badge tone={tone}>{word}</Badge>}
    </>
  );
}
