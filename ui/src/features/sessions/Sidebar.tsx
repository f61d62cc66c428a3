// The sessions of a task: active ones on top, newest first, then history. One flat keyed list, so that a card's node
// survives from the click to the end and beyond.
import { useKeys } from "../../lib/keys";
import { arm, isArmed } from "../../lib/armed";
import { answer, onSession, useSessionIds, useShell, useTask } from "../../lib/use";
import type { SessionView } from "../../lib/generated/types";
import { isEnded } from "../../lib/words";
import { Kbd } from "../../ui/Small";
import { Card } from "./Card";
import { optionFor } from "./Requests";

export function Sidebar({ task, current, strip }: { task: string; current: string | null; strip: boolean }) {
  const shell = useShell();
  const { active, ended } = useSessionIds(task);
  const view = (id: string): SessionView | null => {
    const text = shell.panel.session(id);
    return text === undefined ? null : (JSON.parse(text) as SessionView);
  };
  const target = () => (current !== null ? [current] : active).map(view).filter((session) => session !== null);
  const decide = (allow: boolean) => {
    for (const session of target()) {
      const request = session.row.requests[0];
      const option = request ? optionFor(request, allow) : null;
      if (request && option !== null) return answer(shell, session.row.id, request.id, option);
    }
  };
  useKeys({
    a: () => decide(true),
    d: () => decide(false),
    x: () => {
      const session = target().find((s) => !isEnded(s.row.status) && s.actions.some((a) => a.name === "cancel" && a.enabled));
      if (!session) return;
      if (!isArmed(session.row.id)) return arm(session.row.id);
      arm(null);
      onSession(shell, "cancel_session", session.row.id);
    },
  });
  const none = active.length + ended.length === 0;
  return (
    <aside
      aria-label="Sessions"
      className={strip ? "flex items-center gap-1.5 overflow-x-auto border-b border-line px-4 py-1.5" : "flex min-h-0 flex-1 flex-col gap-2 overflow-y-auto overscroll-contain px-3 pb-3"}
    >
      {/* One array: a key is looked for in its own array only, and a card must keep its node when its session ends. */}
      {[
        ...active.map((id) => <Card key={id} id={id} strip={strip} current={id === current} />),
        !strip && ended.length > 0 && (
          <h3 key="history" className="-mb-1 px-3 pt-1 text-meta text-ink-3">
            History
          </h3>
        ),
        ...ended.map((id) => <Card key={id} id={id} strip={strip} current={id === current} />),
      ]}
      {none && !strip && <None task={task} />}
      {none && strip && <span className="py-1 text-meta text-ink-3">No sessions yet</span>}
    </aside>
  );
}

/** Of a task that is not there nothing is said: its page says so. */
function None({ task }: { task: string }) {
  if (useTask(task) === undefined) return null;
  return (
    <div className="flex flex-col gap-2 px-1 pt-1 text-ink-2">
      <p>No sessions yet. Implement starts an agent on this task, in a worktree of its own.</p>
      <p className="flex items-center gap-2 text-meta text-ink-3">
        <Kbd>i</Kbd> Implement <Kbd>Shift I</Kbd> with a choice
      </p>
    </div>
  );
}
