// What can be done with a task now, each with its reason where it can't. Which and why comes from the core.
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import type { Action, Kind, TaskView } from "../../lib/generated/types";
import { useKeys } from "../../lib/keys";
import { useAgents, useShell } from "../../lib/use";
import { scriptedNote } from "../../lib/words";
import { actOnTask } from "../../lib/work";
import { Button, IconButton } from "../../ui/Button";
import { StartDialog } from "./StartDialog";

const ORDER = ["implement", "verify", "keep", "discard", "undo_keep", "undo_discard"];
/** Shown only while they can be done: there is nothing to learn from a disabled Undo. */
const ONLY_ENABLED = ["undo_keep", "undo_discard"];

export function TaskActions({ view, onRewrite }: { view: TaskView; onRewrite: () => void }) {
  const shell = useShell();
  const { agents, default: standard } = useAgents();
  const [dialog, setDialog] = useState<Kind | null>(null);
  const task = view.row.id;
  const find = (name: string) => view.actions.find((action) => action.name === name);
  const run = (action: Action | undefined) => actOnTask(shell, task, action);
  useKeys({
    i: () => run(find("implement")),
    "Shift+i": () => setDialog("implement"),
    v: () => run(find("verify")),
    "Shift+v": () => setDialog("verify"),
  });
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
          <Button key={action.name} look={action.name === "discard" ? "danger" : "plain"} reason={reasonOf(action)} title={EXPLAIN[action.name]} onClick={() => run(action)}>
            {action.label}
          </Button>
        ),
      )}
      <Button look="quiet" onClick={onRewrite} reason={reasonOf(find("rewrite"))}>
        Rewrite
      </Button>
      {dialog !== null && (
        <StartDialog task={task} title={view.row.title} kind={dialog} reason={reasonOf(find(dialog))} onClose={() => setDialog(null)} />
      )}
    </div>
  );
}

const EXPLAIN: Record<string, string> = {
  verify: "An agent checks the work (v)",
  keep: "Put the work onto its target branch as one commit",
  discard: "Save the worktree aside and remove it; Undo brings it back",
  undo_keep: "Move the target branch back to where it was",
  undo_discard: "Make the worktree again as it was",
};

function reasonOf(action: Action | undefined): string | null {
  if (!action) return "Not available.";
  return action.enabled ? null : (action.reason ?? "Not possible now.");
}
