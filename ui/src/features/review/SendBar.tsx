// What waits to be sent, and to whom it goes.
import { useState } from "react";
import type { CommentView } from "../../lib/generated/types";
import { usePref } from "../../lib/prefs";
import { useSession, useSessionIds, useShell } from "../../lib/use";
import { plural } from "../../lib/words";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Small";
import { sendComments, waits } from "./comments";

export function SendBar({ task, comments }: { task: string; comments: CommentView[] }) {
  const shell = useShell();
  const [note, setNote] = usePref(`comment.note.${task}`, "");
  const [fresh, setFresh] = useState(false);
  const running = useSession(useSessionIds(task).active[0] ?? "");
  const count = comments.filter(waits).length;
  if (count === 0) return null;
  const to = running && running.row.status !== "cancelling" && !fresh ? running : null;
  const send = () => {
    sendComments(shell, task, to?.row.id ?? null, note);
    setNote("");
  };
  return (
    <form
      aria-label="Send the comments"
      className="flex flex-wrap items-center gap-2 border-t border-line bg-ground px-3 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <span className="font-medium">{plural(count, "comment")}</span>
      <TextField aria-label="Say something beside them" placeholder="Say something beside them" value={note} onChange={(event) => setNote(event.target.value)} className="min-w-40 flex-1" />
      {running && (
        <label className="flex items-center gap-1.5 text-meta text-ink-2">
          <input type="checkbox" checked={fresh} onChange={(event) => setFresh(event.target.checked)} className="size-3.5 accent-accent" />
          In a new session
        </label>
      )}
      <Button look="primary" type="submit" title={to ? `They go to the session that runs (${to.kind_title})` : "They go to a new session"}>
        {to ? `Send to ${to.agent_title}` : "Send"}
      </Button>
    </form>
  );
}
