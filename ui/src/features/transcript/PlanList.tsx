// The agent's own list of steps.
import { Circle, CircleCheck, CircleDot, CircleX } from "lucide-react";
import type { PlanEntry } from "../../lib/generated/types";
import { Coded } from "../../ui/Coded";

const ICON = {
  pending: [Circle, "text-ink-3", "to do"],
  running: [CircleDot, "text-accent-ink", "in progress"],
  completed: [CircleCheck, "text-success", "done"],
  failed: [CircleX, "text-danger", "failed"],
} as const;

export function PlanList({ entries }: { entries: PlanEntry[] }) {
  return (
    <ul aria-label="Plan" className="flex flex-col gap-0.5 rounded border border-line px-3 py-2">
      {entries.map((entry, at) => {
        const [Icon, colour, word] = ICON[entry.status];
        return (
          <li key={at} className="flex items-start gap-2">
            <Icon className={`mt-0.5 size-4 shrink-0 ${colour}`} aria-hidden="true" />
            <span dir="auto" className={entry.status === "completed" ? "text-ink-3" : ""}>
              <Coded text={entry.text} />
              <span className="sr-only"> ({word})</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
