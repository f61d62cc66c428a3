// What was sent from this browser, newest last: ArrowUp in an empty composer brings it back.
import { useState } from "react";
import { readPref, setPref } from "../../lib/prefs";

const NAME = "sent";
const MOST = 50;
const LONGEST = 4000;

function sentBefore(): string[] {
  try {
    const list = JSON.parse(readPref(NAME, "[]")) as unknown;
    return Array.isArray(list) ? list.filter((text): text is string => typeof text === "string") : [];
  } catch {
    return [];
  }
}

export function remember(text: string): void {
  if (text === "" || text.length > LONGEST) return;
  setPref(NAME, JSON.stringify([...sentBefore().filter((before) => before !== text), text].slice(-MOST)));
}

/** Goes through what was sent before, from an empty field on; null where an arrow is only an arrow. */
export function useRecall(text: string): (step: 1 | -1) => string | null {
  const [at, setAt] = useState<number | null>(null);
  return (step) => {
    const sent = sentBefore();
    const here = at !== null && sent[at] === text ? at : null;
    if (here === null && (text !== "" || step === 1)) return null;
    const next = Math.max(0, (here ?? sent.length) + step);
    setAt(next);
    return sent[next] ?? "";
  };
}
