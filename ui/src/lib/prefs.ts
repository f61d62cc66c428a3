// What this browser prefers (theme, widths, drafts): localStorage, never the workspace.
import { useSyncExternalStore } from "react";

const told = new Map<string, Set<() => void>>();
/** What was read or set: storage is slow to ask in every render. */
const memory = new Map<string, string | null>();

function get(name: string): string | null {
  const kept = memory.get(name);
  if (kept !== undefined) return kept;
  try {
    const stored = localStorage.getItem(`qd:${name}`);
    memory.set(name, stored);
    return stored;
  } catch {
    return null;
  }
}

export function setPref(name: string, value: string): void {
  memory.set(name, value);
  try {
    localStorage.setItem(`qd:${name}`, value);
  } catch {
    // Kept for as long as the page lives.
  }
  for (const listener of told.get(name) ?? []) listener();
}

export function readPref(name: string, fallback: string): string {
  return get(name) ?? fallback;
}

export function usePref(name: string, fallback: string): [string, (value: string) => void] {
  const value = useSyncExternalStore(
    (listener) => {
      const listeners = told.get(name) ?? new Set();
      told.set(name, listeners.add(listener));
      return () => listeners.delete(listener);
    },
    () => get(name) ?? fallback,
  );
  return [value, (next) => setPref(name, next)];
}

export type Theme = "light" | "dark" | "system";

/** Puts the preferred theme on the document; the first time it is done by first.js, before the first paint. */
export function applyTheme(): void {
  const theme = readPref("theme", "system");
  const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

export function watchTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
}
