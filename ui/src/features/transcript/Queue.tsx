// Above the composer: what waits for the turn's end, and what did not reach the agent.
import { Clock, CornerDownRight, TriangleAlert } from "lucide-react";
import { useSyncExternalStore } from "react";
import type { AttachedImage, Message, MessageBody, SessionView } from "../../lib/generated/types";
import { usePref } from "../../lib/prefs";
import { sendMessage, useShell } from "../../lib/use";
import { plural } from "../../lib/words";
import { Button } from "../../ui/Button";
import type { SessionLog } from "./log";
import { Thumbnail } from "./Pictures";
import { isWorking } from "./turn";

export function Queue({ view, log, onEdit }: { view: SessionView; log: SessionLog; onEdit: (text: string, images: AttachedImage[]) => void }) {
  const shell = useShell();
  useSyncExternalStore(log.subscribe, log.state);
  const { row } = view;
  const [dismissed, setDismissed] = usePref(`dismissed.${row.id}`, "");
  const works = isWorking(row.status);
  const shown = view.messages.filter((message) => {
    if (dismissed.includes(message.id)) return false;
    if (isLost(message)) return !(message.body.type === "prompt" && log.hasMessage(message.id));
    return message.body.type === "prompt" && !log.hasMessage(message.id) && log.place(message.id, works) === "queue";
  });
  if (shown.length === 0) return null;
  const dismiss = (message: Message) => setDismissed(`${dismissed} ${message.id}`.trim());
  return (
    <ul aria-label="Messages on their way" className="mb-2 flex max-h-40 flex-col gap-1 overflow-y-auto">
      {shown.map((message) => {
        const { body } = message;
        const lost = isLost(message);
        const Icon = lost ? TriangleAlert : body.type === "prompt" && body.steer ? CornerDownRight : Clock;
        return (
          <li key={message.id} data-message-id={message.id} data-pending={message.state.state === "queued" ? "" : undefined} className="flex items-start gap-2 rounded border border-line px-2 py-1">
            <Icon className={`mt-0.5 size-4 shrink-0 ${lost ? "text-danger" : "text-ink-3"}`} aria-hidden="true" />
            {body.type === "prompt" && body.images?.map((image, at) => <Thumbnail key={at} image={image} name="From you" className="size-5" />)}
            <div className="min-w-0 flex-1">
              <p dir="auto" title={said(body)} className={`wrap-anywhere ${lost ? "line-clamp-3 whitespace-pre-wrap" : "line-clamp-1"}`}>
                {said(body)}
              </p>
              {lost && <p className="text-meta text-danger">{word(message)}</p>}
            </div>
            {!lost && (
              <span title={body.type === "prompt" && !body.steer ? "It goes to the agent when its turn ends" : undefined} className="shrink-0 text-meta leading-5 text-ink-3">
                {word(message)}
              </span>
            )}
            {lost && (
              <span className="flex shrink-0 gap-1">
                {body.type === "prompt" && (
                  <>
                    <Button
                      small
                      onClick={() => {
                        dismiss(message);
                        sendMessage(shell, row.id, body.text, { images: body.images ?? [] });
                      }}
                    >
                      Retry
                    </Button>
                    <Button
                      small
                      onClick={() => {
                        dismiss(message);
                        onEdit(body.text, body.images ?? []);
                      }}
                    >
                      Edit
                    </Button>
                  </>
                )}
                <Button small look="quiet" onClick={() => dismiss(message)}>
                  Dismiss
                </Button>
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function isLost({ state }: Message): boolean {
  return state.state === "failed" || state.state === "unknown";
}

function said(body: MessageBody): string {
  switch (body.type) {
    case "prompt": {
      const images = body.images?.length ?? 0;
      return images === 0 ? body.text : `${body.text} (${plural(images, "image")})`.trim();
    }
    case "answer":
      return body.note ? `An answer: “${body.note}”` : "An answer";
    case "interrupt":
      return "Interrupt";
    case "choose":
      return `Choose ${body.value}`;
  }
}

function word({ body, state }: Message): string {
  switch (state.state) {
    case "failed":
      return `Not delivered: ${state.reason}`;
    case "unknown":
      return "It is not known whether the agent got this.";
    case "delivered":
      return "Delivered";
    default:
      return body.type === "prompt" && body.steer ? "Goes into the turn that runs" : "Queued";
  }
}
