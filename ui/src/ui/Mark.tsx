// Marks: one running mark for everything that runs; each status its own icon.
import {
  Ban,
  CircleCheck,
  CirclePause,
  CircleX,
  Clock,
  FileDiff,
  Hourglass,
  MessageCircleQuestionMark,
  ShieldQuestionMark,
  TriangleAlert,
  Unplug,
  type LucideIcon,
} from "lucide-react";

export function RunningMark({ neutral = false }: { neutral?: boolean }) {
  return (
    <span className={`running-mark shrink-0 ${neutral ? "text-ink-3" : "text-accent-ink"}`} aria-hidden="true" data-running-mark="">
      <i />
      <i />
      <i />
    </span>
  );
}

const STATUS: Record<string, [LucideIcon, string]> = {
  queued: [Clock, "text-ink-3"],
  "needs-approval": [ShieldQuestionMark, "text-warning"],
  "needs-answer": [MessageCircleQuestionMark, "text-warning"],
  paused: [CirclePause, "text-ink-2"],
  waiting: [Hourglass, "text-info"],
  completed: [CircleCheck, "text-success"],
  failed: [CircleX, "text-danger"],
  cancelled: [Ban, "text-ink-3"],
  interrupted: [Unplug, "text-warning"],
};

/** The mark of a session's status; `neutral` while the server has not confirmed it. */
export function StatusMark({ status, neutral = false }: { status: string; neutral?: boolean }) {
  const known = STATUS[status];
  if (!known) return <RunningMark neutral={neutral || status === "cancelling"} />;
  const [Icon, colour] = known;
  return <Icon className={`size-4 shrink-0 ${colour}`} aria-hidden="true" />;
}

const ATTENTION: Record<string, [LucideIcon, string]> = {
  needs_answer: [MessageCircleQuestionMark, "text-warning"],
  needs_approval: [ShieldQuestionMark, "text-warning"],
  failed: [CircleX, "text-danger"],
  review_ready: [FileDiff, "text-success"],
  conflicted: [TriangleAlert, "text-warning"],
};

/** The mark of a task: what needs a person, that it runs, else how far it is. */
export function AttentionMark({ attention, done, total }: { attention: string; done: number; total: number }) {
  if (attention === "running") return <RunningMark />;
  const known = ATTENTION[attention];
  if (known) {
    const [Icon, colour] = known;
    return <Icon className={`size-4 shrink-0 ${colour}`} aria-hidden="true" />;
  }
  return <ProgressRing done={done} total={total} />;
}

const ROUND = 2 * Math.PI * 3;

export function ProgressRing({ done, total }: { done: number; total: number }) {
  if (total > 0 && done >= total) return <CircleCheck className="size-4 shrink-0 text-ink-3" aria-hidden="true" />;
  const part = total === 0 ? 0 : done / total;
  return (
    <svg viewBox="0 0 16 16" className="size-4 shrink-0 text-ink-3" aria-hidden="true">
      <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray={total === 0 ? "2 2" : undefined} />
      {part > 0 && (
        <circle
          cx="8"
          cy="8"
          r="3"
          fill="none"
          stroke="currentColor"
          strokeWidth="3"
          strokeDasharray={`${(ROUND * part).toFixed(2)} ${ROUND.toFixed(2)}`}
          transform="rotate(-90 8 8)"
        />
      )}
    </svg>
  );
}
