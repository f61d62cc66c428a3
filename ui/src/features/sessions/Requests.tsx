// What an agent asks, and the buttons that answer it: the same in the card, on the session's page and in the inbox.
import type { Request } from "../../lib/generated/types";
import { answer, useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { Coded } from "../../ui/Coded";

const COMPACT = 3;

export function RequestButtons({ session, request, reason, compact = false }: { session: string; request: Request; reason: string | null; compact?: boolean }) {
  const shell = useShell();
  const options = compact ? request.options.slice(0, COMPACT) : request.options;
  return (
    <div role="group" aria-label={request.title} className={`flex min-w-0 gap-1.5 ${compact ? "" : "flex-wrap"}`}>
      {options.map((option, at) => (
        <Button
          key={option.id}
          small={compact}
          look={at === 0 && !request.question ? "primary" : "plain"}
          reason={reason}
          title={HINT[option.effect] ?? option.label}
          onClick={() => answer(shell, session, request.id, option.id)}
          className={compact ? "min-w-0 shrink!" : ""}
        >
          <span className="truncate">{option.label}</span>
        </Button>
      ))}
    </div>
  );
}

const HINT: Partial<Record<Request["options"][number]["effect"], string>> = {
  allow_once: "Allow this once (a)",
  reject_once: "Deny this once (d)",
};

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

/** The question with all that is known of it. */
export function RequestBlock({ session, request, reason }: { session: string; request: Request; reason: string | null }) {
  return (
    <section aria-label="The agent asks" className="rounded border border-line-strong bg-warning-ground p-3">
      <p dir="auto" className="font-medium wrap-anywhere">
        <Coded text={request.title} />
      </p>
      {request.detail !== null && (
        <pre className="mt-2 max-h-48 overflow-auto rounded bg-panel px-3 py-2 font-mono text-code whitespace-pre-wrap wrap-anywhere">{request.detail}</pre>
      )}
      <div className="mt-3">
        <RequestButtons session={session} request={request} reason={reason} />
      </div>
    </section>
  );
}
