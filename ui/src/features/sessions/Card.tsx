// A session's card, and its row once it ended: one article from the click for as long as the session is there.
// Its height is the same from "starting" to its end.
import { useEffect, useRef } from "react";
import type { Session, SessionView } from "../../lib/generated/types";
import { arm, useArmed } from "../../lib/armed";
import { exact, useElapsed, useRelative } from "../../lib/time";
import { onSession, retrySession, useSession, useShell } from "../../lib/use";
import { count, dollars, isEnded, KIND_LABEL, scriptedNote, STATUS_LABEL } from "../../lib/words";
import { Button } from "../../ui/Button";
import { StatusMark } from "../../ui/Mark";
import { Coded } from "../../ui/Coded";
import { Badge } from "../../ui/Small";
import { GoOn, StatusWord } from "./GoOn";
import { RequestButtons } from "./Requests";
import { SessionLink } from "./SessionLink";
import { useSilence } from "./silence";

export type CardShape = "card" | "row" | "chip";

const ASK = "Cancel it? Press x again.";

/** Ended sessions are single rows; one that failed unseen keeps its card, because its reason must be read. */
function shapeOf(row: Session, strip: boolean): CardShape {
  if (strip) return "chip";
  if (!isEnded(row.status)) return "card";
  return !row.seen && (row.status === "failed" || row.status === "interrupted") ? "card" : "row";
}

export function Card({ id, strip, current }: { id: string; strip: boolean; current: boolean }) {
  const view = useSession(id);
  if (!view) return null;
  const { row } = view;
  const shape = shapeOf(row, strip);
  const frame = {
    card: "min-h-[88px] flex-col border border-line bg-panel px-3 py-2",
    row: "-my-[3px] h-8 items-center gap-2 px-3 hover:bg-hover",
    chip: `h-7 shrink-0 items-center gap-1.5 border px-2 ${current ? "border-accent bg-accent-ground" : "border-line bg-panel hover:bg-hover"}`,
  }[shape];
  return (
    <article
      data-session-id={id}
      data-status={row.status}
      data-kind={row.kind}
      data-pending={view.confirmed ? undefined : ""}
      aria-label={`${KIND_LABEL[row.kind]}, ${view.word}`}
      aria-current={current ? "true" : undefined}
      className={`group relative flex rounded ${frame}`}
    >
      {shape === "card" ? <CardBody view={view} /> : <RowBody view={view} chip={shape === "chip"} />}
    </article>
  );
}

function CardBody({ view }: { view: SessionView }) {
  const shell = useShell();
  const { row } = view;
  const request = row.requests[0];
  const ended = isEnded(row.status);
  const armed = useArmed(row.id);
  const silence = useSilence(view);
  return (
    <>
      <div className="flex h-5 items-center gap-1.5">
        <StatusMark status={row.status} neutral={!view.confirmed} />
        <span className="sr-only">{STATUS_LABEL[row.status]}</span>
        <Badge>{KIND_LABEL[row.kind]}</Badge>
        <SessionLink
          session={row.id}
          title={agentName(view)}
          className="flex min-w-0 flex-1 gap-1 text-ink-2 after:absolute after:inset-0 after:rounded hover:text-ink"
        >
          <span className="truncate">{view.agent_title}</span>
          {/* The model was chosen: a long name of the agent must not push it out. */}
          {row.model !== null && <span className="max-w-1/2 shrink-0 truncate">· {row.model}</span>}
        </SessionLink>
        <Elapsed row={row} />
        {request && has(view, "cancel") && (
          <span className="relative z-10 bg-panel ps-2 lg:absolute lg:end-3 lg:opacity-0 lg:group-focus-within:opacity-100 lg:group-hover:opacity-100">
            <Button small look="quiet" reason={reason(view, "cancel")} title="Cancel (x)" onClick={() => onSession(shell, "cancel_session", row.id)}>
              Cancel
            </Button>
          </span>
        )}
      </div>
      <p dir="auto" title={view.line} className={`mt-1 text-start wrap-anywhere ${ended ? "line-clamp-2" : "line-clamp-1"} ${request ? "font-medium text-ink" : row.status === "failed" ? "text-danger" : "text-ink"}`}>
        {armed ? ASK : <Coded text={request ? request.title : view.line} />}
      </p>
      <div className="relative z-10 mt-auto flex h-6 items-center gap-2 text-meta text-ink-3">
        {request ? (
          <RequestButtons session={row.id} request={request} reason={reason(view, "answer")} compact />
        ) : (
          <>
            <Figures view={view} silence={silence} />
            <CardActions view={view} silent={silence !== null} />
          </>
        )}
      </div>
    </>
  );
}

/** The word of its status, or that there is no word of it; what it did and used. */
function Figures({ view, silence }: { view: SessionView; silence: string | null }) {
  const activity = view.row.activity ?? view.activity;
  const tokens = activity && (activity.usage.input !== null || activity.usage.output !== null) ? (activity.usage.input ?? 0) + (activity.usage.output ?? 0) : null;
  return (
    <p className={`flex min-w-0 flex-1 gap-2 truncate ${silence === null ? "lg:group-focus-within:invisible lg:group-hover:invisible" : ""}`}>
      <span className={`first-letter:uppercase ${silence === null ? "" : "text-warning"}`}>{silence ?? <StatusWord view={view} />}</span>
      {activity !== null && activity.operations > 0 && <span>{activity.operations} ops</span>}
      {tokens !== null && <span>{count(tokens)} tokens</span>}
      {activity !== null && activity.usage.cost_usd !== null && <span>{dollars(activity.usage.cost_usd)}</span>}
    </p>
  );
}

/** Shown while the card is pointed at; those of a silent session are always at hand. */
function CardActions({ view, silent }: { view: SessionView; silent: boolean }) {
  const shell = useShell();
  const { row } = view;
  const armed = useArmed(row.id);
  const cancelButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (armed) cancelButton.current?.focus();
  }, [armed]);
  const cancel = () => {
    arm(null);
    onSession(shell, "cancel_session", row.id);
  };
  const shown = armed || silent ? "" : "lg:opacity-0 lg:group-focus-within:opacity-100 lg:group-hover:opacity-100";
  return (
    <div className={`ms-auto flex gap-1 ${silent ? "" : "lg:absolute lg:end-0"} ${armed ? "bg-panel" : ""} ${shown}`}>
      {has(view, "cancel") && (
        <span className="flex">
          <button
            ref={cancelButton}
            type="button"
            title={reason(view, "cancel") ?? "Cancel (x)"}
            aria-disabled={reason(view, "cancel") !== null || undefined}
            onClick={() => reason(view, "cancel") === null && cancel()}
            onBlur={() => armed && arm(null)}
            className={`h-6 rounded border px-2 text-meta ${armed ? "border-danger text-danger" : "border-line-strong bg-panel text-ink hover:bg-hover"}`}
          >
            {silent ? "Stop" : "Cancel"}
          </button>
        </span>
      )}
      <GoOn row={row} small />
      {has(view, "retry") && (
        <Button small reason={reason(view, "retry")} onClick={() => retrySession(shell, row)}>
          Retry
        </Button>
      )}
      {isEnded(row.status) && has(view, "delete") && (
        <Button small reason={reason(view, "delete")} title="Remove this card and its output" onClick={() => onSession(shell, "delete_session", row.id)}>
          Dismiss
        </Button>
      )}
      <SessionLink session={row.id} className="inline-flex h-6 items-center rounded border border-line-strong bg-panel px-2 text-meta text-ink hover:bg-hover">
        Open
      </SessionLink>
    </div>
  );
}

function RowBody({ view, chip }: { view: SessionView; chip: boolean }) {
  const shell = useShell();
  const { row } = view;
  const armed = useArmed(row.id);
  const ended = row.ended ?? row.since;
  const age = useRelative(ended);
  return (
    <>
      <StatusMark status={row.status} neutral={!view.confirmed} />
      <SessionLink session={row.id} title={view.line} className="flex min-w-0 flex-1 items-baseline gap-1.5 after:absolute after:inset-0 after:rounded">
        <span className="shrink-0">{armed ? ASK : KIND_LABEL[row.kind]}</span>
        {!chip && <span className="truncate text-meta text-ink-3">{view.went_back !== null ? "gone back to an earlier message" : row.status === "completed" ? agentName(view) : view.word}</span>}
        <span className="sr-only">{STATUS_LABEL[row.status]}</span>
      </SessionLink>
      {chip ? (
        <Elapsed row={row} />
      ) : (
        <>
          <time title={exact(ended)} className="text-meta text-ink-3 lg:group-focus-within:invisible lg:group-hover:invisible">
            {age}
          </time>
          <span className="relative z-10 hidden gap-1 bg-hover ps-2 lg:absolute lg:end-1 lg:flex lg:opacity-0 lg:group-focus-within:opacity-100 lg:group-hover:opacity-100">
            {has(view, "retry") && (
              <Button small reason={reason(view, "retry")} onClick={() => retrySession(shell, row)}>
                Retry
              </Button>
            )}
            {has(view, "delete") && (
              <Button small reason={reason(view, "delete")} title="Remove this row and its output" onClick={() => onSession(shell, "delete_session", row.id)}>
                Dismiss
              </Button>
            )}
          </span>
        </>
      )}
    </>
  );
}

function Elapsed({ row }: { row: Session }) {
  const text = useElapsed(row.since, isEnded(row.status) ? (row.ended ?? row.since) : null);
  return <time className="shrink-0 text-meta text-ink-3">{text}</time>;
}

function agentName(view: SessionView): string {
  const agent = `${view.agent_title}${scriptedNote(view.agent_title, view.scripted)}`;
  return view.row.model === null ? agent : `${agent} · ${view.row.model}`;
}

function has(view: SessionView, name: string): boolean {
  return view.actions.some((action) => action.name === name);
}

function reason(view: SessionView, name: string): string | null {
  const action = view.actions.find((a) => a.name === name);
  if (!action) return null;
  return action.enabled ? null : (action.reason ?? "Not possible now.");
}
