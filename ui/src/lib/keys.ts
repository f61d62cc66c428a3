// The keyboard: layers of bindings, the newest first. Chords are written as in the help sheet: "i", "Shift+i", "g t", "mod+k".
import { useEffect, useRef } from "react";

export type Bindings = Record<string, (event: KeyboardEvent) => void>;

const layers: { current: Bindings }[] = [];
let leader: { key: string; at: number } | null = null;
const LEADER_MS = 1200;

function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  const dialog = target.closest("dialog");
  // One that was just closed has the focus for a moment more.
  if (dialog !== null) return dialog.open;
  if (target.isContentEditable) return true;
  return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== "checkbox";
}

/** The name of a key press: modifiers, then the key; letters are lower case. */
export function chord(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): string {
  const letter = /^[a-z]$/i.test(event.key);
  const key = letter ? event.key.toLowerCase() : event.key;
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  const shift = event.shiftKey && (letter || key.length > 1) ? "Shift+" : "";
  return `${mod}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

function find(name: string): ((event: KeyboardEvent) => void) | undefined {
  for (let at = layers.length - 1; at >= 0; at--) {
    const binding = layers[at]?.current[name];
    if (binding) return binding;
  }
  return undefined;
}

/** Whether the key before this one was a leader: both are one chord ("g i"), and not for a single control. */
export function isLed(event: Pick<KeyboardEvent, "timeStamp">): boolean {
  return leader !== null && event.timeStamp - leader.at < LEADER_MS;
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const name = chord(event);
  if (isTyping(event) && name !== "mod+k") {
    const target = event.composedPath()[0];
    if (name === "Escape" && target instanceof HTMLElement && target.closest("dialog") === null) target.blur();
    return;
  }
  const led = isLed(event) ? `${leader?.key} ${name}` : null;
  leader = null;
  const binding = (led !== null ? find(led) : undefined) ?? (event.repeat && !/^[jk]$|^Arrow/.test(name) ? undefined : find(name));
  if (binding) {
    event.preventDefault();
    binding(event);
  } else if (name === "g") {
    leader = { key: "g", at: event.timeStamp };
  }
}

export function listenToKeys(): void {
  addEventListener("keydown", press);
}

/** Binds keys while the component is there. */
export function useKeys(bindings: Bindings): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => {
    layers.push(latest);
    return () => {
      layers.splice(layers.indexOf(latest), 1);
    };
  }, []);
}

export const MOD = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "") ? "⌘" : "Ctrl";
