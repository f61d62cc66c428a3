// What a person wrote, in the transcript. Where the worktree was saved before it, it can be edited and tried again.
import { Pencil } from "lucide-react";
import { createContext, useContext, useState, type KeyboardEvent } from "react";
import type { Item } from "../../lib/generated/types";
import { Button, IconButton } from "../../ui/Button";
import { TextBox } from "../../ui/TextBox";
import { CopyButton } from "./CopyButton";
import { Picture } from "./Picture";

type Prompt = Extract<Item, { type: "prompt" }>;

export type Retry = {
  /** Why it can't be done; null where it can. */
  reason: string | null;
  /** Whether the worktree goes back with it. */
  back: boolean;
  go: (prompt: Prompt, text: string) => void;
};

/** How a message of this transcript is tried again; null where that is never possible. */
export const RetryContext = createContext<Retry | null>(null);

export function Sent({ item }: { item: Prompt }) {
  const retry = useContext(RetryContext);
  const [editing, setEditing] = useState(false);
  if (editing && retry !== null) return <Edit item={item} retry={retry} onClose={() => setEditing(false)} />;
  return (
    <div data-item="prompt" className="group/copy relative my-1 rounded border border-line bg-hover px-3 py-2">
      <Images item={item} />
      <p dir="auto" className="max-w-[88ch] whitespace-pre-wrap wrap-anywhere">
        {item.text}
      </p>
      {retry !== null && item.saved && (
        <span className="absolute end-8 top-1 rounded bg-panel opacity-0 group-hover/copy:opacity-100 has-focus-visible:opacity-100 pointer-coarse:end-1 pointer-coarse:opacity-100">
          <IconButton label="Edit and retry" className="size-6!" onClick={() => setEditing(true)}>
            <Pencil className="size-3.5" aria-hidden="true" />
          </IconButton>
        </span>
      )}
      <CopyButton what="the message" text={item.text} />
    </div>
  );
}

function Edit({ item, retry, onClose }: { item: Prompt; retry: Retry; onClose: () => void }) {
  const [text, setText] = useState(item.text);
  const empty = text.trim() === "" && item.images.length === 0;
  const reason = retry.reason ?? (empty ? "Write a message first." : null);
  const go = () => {
    if (reason !== null) return;
    retry.go(item, text.trim());
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      go();
    }
  };
  return (
    <div data-item="prompt" data-editing="" className="my-1 rounded border border-accent bg-panel px-3 py-2">
      <Images item={item} />
      {/* oxlint-disable-next-line jsx-a11y/no-autofocus */}
      <TextBox aria-label="The message" autoFocus dir="auto" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} />
      <p className="mt-2 text-meta text-ink-2">
        {retry.back
          ? "The worktree goes back to before this message, and a new session goes on from here. What is there now is kept, as the new session says; this one stays as it is."
          : "A new session goes on from here. No file changes; this session stays as it is."}
      </p>
      <div className="mt-2 flex items-center justify-end gap-2">
        {retry.reason !== null && <p className="min-w-0 flex-1 text-meta text-warning">{retry.reason}</p>}
        <Button small look="quiet" onClick={onClose}>
          Leave it
        </Button>
        <Button small look="primary" reason={reason} title="Ctrl+Enter" onClick={go}>
          {retry.back ? "Go back and send" : "Send"}
        </Button>
      </div>
    </div>
  );
}

function Images({ item }: { item: Prompt }) {
  if (item.images.length === 0) return null;
  return (
    <div className="flex flex-wrap items-start gap-2 pb-1">
      {item.images.map((image, at) => (
        <Picture key={at} image={image} of="you" />
      ))}
    </div>
  );
}
