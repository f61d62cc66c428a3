// Everything that needs a person, answered in place, and everything that runs.
import { Link } from "@tanstack/react-router";
import { useReach, useRunning, useSession, useTaskLines } from "../../lib/use";
import type { SessionView, TaskLine } from "../../lib/generated/types";
import { ATTENTION_LABEL, KIND_LABEL } from "../../lib/words";
import { Coded } from "../../ui/Coded";
import { AttentionMark, StatusMark } from "../../ui/Mark";
import { Badge, Empty, Skeleton } from "../../ui/Small";
import { RequestButtons } from "./Requests";
import { SessionLink } from "./SessionLink";

const MOST = 200;
/** What is told by the task; what an agent asks is told by its session, with the buttons that answer. */
const OF_TASKS = ["failed", "review_ready", "conflicted"];

export function Inbox() {
  const reach = useReach();
  const running = useRunning();
  const { lines } = useTaskLines({ filter: "", show: "active", sort: "attention", from: 0, to: MOST, held: false });
  const tasks = lines.filter((line) => OF_TASKS.includes(line.attention));
  const asking = lines.some((line) => line.attention === "needs_approval" || line.attention === "needs_answer");
  if (reach.state === "loading" && !reach.has_base) return <Skeleton lines={8} />;
  return (
    <div className="mx-auto flex w-full max-w-[820px] flex-col gap-6 px-4 py-6 lg:px-8">
      <section aria-labelledby="needs">
        <h1 id="needs" className="mb-2 text-title font-semibold">
          Inbox
        </h1>
        {!asking && tasks.length === 0 && (
          <Empty flush title="Nothing needs you">Approvals, questions, failures and finished work that waits for a review come here.</Empty>
        )}
        <ul className="flex flex-col">
          {running.map((id) => (
            <Session key={id} id={id} asking />
          ))}
          {tasks.map((line) => (
            <Need key={line.id} line={line} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="running">
        <h2 id="running" className="mb-2 text-doc font-semibold">
          Running
        </h2>
        <ul className="peer flex flex-col">
          {running.map((id) => (
            <Session key={id} id={id} asking={false} />
          ))}
        </ul>
        <p className="hidden text-ink-2 peer-empty:block">No agent works at the moment.</p>
      </section>
    </div>
  );
}

function Need({ line }: { line: TaskLine }) {
  return (
    <li className="border-t border-line py-1">
      <Link
        to="/tasks/$task"
        params={{ task: line.id }}
        search={line.attention === "review_ready" ? { tab: "changes" } : {}}
        className="flex h-9 items-center gap-2 rounded px-2 hover:bg-hover"
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

/** A session in the list of those that ask, or of those that don't: the other list leaves it out. */
function Session({ id, asking }: { id: string; asking: boolean }) {
  const view = useSession(id);
  if (!view) return null;
  const request = view.row.requests[0];
  if ((request !== undefined) !== asking) return null;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line py-1" data-pending={view.confirmed ? undefined : ""}>
      <SessionLink session={id} className="flex min-w-0 flex-1 basis-72 items-center gap-2 rounded px-2 py-0.5 hover:bg-hover">
        <StatusMark status={view.row.status} neutral={!view.confirmed} />
        <Words view={view} />
      </SessionLink>
      {request && (
        <div className="px-2">
          <RequestButtons session={id} request={request} reason={null} />
        </div>
      )}
    </li>
  );
}

function Words({ view }: { view: SessionView }) {
  return (
    <>
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-2">
          <span dir="auto" className="truncate">
            {view.task_title}
          </span>
          <span className="max-sm:hidden">
            <Badge>{KIND_LABEL[view.row.kind]}</Badge>
          </span>
        </span>
        <span dir="auto" title={view.line} className="block truncate text-start text-meta text-ink-2">
          <Coded text={view.line} />
        </span>
      </span>
      <span className="shrink-0 text-meta text-ink-2 first-letter:uppercase">{view.word}</span>
    </>
  );
}
