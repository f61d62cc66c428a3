// The document: rendered; a click edits it; a click on a box saves it. "Saved" is said only when it is.
import { Pencil } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from "react";
import { markdown, toggle_box } from "#core";
import { useKeys } from "../../lib/keys";
import { useShell } from "../../lib/use";
import type { DocumentView, TaskView } from "../../lib/generated/types";
import { Button } from "../../ui/Button";
import { Empty, Skeleton } from "../../ui/Small";
import { Markdown } from "../../ui/Markdown";

const Editor = lazy(() => import("./Editor").then((module) => ({ default: module.Editor })));

export function DocumentPane({ view, doc, children }: { view: TaskView; doc: DocumentView | undefined; children?: ReactNode }) {
  const shell = useShell();
  const task = view.row.id;
  const [editing, setEditing] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const wanted = (doc === undefined || doc.stale) && view.row.problem === null;
  useEffect(() => {
    if (!wanted) return;
    let here = true;
    shell.loadDocument(task).then(
      () => here && setFailed(null),
      (cause: unknown) => here && setFailed(cause instanceof Error ? cause.message : String(cause)),
    );
    return () => {
      here = false;
    };
  }, [shell, task, wanted, view.row.document.version]);

  const action = view.actions.find((a) => a.name === "edit");
  const readOnly = view.row.problem ?? (action && !action.enabled ? action.reason : null);
  const edit = () => {
    if (doc && readOnly === null) setEditing(true);
  };
  useKeys({ e: edit });

  if (view.row.problem !== null && doc === undefined) {
    return <Empty flush title="This file can’t be shown">{view.row.problem}</Empty>;
  }
  if (doc === undefined) {
    return failed === null ? (
      <Skeleton lines={8} />
    ) : (
      <Empty flush title="The document was not loaded" action={<Button onClick={() => void shell.loadDocument(task).catch(() => undefined)}>Retry</Button>}>
        {failed}
      </Empty>
    );
  }
  const saving = doc.pending || view.jobs.some((job) => job.work.do === "write_document" && job.state.state === "pending");
  const tick = (line: number) => {
    const text = toggle_box(doc.text, line);
    if (readOnly === null && text !== undefined) shell.act({ name: "save_document", args: { id: task, base: doc.version, text } });
  };
  return (
    <section aria-label="Document" data-pending={saving ? "" : undefined} className="relative">
      <div className="absolute end-0 -top-12 flex h-7 items-center gap-2">
        <span className="text-meta text-ink-3" role="status">
          {saving ? "Saving…" : editing ? "Saved" : ""}
        </span>
        <span>
          {editing ? (
            <Button small onClick={() => setEditing(false)}>
              Done
            </Button>
          ) : (
            <Button small look="quiet" icon={<Pencil className="size-3.5" />} reason={readOnly} title="Edit (e)" onClick={edit}>
              Edit
            </Button>
          )}
        </span>
      </div>
      {children}
      {editing ? (
        <Suspense fallback={<Rendered text={doc.text} onEdit={edit} onTick={tick} />}>
          <Editor task={task} doc={doc} onDone={() => setEditing(false)} />
        </Suspense>
      ) : (
        <Rendered text={doc.text} onEdit={edit} onTick={tick} />
      )}
    </section>
  );
}

function Rendered({ text, onEdit, onTick }: { text: string; onEdit: () => void; onTick: (line: number) => void }) {
  const html = useMemo(() => markdown(text), [text]);
  // The title stands above already.
  if (text.trim().replace(/^# .*/, "").trim() === "") {
    return (
      <button type="button" onClick={onEdit} className="-mx-2 rounded px-2 py-1 text-doc text-ink-3 hover:bg-hover">
        Add a description and steps
      </button>
    );
  }
  return <Markdown titled html={html} onClick={onEdit} onTick={onTick} />;
}
