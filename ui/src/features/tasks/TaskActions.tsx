// What can be done with a task now, each with its reason where it can't. Which and why comes from the core.
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import type { Action, Kind, TaskView } from "../../lib/generated/types";
import { useKeys } from "../../lib/keys";
import { useAgents, useShell } from "../../lib/use";
import { scriptedNote } from "../../lib/words";
import { actOnTask, archive, ONLY_ENABLED } from "../../lib/work";
import { Button, IconButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { LandDialog } from "./LandDialog";
import { StartDialog } from "./StartDialog";

const ORDER = ["implement", "plan", "verify", "keep", "try", "discard", "undo_keep", "undo_discard", "restore"];

export function TaskActions({ view, onRewrite }: { view: TaskView; onRewrite: () => void }) {
  const shell = useShell();
  const { agents, default: standard } = useAgents();
  const [dialog, setDialog] = useState<Kind | null>(null);
  const [guarded, setGuarded] = useState(false);
  const [landing, setLanding] = useState<"keep" | "commit" | null>(null);
  const task = view.row.id;
  const find = (name: string) => view.actions.find((action) => action.name === name);
  const run = (action: Action | undefined) => actOnTask(shell, task, action);
  useKeys({
    i: () => run(find("implement")),
    "Shift+i": () => setDialog("implement"),
    p: () => run(find("plan")),
    "Shift+p": () => setDialog("plan"),
    v: () => run(find("verify")),
    "Shift+v": () => setDialog("verify"),
    "Shift+a": () => put(),
    "Shift+l": () => {
      if (find("keep")?.enabled) setLanding("keep");
    },
  });
  const put = () => {
    const action = find("archive");
    if (action?.enabled && view.archive_guards.length > 0) setGuarded(true);
    else run(action);
  };
  const agent = agents.find((a) => a.name === standard);
  const shown = ORDER.map(find).filter((action) => action !== undefined && (action.enabled || !ONLY_ENABLED.includes(action.name))) as Action[];
  return (
    <div className="flex flex-wrap items-center gap-2">
      {shown.map((action) =>
        action.name === "implement" ? (
          <span key={action.name} className="flex items-center gap-2">
            <span className="flex">
              <Button look="primary" title="Implement (i)" reason={reasonOf(action)} onClick={() => run(action)} className="rounded-e-none!">
                {action.label}
              </Button>
              <IconButton
                label="Implement with…"
                hint="Shift+I"
                onClick={() => setDialog("implement")}
                className={`ms-px w-6! rounded-s-none ${action.enabled ? "bg-accent text-accent-on! hover:bg-accent hover:brightness-110" : "bg-hover"}`}
              >
                <ChevronDown className="size-4" />
              </IconButton>
            </span>
            <span className="text-meta text-ink-3">{agent ? `${agent.title}${agent.scripted ? scriptedNote(agent.title, true) : ", its default model"}` : "no agent found"}</span>
          </span>
        ) : (
          <span key={action.name} className="flex">
            <Button
              look={action.name === "discard" ? "danger" : "plain"}
              reason={reasonOf(action)}
              title={EXPLAIN[action.name]}
              onClick={() => run(action)}
              className={action.name === "keep" ? "rounded-e-none!" : ""}
            >
              {action.label}
            </Button>
            {action.name === "keep" && (
              <IconButton
                label="Keep with…"
                hint="Shift+L"
                reason={reasonOf(action)}
                onClick={() => setLanding("keep")}
                className="w-6! rounded-s-none border border-s-0 border-line-strong"
              >
                <ChevronDown className="size-4" />
              </IconButton>
            )}
          </span>
        ),
      )}
      {find("commit")?.enabled && (
        <Button look="quiet" title="Commit files of the worktree" onClick={() => setLanding("commit")}>
          Commit…
        </Button>
      )}
      {find("update")?.enabled && !view.row.branch?.changed?.merging && (
        <Button look="quiet" title={`Merge what ${view.row.branch?.target ?? "its branch"} has meanwhile into the worktree`} onClick={() => run(find("update"))}>
          Update
        </Button>
      )}
      <Button look="quiet" onClick={onRewrite} reason={reasonOf(find("rewrite"))}>
        Rewrite
      </Button>
      {!view.row.archived && (
        <Button look="quiet" onClick={put} reason={reasonOf(find("archive"))} title="Put the task away (Shift+A)">
          Archive
        </Button>
      )}
      {guarded && <Guards title={view.row.title} guards={view.archive_guards} onClose={() => setGuarded(false)} onArchive={() => archive(shell, task, true)} />}
      {landing !== null && <LandDialog view={view} what={landing} reason={reasonOf(find(landing))} onClose={() => setLanding(null)} />}
      {dialog !== null && (
        <StartDialog task={task} title={view.row.title} kind={dialog} reason={reasonOf(find(dialog))} onClose={() => setDialog(null)} />
      )}
    </div>
  );
}

/** What would be put away with a task. */
function Guards({ title, guards, onArchive, onClose }: { title: string; guards: string[]; onArchive: () => void; onClose: () => void }) {
  return (
    <Dialog label={`Archive: ${title}`} onClose={onClose}>
      <div className="flex flex-col gap-4">
        <ul className="flex flex-col gap-1">
          {guards.map((guard) => (
            <li key={guard}>{guard}</li>
          ))}
        </ul>
        <p className="text-ink-2">Nothing of that is lost: Restore brings the task back as it is.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button
            look="primary"
            data-first-focus=""
            onClick={() => {
              onClose();
              onArchive();
            }}
          >
            Archive anyway
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

const EXPLAIN: Record<string, string> = {
  plan: "An agent writes the plan into the document (p)",
  verify: "An agent checks the work (v)",
  keep: "Put the work onto its target branch as one commit",
  try: "Put the work into your own checkout, to try it there",
  discard: "Save the worktree aside and remove it; Undo brings it back",
  undo_keep: "Move the target branch back to where it was",
  undo_discard: "Make the worktree again as it was",
  restore: "Take the task out of the archive",
};

function reasonOf(action: Action | undefined): string | null {
  if (!action) return "Not available.";
  return action.enabled ? null : (action.reason ?? "Not possible now.");
}
