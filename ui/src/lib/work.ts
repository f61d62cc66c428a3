// What is done with a task's work. Keep and Discard are offered to be undone, by the notice that `useOffered` feeds.
import { useSyncExternalStore } from "react";
import type { Action } from "./generated/types";
import type { Shell } from "./shell";
import { startSession } from "./use";

export type Offer = { task: string; undo: "undo_keep" | "undo_discard" };

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
    case "verify":
      startSession(shell, task, action.name);
      return;
    case "keep":
      shell.act({ name: "keep_work", args: { id: task, message: "" } });
      setOffer({ task, undo: "undo_keep" });
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
