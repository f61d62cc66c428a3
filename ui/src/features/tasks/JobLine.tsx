// Work on files or git that is under way, waits for its turn, or failed: then with the way on.
import type { Job, TaskView, Waiting } from "../../lib/generated/types";
import { useShell } from "../../lib/use";
import { actOnTask } from "../../lib/work";
import { Button } from "../../ui/Button";

const DOING: Record<Job["work"]["do"], string> = {
  write_document: "Writing the document",
  move_document: "Moving the document",
  commit_document: "Committing the document",
  commit: "Committing",
  update: "Merging the branch in",
  undo_update: "Going back to before the merge",
  resolve: "Resolving a conflict",
  try: "Putting the work into your checkout",
  untry: "Taking the work out of your checkout",
  propose: "Proposing the work",
  look_at_proposal: "Asking about the pull request",
  keep: "Keeping the work",
  undo_keep: "Taking back what was kept",
  revert: "Reverting what was kept",
  take_back: "Taking back in the worktree what was kept",
  discard: "Discarding the work",
  undo_discard: "Bringing the work back",
};

/** The ways on where a job met a conflict. */
const WAYS: Partial<Record<Job["work"]["do"], { agent: string; hand: string; how: string }>> = {
  keep: { agent: "resolve", hand: "update", how: "the branch is merged in" },
  revert: { agent: "take_back_by_agent", hand: "take_back", how: "it is taken back" },
};

export function JobLine({ job, view }: { job: Job; view: TaskView }) {
  const shell = useShell();
  if (job.state.state === "pending") {
    if (job.work.do === "write_document") return null;
    const place = view.queue.findIndex((one) => one.job === job.id);
    const ahead = view.queue.slice(0, Math.max(place, 0));
    return (
      // What is done within half a second needs no words.
      <div role="status" className="flex animate-late flex-wrap items-center gap-2 rounded bg-info-ground px-3 py-1.5">
        <p className="min-w-0 flex-1 wrap-anywhere text-ink-2">{ahead.length > 0 ? <Queued ahead={ahead} /> : (job.doing ?? `${DOING[job.work.do]}…`)}</p>
        {ahead.length > 1 && (
          <Button small title="Let it be the next one" onClick={() => shell.act({ name: "order_job", args: { id: job.id, before: ahead[1]?.job ?? null } })}>
            Next
          </Button>
        )}
        {job.doing !== null && (
          <Button small onClick={() => shell.act({ name: "drop_job", args: { id: job.id } })}>
            Stop
          </Button>
        )}
      </div>
    );
  }
  const way = job.state.conflict ? WAYS[job.work.do] : undefined;
  const find = (name: string) => view.actions.find((action) => action.name === name);
  return (
    <div role="alert" className="flex flex-wrap items-start gap-2 rounded bg-danger-ground px-3 py-2">
      <div className="min-w-0 flex-1 basis-80">
        <p className="font-medium text-danger">{DOING[job.work.do]} failed</p>
        <p className="max-h-60 overflow-y-auto wrap-anywhere whitespace-pre-wrap text-ink-2">{job.state.reason}</p>
        {job.state.files.length > 0 && <p className="font-mono text-code wrap-anywhere text-ink-2">{job.state.files.join(", ")}</p>}
      </div>
      <div className="flex flex-wrap gap-2">
        {way && (
          <>
            <Button small look="primary" reason={find(way.agent)?.reason ?? null} title={`A session resolves what conflicts: ${way.how} in the worktree`} onClick={() => actOnTask(shell, view.row.id, find(way.agent))}>
              Ask an agent
            </Button>
            <Button small reason={find(way.hand)?.reason ?? null} title={`Resolve it yourself: ${way.how} in the worktree`} onClick={() => actOnTask(shell, view.row.id, find(way.hand))}>
              By hand
            </Button>
          </>
        )}
        <Button small onClick={() => shell.act({ name: "retry_job", args: { id: job.id } })}>
          Retry
        </Button>
        <Button small look="quiet" title="Give it up; what was written stays stored" onClick={() => shell.act({ name: "drop_job", args: { id: job.id } })}>
          Discard
        </Button>
      </div>
    </div>
  );
}

function Queued({ ahead }: { ahead: Waiting[] }) {
  return (
    <>
      Waits for {ahead.length === 1 ? "its turn behind" : `its turn: ${ahead.length} are ahead, first`} “{ahead[0]?.title}”{ahead[0]?.conflicts ? ", which changes the same lines" : ""}.
    </>
  );
}
