// The work stands in the person's own checkout, until it is put back.
import { FlaskConical } from "lucide-react";
import type { TaskView } from "../../lib/generated/types";
import { exact, useRelative } from "../../lib/time";
import { useShell } from "../../lib/use";
import { actOnTask } from "../../lib/work";
import { Button } from "../../ui/Button";

export function Trial({ view }: { view: TaskView }) {
  const shell = useShell();
  const { trial, id } = view.row;
  const age = useRelative(trial?.at ?? 0);
  if (trial === null) return null;
  const untry = view.actions.find((action) => action.name === "untry");
  return (
    <section aria-label="Tried in your checkout" className="flex flex-wrap items-center gap-2 rounded bg-info-ground px-3 py-1.5 text-info">
      <FlaskConical className="size-4 shrink-0" aria-hidden="true" />
      <p className="min-w-0 flex-1">
        This work stands in your checkout to be tried{" "}
        <time className="text-meta" title={exact(trial.at)}>
          {age}
        </time>
      </p>
      <Button small reason={untry?.enabled ? null : (untry?.reason ?? null)} title="Your checkout becomes exactly what it was" onClick={() => actOnTask(shell, id, untry)}>
        Put back
      </Button>
    </section>
  );
}
