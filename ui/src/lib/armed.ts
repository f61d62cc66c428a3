// Which session asks "Cancel?" in its card, or which task in its row: the first `x`; the second one does it.
import { useSyncExternalStore } from "react";

let armed: string | null = null;
const told = new Set<() => void>();

export function arm(id: string | null): void {
  armed = id;
  for (const listener of told) listener();
}

export function isArmed(id: string): boolean {
  return armed === id;
}

export function useArmed(id: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      told.add(listener);
      return () => told.delete(listener);
    },
    () => armed === id,
  );
}
