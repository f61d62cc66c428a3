// Which session asks "Cancel?" in its card: the first `x`; the second one does it.
import { useSyncExternalStore } from "react";

let armed: string | null = null;
const told = new Set<() => void>();

export function arm(session: string | null): void {
  armed = session;
  for (const listener of told) listener();
}

export function isArmed(session: string): boolean {
  return armed === session;
}

export function useArmed(session: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      told.add(listener);
      return () => told.delete(listener);
    },
    () => armed === session,
  );
}
