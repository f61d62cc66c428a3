// Everything that needs a person, and everything that runs.
import { Link } from "@tanstack/react-router";
import { useReach, useRunning, useSession, useTaskLines } from "../../lib/use";
import type { TaskLine } from "../../lib/views";
import { ATTENTION_LABEL, KIND_LABEL } from "../../lib/words";
import { AttentionMark, StatusMark } from "../../ui/Mark";
import { Badge, Empty, Skeleton } from "../../ui/Small";
import { RequestBlock } from "./Requests";

const MOST = 200;

export function Inbox() {
  const connection = useReach();
  const running = useRunning();
  const { lines } = useTaskLines({ filter: "", show: "active", sort: "attention", from: 0, to: MOST });
  const needs = lines.filter((line) => !["idle", "running"].includes(line.attention));
  if (connection.state === "loading" && !connection.has_base) return <Skeleton lines={8} />;
  return (
    <div className="mx-auto flex w-full max-w-[760px] flex-col gap-6 px-4 py-6 lg:px-8">
      <section aria-labelledby="needs">
        <h1 id="needs" className="mb-2 text-title font-semibold">
          Inbox
        </h1>
        {needs.length === 0 ? (
          <Empty title="Nothing needs you">Approvals, questions, failures and finished work that waits for a review come here.</Empty>
        ) : (
          <ul className="flex flex-col">
            {needs.map((line) => (
              <Need key={line.id} line={line} />
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="running">
        <h2 id="running" className="mb-2 text-doc font-semibold">
          Running <span className="font-normal text-ink-3">{running.length}</span>
        </h2>
        {running.length === 0 ? (
          <p className="text-ink-2">No agent works at the moment.</p>
        ) : (
          <ul className="flex flex-col">
            {running.map((id) => (
              <Running key={id} id={id} />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function Need({ line }: { line: TaskLine }) {
  return (
    <li className="border-t border-line">
      <Link
        to="/tasks/$task"
        params={{ task: line.id }}
        search={line.attention === "review_ready" ? { tab: "changes" } : {}}
        className="flex h-10 items-center gap-2 rounded px-2 hover:bg-hover"
      >
        <AttentionMark attention={line.attention} done={line.progress.done} total={line.progress.total} />
        <span dir="auto" className="min-w-0 flex-1 truncate text-start">
          {line.title}
        </span>
        <span className="shrink-0 text-meta text-ink-2">{ATTENTION_LABEL[line.attention]}</span>
      </Link>
    </li>
  );
}

function Running({ id }: { id: string }) {
  const view = useSession(id);
  if (!view) return null;
  const { row } = view;
  const request = row.requests[0];
  return (
    <li className="border-t border-line py-1" data-pending={view.confirmed ? undefined : ""}>
      <Link to="/sessions/$session" params={{ session: id }} className="flex items-center gap-2 rounded px-2 py-1 hover:bg-hover">
        <StatusMark status={row.status} neutral={!view.confirmed} />
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2">
            <span dir="auto" className="truncate">
              {view.task_title}
            </span>
            <Badge>{KIND_LABEL[row.kind]}</Badge>
          </span>
          <span className="block truncate text-meta text-ink-3">{view.line}</span>
        </span>
        <span className="shrink-0 text-meta text-ink-2 first-letter:uppercase">{view.word}</span>
      </Link>
      {request && (
        <div className="px-2 pt-1 pb-2">
          <RequestBlock session={id} request={request} reason={null} />
        </div>
      )}
    </li>
  );
}
