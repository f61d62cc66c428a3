// What was merged into the worktree or is taken back in it, and the files in which both sides changed the same places.
import { Link } from "@tanstack/react-router";
import { GitMerge } from "lucide-react";
import type { Side, TaskView } from "../../lib/generated/types";
import { exact, useRelative } from "../../lib/time";
import { useShell } from "../../lib/use";
import { plural, shortPath } from "../../lib/words";
import { actOnTask } from "../../lib/work";
import { Button } from "../../ui/Button";

export function Merging({ view }: { view: TaskView }) {
  const shell = useShell();
  const { branch, id } = view.row;
  const begun = branch?.update ?? branch?.taking_back ?? null;
  const age = useRelative(begun?.at ?? 0);
  if (branch === null || branch.discarded !== null) return null;
  const { taking_back: takingBack, target, changed } = branch;
  // What was merged in since has a way back of its own.
  const back = takingBack !== null && branch.update === null;
  const conflicts = changed?.conflicts ?? [];
  const merging = changed?.merging ?? false;
  if (!merging && begun === null) return null;
  const find = (name: string) => view.actions.find((action) => action.name === name);
  const [agent, undo] = [find("resolve"), find("undo_update")];
  const from = target ?? "its branch";
  const running = view.phase === "running";
  const told = back ? takingBackTold(from, conflicts.length, view.row.landing?.reverted != null) : !merging ? `${from} was merged in` : conflicts.length > 0 ? `${plural(conflicts.length, "file")} to resolve: this work and ${from} changed the same places` : `Every conflict with ${from} is resolved`;
  return (
    <section aria-label="Merge" className={`flex flex-col gap-2 rounded border px-3 py-2 ${conflicts.length > 0 ? "border-warning bg-warning-ground" : "border-line"}`}>
      <div className="flex flex-wrap items-center gap-2">
        <GitMerge className="size-4 shrink-0 text-ink-3" aria-hidden="true" />
        <p className="min-w-0 flex-1 basis-60">
          {told}
          {begun !== null && (
            <time className="ps-2 text-meta text-ink-3" title={exact(begun.at)}>
              {age}
            </time>
          )}
        </p>
        {conflicts.length > 0 && !running && (
          <Button small look="primary" reason={agent?.enabled ? null : (agent?.reason ?? null)} title="A session resolves what conflicts" onClick={() => actOnTask(shell, id, agent)}>
            Ask an agent
          </Button>
        )}
        {begun !== null && (
          <Button small look="quiet" reason={undo?.enabled ? null : (undo?.reason ?? null)} title={back ? "Put the work back into the worktree; what is there now is kept at a ref" : "Take the worktree back to before the merge; what is there now is kept at a ref"} onClick={() => actOnTask(shell, id, undo)}>
            {back ? "Back to the work" : merging ? "Abort the merge" : "Undo"}
          </Button>
        )}
      </div>
      {conflicts.length > 0 && (
        <ul aria-label="Conflicts" className="flex flex-col gap-1">
          {conflicts.map((path) => (
            <File key={path} task={id} path={path} target={from} sides={back ? BACK_SIDES : SIDES} />
          ))}
        </ul>
      )}
    </section>
  );
}

function takingBackTold(target: string, conflicts: number, done: boolean): string {
  if (done) return `It is taken back from ${target}`;
  if (conflicts > 0) return `Being taken back from ${target}: ${plural(conflicts, "file")} to resolve, changed there again later`;
  return `Taken back in the worktree: nothing conflicts any more. Keep takes it off ${target}`;
}

type Sides = [Side, (target: string) => string, (target: string) => string][];

const BACK_SIDES: Sides = [
  ["ours", (target) => `${target}’s`, (target) => `Leave the file as ${target} has it`],
  ["theirs", () => "As before", () => "Take the file as it was before this work"],
  ["as_it_is", () => "As it is", () => "What stands in the worktree now is right"],
];

const SIDES: Sides = [
  ["ours", () => "This work’s", () => "Take the file as this work has it"],
  ["theirs", (target) => `${target}’s`, (target) => `Take the file as ${target} has it`],
  ["as_it_is", () => "As it is", () => "What stands in the worktree now is right"],
];

function File({ task, path, target, sides }: { task: string; path: string; target: string; sides: Sides }) {
  const shell = useShell();
  return (
    <li className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <Link to="/tasks/$task" params={{ task }} search={{ tab: "changes", file: path }} className="min-w-0 flex-1 basis-48 truncate rounded font-mono text-code underline" title={path}>
        {shortPath(path, 60)}
      </Link>
      <span className="flex flex-wrap gap-1.5">
        {sides.map(([side, label, title]) => (
          <Button key={side} small title={title(target)} onClick={() => shell.act({ name: "resolve_file", args: { id: task, path, side } })}>
            {label(target)}
          </Button>
        ))}
      </span>
    </li>
  );
}
