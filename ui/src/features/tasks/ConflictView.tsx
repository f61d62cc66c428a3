// Two edits of one document that could not be merged: both stand here until one, or a text made of both, is chosen.
import { useEffect, useState } from "react";
import { read } from "../../lib/api";
import type { Conflict } from "../../lib/generated/types";
import { useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { Skeleton } from "../../ui/Small";
import { TextBox } from "../../ui/TextBox";

type Sides = { yours: string; theirs: string };

export function ConflictView({ task, conflict }: { task: string; conflict: Conflict }) {
  const shell = useShell();
  const [sides, setSides] = useState<Sides | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [text, setText] = useState<string | null>(null);
  const { yours, theirs } = conflict;
  useEffect(() => {
    const abort = new AbortController();
    const get = (version: string) => read<{ text: string }>(`/tasks/${task}/document/${version}`, abort.signal);
    Promise.all([get(yours), get(theirs)]).then(
      ([a, b]) => setSides({ yours: a.text, theirs: b.text }),
      (cause: unknown) => {
        if (!abort.signal.aborted) setFailed(cause instanceof Error ? cause.message : String(cause));
      },
    );
    return () => abort.abort();
  }, [task, yours, theirs]);
  const settle = (chosen: string) => shell.act({ name: "resolve_conflict", args: { id: task, base: theirs, text: chosen } });
  return (
    <section aria-label="Conflict" className="mb-4 rounded border border-line-strong bg-warning-ground p-3">
      <p className="font-medium">Two edits of this document contradict each other</p>
      <p className="mb-3 text-ink-2">Nothing is lost: both are kept until you choose one, or write what shall stand.</p>
      {failed !== null && <p className="text-danger">{failed}</p>}
      {sides === null ? (
        failed === null && <Skeleton lines={4} />
      ) : text === null ? (
        <div className="grid grid-cols-1 gap-3 xl:grid-cols-2">
          <Side title="What was saved here" text={sides.yours} action="Take this one" onTake={() => settle(sides.yours)} onEdit={() => setText(sides.yours)} />
          <Side title="What the file has" text={sides.theirs} action="Take the file’s" onTake={() => settle(sides.theirs)} onEdit={() => setText(sides.theirs)} />
        </div>
      ) : (
        <div className="flex flex-col gap-2">
          <TextBox aria-label="The text that shall stand" rows={12} value={text} onChange={(event) => setText(event.target.value)} className="font-mono text-code" />
          <div className="flex justify-end gap-2">
            <Button onClick={() => setText(null)}>Back</Button>
            <Button look="primary" onClick={() => settle(text)}>
              Save this text
            </Button>
          </div>
        </div>
      )}
    </section>
  );
}

function Side({ title, text, action, onTake, onEdit }: { title: string; text: string; action: string; onTake: () => void; onEdit: () => void }) {
  return (
    <div className="flex min-w-0 flex-col rounded border border-line bg-panel">
      <p className="border-b border-line px-3 py-1.5 text-meta text-ink-2">{title}</p>
      <pre dir="auto" className="flex-1 px-3 py-2 font-mono text-code whitespace-pre-wrap wrap-anywhere">
        {text}
      </pre>
      <div className="flex gap-2 border-t border-line p-2">
        <Button small onClick={onTake}>
          {action}
        </Button>
        <Button small look="quiet" onClick={onEdit}>
          Edit from it
        </Button>
      </div>
    </div>
  );
}
