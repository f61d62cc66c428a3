// Sessions in the inbox: those that ask, with all that answers them, and those that run.
import type { SessionView } from "../../../lib/generated/types";
import { exact, useRelative } from "../../../lib/time";
import { useSession, useTask } from "../../../lib/use";
import { KIND_LABEL } from "../../../lib/words";
import { Coded } from "../../../ui/Coded";
import { StatusMark } from "../../../ui/Mark";
import { Badge } from "../../../ui/Small";
import { StatusWord } from "../GoOn";
import { editable, useField } from "../fields";
import { moreThanTitle, RequestButtons } from "../Requests";
import { SessionLink } from "../SessionLink";

export function AskingRow({ id, many }: { id: string; many: boolean }) {
  const view = useSession(id);
  const request = view?.row.requests[0];
  const field = useField(request?.id ?? "");
  if (!view || !request) return null;
  const detail = moreThanTitle(request);
  const editing = field?.kind === "input" && editable(request) !== null;
  return (
    <li data-need="" data-session={id} data-pending={view.confirmed ? undefined : ""} className="flex flex-col gap-1 border-t border-line px-2 py-2.5 outline-accent has-[[data-need-target]:focus-visible]:rounded has-[[data-need-target]:focus-visible]:outline-2">
      <div className="flex items-center gap-2">
        <StatusMark status={view.row.status} neutral={!view.confirmed} />
        <SessionLink session={id} data-need-target="" className="flex min-w-0 items-center outline-none hover:underline">
          <span dir="auto" className="truncate">
            {view.task_title}
          </span>
        </SessionLink>
        <Badge>{KIND_LABEL[view.row.kind]}</Badge>
        {many && <ProjectName task={view.row.task} />}
        <span className="ms-auto shrink-0 text-meta text-ink-3 max-sm:hidden">{view.agent_title}</span>
        <Since at={view.row.since} />
      </div>
      <div className="ps-6">
        <p dir="auto" className="font-medium wrap-anywhere">
          <Coded text={request.title} />
        </p>
        {detail !== null && !editing && (
          <pre dir="ltr" className="mt-1 line-clamp-4 rounded bg-ground px-2 py-1 font-mono text-code whitespace-pre-wrap wrap-anywhere text-ink-2">
            {detail}
          </pre>
        )}
        <div className="mt-2">
          <RequestButtons quiet session={id} request={request} reason={null} />
        </div>
      </div>
    </li>
  );
}

export function RunningRow({ id }: { id: string }) {
  const view = useSession(id);
  // What asks stands in the other list.
  if (!view || view.row.requests.length > 0) return null;
  return (
    <li className="border-t border-line py-1" data-pending={view.confirmed ? undefined : ""}>
      <SessionLink session={id} className="flex min-w-0 items-center gap-2 rounded px-2 py-0.5 hover:bg-hover">
        <StatusMark status={view.row.status} neutral={!view.confirmed} />
        <Words view={view} />
      </SessionLink>
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
      <span className="shrink-0 text-meta text-ink-2 first-letter:uppercase">
        <StatusWord view={view} />
      </span>
    </>
  );
}

function Since({ at }: { at: number }) {
  return (
    <time title={exact(at)} className="shrink-0 text-meta text-ink-3">
      {useRelative(at)}
    </time>
  );
}

export function ProjectName({ task }: { task: string }) {
  const name = useTask(task)?.project?.name;
  return name === undefined ? null : <span className="max-w-40 truncate text-meta text-ink-3">{name}</span>;
}
