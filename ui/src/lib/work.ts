// What is done with a task's work. Keep and Discard are offered to be undone, by the notice that `useOffered` feeds.
import { useSyncExternalStore } from "react";
import type { Action, FileHunks, How } from "./generated/types";
import type { Shell } from "./shell";
import { tellStart } from "./starts";
import { resolveByAgent, startOf, startSession, takeBackByAgent } from "./use";

export type Offer = { task: string; undo: "undo_keep" | "undo_discard" | "restore" };

/** Shown only while they can be done: there is nothing to learn from a disabled Undo. */
export const ONLY_ENABLED: readonly string[] = ["try", "untry", "commit", "update", "undo_update", "undo_keep", "undo_discard", "revert", "restore", "propose", "look_at_proposal"];

let offer: Offer | null = null;
const told = new Set<() => void>();

function setOffer(next: Offer | null): void {
  offer = next;
  for (const listener of told) listener();
}

/** Does what an action of a task names, where it may be done. */
export function actOnTask(shell: Shell, task: string, action: Action | undefined): void {
  if (!action?.enabled) return;
  switch (action.name) {
    case "implement":
    case "plan":
    case "verify":
      startSession(shell, task, action.name);
      return;
    case "keep":
      keep(shell, task, "", "squash");
      return;
    case "commit":
      commit(shell, task, "", null);
      return;
    case "propose":
      propose(shell, task, "");
      return;
    case "look_at_proposal":
      shell.act({ name: "look_at_proposal", args: { id: task } });
      return;
    case "update":
      shell.act({ name: "update_work", args: { id: task, session: null, start: startOf() } });
      return;
    case "resolve":
      resolveByAgent(shell, task);
      return;
    case "take_back":
      withdrawOffer();
      shell.act({ name: "take_back", args: { id: task, session: null, start: startOf() } });
      return;
    case "take_back_by_agent":
      withdrawOffer();
      takeBackByAgent(shell, task);
      return;
    case "try":
      shell.act({ name: "try_work", args: { id: task } });
      return;
    case "untry":
      shell.act({ name: "untry_work", args: { id: task } });
      return;
    case "undo_update":
      shell.act({ name: "undo_update", args: { id: task } });
      return;
    case "archive":
      archive(shell, task, false);
      return;
    case "restore":
      withdrawOffer();
      shell.act({ name: "restore_task", args: { id: task } });
      return;
    case "revert":
      withdrawOffer();
      shell.act({ name: "revert_work", args: { id: task } });
      return;
    case "discard":
      shell.act({ name: "discard_work", args: { id: task } });
      setOffer({ task, undo: "undo_discard" });
      return;
    case "undo_keep":
    case "undo_discard":
      withdrawOffer();
      shell.act({ name: action.name, args: { id: task } });
  }
}

/** Puts the work of a task onto its branch. An empty message is the task's title. */
export function keep(shell: Shell, task: string, message: string, how: How): void {
  shell.act({ name: "keep_work", args: { id: task, message, how } });
  setOffer({ task, undo: "undo_keep" });
}

/** Pushes the work of a task and asks for it to be taken. An empty message is the one that was suggested, or the title. */
export function propose(shell: Shell, task: string, message: string): void {
  shell.act({ name: "propose_work", args: { id: task, message } });
}

/** Sends what was written to a pull request: to this session, or to a new one. */
export function sendRemarks(shell: Shell, task: string, to: string | null): void {
  const session = to ?? shell.mint();
  const mid = shell.act({ name: "send_remarks", args: { task, session, message: shell.mint(), note: "", start: startOf() } });
  if (mid !== null && to === null) tellStart(session, mid);
}

/** Commits in the worktree of a task: these files, or all. */
export function commit(shell: Shell, task: string, message: string, files: string[] | null, hunks: FileHunks[] = []): void {
  shell.act({ name: "commit_work", args: { id: task, message, files, hunks } });
}

/** Archives a task, `anyway` where what stands in the way was seen. */
export function archive(shell: Shell, task: string, anyway: boolean): void {
  shell.act({ name: "archive_task", args: { id: task, anyway } });
  setOffer({ task, undo: "restore" });
}

export function withdrawOffer(): void {
  setOffer(null);
}

/** The last Keep or Discard of this page, until it is undone or its notice is closed. */
export function useOffered(): Offer | null {
  return useSyncExternalStore(
    (listener) => {
      told.add(listener);
      return () => told.delete(listener);
    },
    () => offer,
  );
}
