// A comment below its lines, and where one is written.
import { Check, CornerDownRight, RotateCcw } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { CommentView, Place } from "../../lib/generated/types";
import { MOD } from "../../lib/keys";
import { setPref, usePref } from "../../lib/prefs";
import { useSession, useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { Badge } from "../../ui/Small";
import { addComment, dropComment, editComment, linesOf, resolveComment } from "./comments";

const BOX = "sticky left-0 w-[min(100%,100cqw)] border-y border-line bg-ground px-3 py-2 font-sans text-base whitespace-normal";

export function Writing({ task, place, onDone }: { task: string; place: Place; onDone: () => void }) {
  const shell = useShell();
  const name = `comment.${task}.${place.path}.${place.old ? "-" : "+"}${linesOf(place)}`;
  const [text, setText] = usePref(name, "");
  const done = () => {
    setPref(name, "");
    onDone();
  };
  const add = () => {
    if (text.trim() === "") return;
    addComment(shell, task, place, text);
    done();
  };
  return (
    <div className={BOX}>
      <TextArea label={place.from === 0 ? "Comment on this file" : `Comment on line ${linesOf(place)}`} value={text} onChange={setText} onSend={add} onLeave={onDone} />
      <div className="mt-1.5 flex items-center gap-2">
        <Button look="primary" small reason={text.trim() === "" ? "Say something first" : null} onClick={add}>
          Comment
        </Button>
        <Button small look="quiet" onClick={done}>
          Cancel
        </Button>
        <span className="text-meta text-ink-3 max-sm:hidden">{MOD}+Enter · it waits until you send all of them</span>
      </div>
    </div>
  );
}

function TextArea({ label, value, onChange, onSend, onLeave }: { label: string; value: string; onChange: (text: string) => void; onSend: () => void; onLeave: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  return (
    <textarea
      ref={field}
      aria-label={label}
      placeholder={label}
      rows={3}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") onLeave();
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSend();
        else if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
      }}
      className="field-sizing-content max-h-60 min-h-16 w-full max-w-[80ch] resize-none rounded border border-line-strong bg-panel px-2 py-1.5 placeholder:text-ink-3"
    />
  );
}

export function Thread({ comment: { row, pending }, outdated }: { comment: CommentView; outdated: boolean }) {
  const shell = useShell();
  const [edited, setEdited] = useState<string | null>(null);
  const save = () => {
    if (edited === null || edited.trim() === "") return;
    if (edited !== row.text) editComment(shell, row, edited);
    setEdited(null);
  };
  const lines = linesOf(row.place);
  return (
    <article aria-label={`Comment on ${row.place.path}${lines === "" ? "" : ` ${lines}`}`} data-comment-id={row.id} data-pending={pending || undefined} className={BOX}>
      <div className="flex min-h-6 flex-wrap items-center gap-2 text-meta text-ink-3">
        {row.session === null ? <Badge>not sent</Badge> : <SentTo session={row.session} />}
        {row.resolved && <Badge tone="success">resolved</Badge>}
        {outdated && (
          <Badge tone="warning">
            outdated{lines !== "" && `, was ${row.place.old ? "old " : ""}line ${lines}`}
          </Badge>
        )}
        <span className="flex-1" />
        {row.session === null ? (
          <>
            <Button small look="quiet" onClick={() => setEdited(row.text)}>
              Edit
            </Button>
            <Button small look="quiet" onClick={() => dropComment(shell, row)}>
              Remove
            </Button>
          </>
        ) : (
          <Button small look="quiet" icon={row.resolved ? <RotateCcw className="size-3.5" /> : <Check className="size-3.5" />} onClick={() => resolveComment(shell, row, !row.resolved)}>
            {row.resolved ? "Open again" : "Resolve"}
          </Button>
        )}
      </div>
      {edited === null ? (
        <p className={`max-w-[80ch] wrap-anywhere whitespace-pre-wrap ${row.resolved ? "text-ink-3" : ""}`}>{row.text}</p>
      ) : (
        <>
          <TextArea label="Edit the comment" value={edited} onChange={setEdited} onSend={save} onLeave={() => setEdited(null)} />
          <div className="mt-1.5 flex gap-2">
            <Button look="primary" small reason={edited.trim() === "" ? "Say something first" : null} onClick={save}>
              Save
            </Button>
            <Button small look="quiet" onClick={() => setEdited(null)}>
              Cancel
            </Button>
          </div>
        </>
      )}
    </article>
  );
}

function SentTo({ session }: { session: string }) {
  const view = useSession(session);
  if (!view) return <Badge>sent; the session was removed</Badge>;
  return (
    <Link to="/sessions/$session" params={{ session }} className="inline-flex items-center gap-1 rounded text-accent-ink hover:underline">
      <CornerDownRight className="size-3.5" aria-hidden="true" />
      {view.agent_title}: {view.word}
    </Link>
  );
}
