// The title, renamed in place: Enter keeps, Escape leaves it as it was.
import { useState } from "react";
import { with_title } from "#core";
import { useShell } from "../../lib/use";
import type { DocumentView, TaskView } from "../../lib/generated/types";

export function Title({ view, doc }: { view: TaskView; doc: DocumentView | undefined }) {
  const shell = useShell();
  const [draft, setDraft] = useState<string | null>(null);
  const edit = view.actions.find((action) => action.name === "edit");
  const reason = edit?.reason ?? (doc ? null : "The document is not loaded yet.");
  const keep = () => {
    const title = (draft ?? "").trim();
    setDraft(null);
    if (title === "" || title === view.row.title || !doc) return;
    shell.act({ name: "rename_task", args: { id: view.row.id, title, base: doc.version, text: with_title(doc.text, title) } });
  };
  if (draft !== null) {
    return (
      <h1 className="min-w-0 flex-1">
        <input
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          dir="auto"
          aria-label="Title"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={keep}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") {
              event.preventDefault();
              setDraft(null);
            }
          }}
          className="-mx-1.5 w-full rounded bg-hover px-1.5 text-title font-semibold"
        />
      </h1>
    );
  }
  return (
    <h1 dir="auto" className="min-w-0 flex-1 text-title font-semibold wrap-anywhere">
      <button
        type="button"
        title={reason ?? "Rename"}
        aria-disabled={reason !== null || undefined}
        onClick={() => reason === null && setDraft(view.row.title)}
        className="-mx-1.5 max-w-full rounded px-1.5 text-start hover:bg-hover"
      >
        {view.row.title}
      </button>
    </h1>
  );
}
