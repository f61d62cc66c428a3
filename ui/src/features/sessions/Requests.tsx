// What an agent asks, and the buttons that answer it: the same in the card, on the session's page and in the inbox.
import { MessageSquareText, Pencil } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Request, RequestOption, SessionView } from "../../lib/generated/types";
import { answer, useShell } from "../../lib/use";
import { Button, IconButton } from "../../ui/Button";
import { Coded } from "../../ui/Coded";
import { editable, edited, isCommand, keepField, setField, useField, type FieldKind } from "./fields";
import { AnswerField } from "./AnswerField";
import { SessionLink } from "./SessionLink";

const COMPACT = 3;

export type RequestProps = { session: string; request: Request; reason: string | null };

/** Where a field is open it stands in the place of the buttons; what was opened has the focus again when it closes. */
function useFields({ session, request }: RequestProps) {
  const shell = useShell();
  const field = useField(request.id);
  const place = useRef<HTMLDivElement>(null);
  const opened = useRef<FieldKind | null>(null);
  const latest = useRef(request);
  useEffect(() => {
    latest.current = request;
  });
  useEffect(() => {
    if (field !== null) opened.current = field.kind;
    else if (opened.current !== null) {
      place.current?.querySelector<HTMLElement>(`[data-opens="${opened.current}"]`)?.focus();
      opened.current = null;
    }
  }, [field]);
  useEffect(
    () => () => {
      const view = JSON.parse(shell.panel.session(session) ?? "null") as SessionView | null;
      if (!view?.row.requests.some((one) => one.id === latest.current.id)) keepField(latest.current);
    },
    [shell, session],
  );
  const open = (kind: FieldKind) => setField(request.id, { kind, text: kind === "input" ? (editable(request) ?? "") : "" });
  const send = (option: string | null, beside?: { note?: string; input?: unknown }) => {
    if (option === null) return;
    opened.current = null;
    setField(request.id, null);
    answer(shell, session, request.id, option, beside);
  };
  return { field, place, open, send, close: () => setField(request.id, null) };
}

/** What a field answers with: a "no" has a reason; words of one's own stand for any choice; an edited input is a "yes". */
function optionOf(request: Request, kind: FieldKind): string | null {
  if (kind === "input") return optionFor(request, true);
  return request.question ? (request.options[0]?.id ?? null) : optionFor(request, false);
}

export function RequestButtons({ compact = false, quiet = false, ...props }: RequestProps & { compact?: boolean; quiet?: boolean }) {
  const { request, reason } = props;
  const { field, place, open, send, close } = useFields(props);
  const options = compact ? fewOf(request) : request.options;
  const input = editable(request);
  const takesNote = request.takes_note && optionOf(request, "note") !== null;
  const takesInput = input !== null && optionFor(request, true) !== null && (!compact || !input.includes("\n"));
  const noteWord = request.question ? "Something else…" : "Deny with a reason…";
  return (
    <div ref={place} role="group" aria-label={request.title} className={`min-w-0 ${compact ? "flex-1" : ""}`}>
      {field !== null && (field.kind === "note" ? takesNote : takesInput) ? (
        <AnswerField
          field={field}
          label={field.kind === "input" ? (isCommand(request) ? "The command" : "The input") : request.question ? "Your answer" : "Why not"}
          send={field.kind === "input" ? "Allow as edited" : request.question ? "Answer" : "Deny"}
          reason={reason}
          compact={compact}
          check={(text) => {
            const result = field.kind === "input" ? edited(request, text) : null;
            return result !== null && "problem" in result ? result.problem : null;
          }}
          onChange={(text) => setField(request.id, { ...field, text })}
          onClose={close}
          onSend={(text) => {
            const result = field.kind === "input" ? edited(request, text) : text.trim() === "" ? {} : { note: text.trim() };
            if (!("problem" in result)) send(optionOf(request, field.kind), result);
          }}
        />
      ) : (
        <div className={`flex gap-1.5 ${compact ? "" : "flex-wrap"}`}>
          {options.map((option, at) => (
            <Button
              key={option.id}
              small={compact || quiet}
              look={at === 0 && !request.question && !quiet ? "primary" : "plain"}
              reason={reason}
              title={hint(option)}
              onClick={() => send(option.id)}
              className={compact ? "min-w-0 shrink!" : "max-w-full min-w-0"}
            >
              <span className="truncate">{option.label}</span>
            </Button>
          ))}
          {compact && options.length < request.options.length && (
            <SessionLink session={props.session} className="inline-flex h-6 shrink-0 items-center rounded px-2 text-meta text-ink-2 hover:bg-hover">
              More…
            </SessionLink>
          )}
          {compact ? (
            <span className="ms-auto flex shrink-0 gap-0.5">
              {takesInput && (
                <IconButton label="Edit before allowing" data-opens="input" reason={reason} onClick={() => open("input")} className="size-6!">
                  <Pencil className="size-3.5" aria-hidden="true" />
                </IconButton>
              )}
              {takesNote && (
                <IconButton label={noteWord} data-opens="note" reason={reason} onClick={() => open("note")} className="size-6!">
                  <MessageSquareText className="size-3.5" aria-hidden="true" />
                </IconButton>
              )}
            </span>
          ) : (
            <>
              {takesNote && (
                <Button small={quiet} look="quiet" data-opens="note" reason={reason} onClick={() => open("note")}>
                  {noteWord}
                </Button>
              )}
              {takesInput && (
                <Button small={quiet} look="quiet" data-opens="input" reason={reason} onClick={() => open("input")} icon={<Pencil className="size-3.5" aria-hidden="true" />}>
                  Edit
                </Button>
              )}
            </>
          )}
        </div>
      )}
      {!compact && field === null && <Details request={request} />}
    </div>
  );
}

/** The options that a card has room for: one of each meaning, in their order. */
function fewOf({ options, question }: Request): RequestOption[] {
  if (options.length <= COMPACT) return options;
  if (question) return options.slice(0, COMPACT - 1);
  return options.filter((option, at) => options.findIndex((other) => other.effect === option.effect) === at).slice(0, COMPACT);
}

/** How far an "always" reaches, what a choice means. */
function Details({ request }: { request: Request }) {
  const said = request.options.filter((option) => option.detail);
  if (said.length === 0) return null;
  return (
    <dl className="mt-2 flex flex-col gap-0.5 text-meta">
      {said.map((option) => (
        <div key={option.id} className="flex gap-1.5">
          <dt className="shrink-0 text-ink-2">{option.label}:</dt>
          <dd dir="auto" className="min-w-0 wrap-anywhere text-ink-2">
            {option.detail}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const HINT: Partial<Record<RequestOption["effect"], string>> = {
  allow_once: "Allow this once (a)",
  reject_once: "Deny this once (d)",
};

function hint(option: RequestOption): string {
  return option.detail ? `${option.label}: ${option.detail}` : (HINT[option.effect] ?? option.label);
}

/** The option that `a` or `d` chooses, where the request is a permission. */
export function optionFor(request: Request, allow: boolean): string | null {
  if (request.question) return null;
  const wanted = allow ? (["allow_once", "allow_always"] as const) : (["reject_once", "reject_always"] as const);
  for (const effect of wanted) {
    const option = request.options.find((o) => o.effect === effect);
    if (option) return option.id;
  }
  return null;
}

/** What is told of a request beside its title: nothing where the title says it already. */
export function moreThanTitle({ title, detail }: Request): string | null {
  return detail === null || title.includes(detail) ? null : detail;
}

/** The question with all that is known of it. */
export function RequestBlock(props: RequestProps) {
  const { request } = props;
  const field = useField(request.id);
  const detail = moreThanTitle(request);
  return (
    <section aria-label="The agent asks" className="rounded border border-line-strong bg-warning-ground p-3">
      <p dir="auto" className="font-medium wrap-anywhere">
        <Coded text={request.title} />
      </p>
      {detail !== null && field?.kind !== "input" && (
        // What scrolls must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre tabIndex={0} aria-label="What it is about" role="region" className="mt-2 max-h-48 overflow-auto rounded bg-panel px-3 py-2 font-mono text-code whitespace-pre-wrap wrap-anywhere">
          {detail}
        </pre>
      )}
      <div className="mt-3">
        <RequestButtons {...props} />
      </div>
    </section>
  );
}
