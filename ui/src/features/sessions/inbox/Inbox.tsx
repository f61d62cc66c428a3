// Everything that needs a person, answered in place, and everything that runs.
import { useEffect, useLayoutEffect } from "react";
import type { SessionView } from "../../../lib/generated/types";
import { useKeys } from "../../../lib/keys";
import { answer, useProjects, useReach, useRunning, useShell, useTaskLines } from "../../../lib/use";
import { Kbd, Empty, Skeleton } from "../../../ui/Small";
import { optionFor } from "../Requests";
import { AskingRow, RunningRow } from "./SessionRows";
import { focusedNeed, focusNext, forgetPlace, takeWanted } from "./focus";
import { NotifyPrompt } from "./NotifyPrompt";
import { TaskRow } from "./TaskRow";

const MOST = 200;
/** What is told by the task; what an agent asks is told by its session, with the buttons that answer. */
const OF_TASKS = ["failed", "review_ready", "conflicted"];

export function Inbox() {
  const shell = useShell();
  const reach = useReach();
  const running = useRunning();
  const many = useProjects().length > 1;
  const { lines } = useTaskLines({ filter: "", show: "active", sort: "attention", from: 0, to: MOST, held: false });
  const tasks = lines.filter((line) => OF_TASKS.includes(line.attention));
  const asking = lines.some((line) => line.attention === "needs_approval" || line.attention === "needs_answer");
  const loading = reach.state === "loading" && !reach.has_base;
  /** Answers what the focused row asks; a question has no yes and no, so its first choice gets the focus. */
  const decide = (allow: boolean) => {
    const row = focusedNeed();
    const id = row?.dataset.session;
    if (!row || id === undefined) return;
    const request = (JSON.parse(shell.panel.session(id) ?? "null") as SessionView | null)?.row.requests[0];
    const option = request ? optionFor(request, allow) : null;
    if (request && option !== null) answer(shell, id, request.id, option);
    else row.querySelector<HTMLElement>('[role="group"] button')?.focus();
  };
  useKeys({ a: () => decide(true), d: () => decide(false) });
  useEffect(() => forgetPlace, []);
  useLayoutEffect(() => {
    if (!loading && takeWanted()) focusNext();
  }, [loading]);
  if (loading) return <Skeleton lines={8} />;
  const none = !asking && tasks.length === 0;
  return (
    <div className="mx-auto flex w-full max-w-[820px] flex-col gap-6 px-4 py-6 lg:px-8">
      <section aria-labelledby="needs">
        <div className="mb-2 flex items-end gap-3">
          <h1 id="needs" className="flex-1 text-title font-semibold">
            Inbox
          </h1>
          {!none && (
            <p className="flex items-center gap-1.5 pb-1 text-meta text-ink-3 max-lg:hidden">
              <Kbd>n</Kbd> next <Kbd>a</Kbd> allow <Kbd>d</Kbd> deny
            </p>
          )}
        </div>
        <NotifyPrompt />
        {none && (
          <Empty flush title="Nothing needs you">Approvals, questions, failures and finished work that waits for a review come here.</Empty>
        )}
        <ul className="flex flex-col">
          {running.map((id) => (
            <AskingRow key={id} id={id} many={many} />
          ))}
          {tasks.map((line) => (
            <TaskRow key={line.id} line={line} many={many} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="running">
        <h2 id="running" className="mb-2 text-doc font-semibold">
          Running
        </h2>
        <ul className="peer flex flex-col">
          {running.map((id) => (
            <RunningRow key={id} id={id} />
          ))}
        </ul>
        <p className="hidden text-ink-2 peer-empty:block">No agent works at the moment.</p>
      </section>
    </div>
  );
}
