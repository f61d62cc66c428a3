// A session: its head, its transcript, what it asks, the composer.
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ArrowLeft, ChevronDown, ChevronsDown, ChevronsUp, ChevronUp, Code, Search, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { GoOn, StatusWord } from "../../features/sessions/GoOn";
import { RequestBlock } from "../../features/sessions/Requests";
import { SessionLink } from "../../features/sessions/SessionLink";
import { useSilence } from "../../features/sessions/silence";
import { Composer } from "../../features/transcript/Composer";
import { SessionLog } from "../../features/transcript/log";
import { RawView } from "../../features/transcript/RawView";
import { Used } from "../../features/transcript/Used";
import { RetryContext, type Retry } from "../../features/transcript/Sent";
import { TranscriptView } from "../../features/transcript/TranscriptView";
import { isWorking } from "../../features/transcript/turn";
import type { Kind, Request, SessionView } from "../../lib/generated/types";
import { useKeys } from "../../lib/keys";
import { useElapsed } from "../../lib/time";
import { onSession, retryFrom, retrySession, useReach, useSession, useShell } from "../../lib/use";
import { isEnded, KIND_LABEL, plural, scriptedNote } from "../../lib/words";
import { Button, IconButton } from "../../ui/Button";
import { StatusMark } from "../../ui/Mark";
import { Badge, Empty, Skeleton, TextField } from "../../ui/Small";

export function SessionPage() {
  const { session } = useParams({ from: "/sessions/$session" });
  const view = useSession(session);
  const { has_base } = useReach();
  const navigate = useNavigate();
  // One that was shown at the click and is refused goes with its page, back to where it was clicked.
  const clickedAt = useRef<string | null>(null);
  useEffect(() => {
    const origin = clickedAt.current;
    clickedAt.current = view === undefined || view.confirmed ? null : (view.row.origin?.session ?? null);
    if (view === undefined && origin !== null) void navigate({ to: "/sessions/$session", params: { session: origin }, replace: true });
  }, [view, navigate]);
  if (!view) {
    return has_base ? (
      <Empty title="This session is not there" action={<Link to="/" className="text-accent-ink underline">To the start</Link>}>
        Its card may have been dismissed.
      </Empty>
    ) : (
      <Skeleton lines={8} />
    );
  }
  return <SessionBody key={session} view={view} />;
}

/** Kinds that change no file. */
const READING: ReadonlySet<Kind> = new Set<Kind>(["review", "debate", "chat", "commit-message"]);

function SessionBody({ view }: { view: SessionView }) {
  const shell = useShell();
  const { row } = view;
  const [log, setLog] = useState<SessionLog | null>(null);
  const [raw, setRaw] = useState(false);
  const [found, setFound] = useState<number | null>(null);
  const [finding, setFinding] = useState(false);
  const composer = useRef<HTMLDivElement>(null);
  const jump = useRef<((step: 1 | -1) => void) | null>(null);
  const turn = (step: 1 | -1) => jump.current?.(step);
  useEffect(() => {
    const fresh = new SessionLog(shell.hub, row.id);
    setLog(fresh);
    return () => fresh.close();
  }, [shell, row.id]);
  const works = !isEnded(row.status);
  useEffect(() => {
    if (view.confirmed) log?.expect(row.attempt, works);
  }, [log, view.confirmed, row.attempt, works]);
  // Who opens an ended session has seen its ending.
  const unseen = isEnded(row.status) && !row.seen && view.confirmed;
  useEffect(() => {
    if (unseen) onSession(shell, "mark_seen", row.id);
  }, [shell, unseen, row.id]);
  useKeys({ f: () => setFinding(true), m: () => composer.current?.querySelector("textarea")?.focus(), "[": () => turn(-1), "]": () => turn(1) });
  const navigate = useNavigate();
  const active = !isEnded(row.status);
  const retry = useMemo<Retry>(
    () => ({
      reason: active ? "This session still runs. Stop it first." : null,
      back: !READING.has(row.kind),
      go: (prompt, text) => {
        const id = retryFrom(shell, row, prompt.message, text, prompt.images);
        if (id !== null) void navigate({ to: "/sessions/$session", params: { session: id } });
      },
    }),
    [active, row, shell, navigate],
  );
  const renderRequest = (request: Request) => <RequestBlock session={row.id} request={request} reason={row.requests.some((r) => r.id === request.id) ? null : "It is answered or withdrawn."} />;
  return (
    <>
      <SessionHead view={view} raw={raw} onRaw={() => setRaw(!raw)} onFind={() => setFinding(true)} onTurn={turn} />
      {finding && log && (
        <FindBar
          log={log}
          onFound={setFound}
          onClose={() => {
            setFinding(false);
            setFound(null);
          }}
        />
      )}
      {raw ? (
        <RawView session={row.id} />
      ) : log ? (
        <RetryContext value={retry}>
          <TranscriptView log={log} messages={view.messages} works={isWorking(row.status)} active={!isEnded(row.status)} found={found} empty={view.line} renderRequest={renderRequest} jump={jump} />
        </RetryContext>
      ) : (
        <div className="flex-1" />
      )}
      <div ref={composer}>
        <Composer view={view} log={log} />
      </div>
    </>
  );
}

type HeadProps = { view: SessionView; raw: boolean; onRaw: () => void; onFind: () => void; onTurn: (step: 1 | -1) => void };

function SessionHead({ view, raw, onRaw, onFind, onTurn }: HeadProps) {
  const shell = useShell();
  const { row } = view;
  const ended = isEnded(row.status);
  const time = useElapsed(row.since, ended ? (row.ended ?? row.since) : null);
  const silence = useSilence(view);
  const activity = row.activity ?? view.activity;
  const usage = activity?.usage;
  const action = (name: string) => view.actions.find((a) => a.name === name);
  const cancel = action("cancel");
  const retry = action("retry");
  return (
    <header data-pending={view.confirmed ? undefined : ""} className="border-b border-line px-4 py-2 lg:px-8">
      <div className="mx-auto flex max-w-[880px] flex-col gap-1">
      <div className="flex min-h-7 items-center gap-2">
        <Link to="/tasks/$task" params={{ task: row.task }} aria-label="To the task" title="To the task (Esc)" className="inline-grid size-7 shrink-0 place-items-center rounded text-ink-2 hover:bg-hover">
          <ArrowLeft className="size-4" aria-hidden="true" />
        </Link>
        <h1 dir="auto" className="min-w-0 flex-1 truncate text-start text-doc font-semibold">
          {view.task_title}
        </h1>
        {!raw && (
          <span className="flex max-lg:hidden">
            <IconButton label="Turn before" hint="[" onClick={() => onTurn(-1)}>
              <ChevronsUp className="size-4" />
            </IconButton>
            <IconButton label="Turn after" hint="]" onClick={() => onTurn(1)}>
              <ChevronsDown className="size-4" />
            </IconButton>
          </span>
        )}
        <IconButton label="Find" hint="f" onClick={onFind}>
          <Search className="size-4" />
        </IconButton>
        <IconButton label="Raw" aria-pressed={raw} onClick={onRaw} className={raw ? "bg-pressed" : ""}>
          <Code className="size-4" />
        </IconButton>
        {cancel && (
          <Button reason={cancel.enabled ? null : cancel.reason} onClick={() => onSession(shell, "cancel_session", row.id)}>
            Cancel
          </Button>
        )}
        <GoOn row={row} />
        {retry && (
          <Button reason={retry.enabled ? null : retry.reason} onClick={() => retrySession(shell, row)}>
            Retry
          </Button>
        )}
      </div>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-meta text-ink-3">
        <span className="flex items-center gap-1.5 text-ink-2">
          <StatusMark status={row.status} neutral={!view.confirmed} />
          <span className="first-letter:uppercase">
            <StatusWord view={view} />
          </span>
          {silence !== null && <span className="text-warning">{silence}</span>}
        </span>
        <Badge>{KIND_LABEL[row.kind]}</Badge>
        <span>
          {view.agent_title}
          {row.model !== null && ` · ${row.model}`}
          {scriptedNote(view.agent_title, view.scripted)}
        </span>
        <span>{time}</span>
        {activity !== null && activity.operations > 0 && <span>{plural(activity.operations, "operation")}</span>}
        {usage && <Used usage={usage} ended={ended} />}
        {row.origin !== null && (
          <SessionLink session={row.origin.session} className="text-accent-ink underline">
            Goes on from an earlier session
          </SessionLink>
        )}
        {view.went_back !== null && (
          <SessionLink session={view.went_back} className="text-accent-ink underline">
            Gone back to an earlier message
          </SessionLink>
        )}
      </p>
      </div>
    </header>
  );
}

function FindBar({ log, onFound, onClose }: { log: SessionLog; onFound: (index: number | null) => void; onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const field: RefObject<HTMLInputElement | null> = useRef(null);
  const hits = text.trim() === "" ? [] : log.find(text);
  const go = (next: number) => {
    if (hits.length === 0) return;
    const wrapped = (next + hits.length) % hits.length;
    setAt(wrapped);
    onFound(hits[wrapped] ?? null);
  };
  useEffect(() => field.current?.focus(), []);
  return (
    <div role="search" className="flex items-center gap-1 border-b border-line px-4 py-1.5 lg:px-8">
      <TextField
        ref={field}
        aria-label="Find in the transcript"
        placeholder="Find"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
          const first = event.target.value.trim() === "" ? [] : log.find(event.target.value);
          onFound(first[0] ?? null);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(at + (event.shiftKey ? -1 : 1));
          if (event.key === "Escape") {
            event.preventDefault();
            onClose();
          }
        }}
        className="max-w-80 flex-1"
      />
      <span role="status" className="min-w-16 px-2 text-meta text-ink-3">
        {text.trim() === "" ? "" : hits.length === 0 ? "nothing" : `${at + 1} of ${hits.length}`}
      </span>
      <IconButton label="Previous" onClick={() => go(at - 1)}>
        <ChevronUp className="size-4" />
      </IconButton>
      <IconButton label="Next" onClick={() => go(at + 1)}>
        <ChevronDown className="size-4" />
      </IconButton>
      <IconButton label="Close" onClick={onClose}>
        <X className="size-4" />
      </IconButton>
    </div>
  );
}
