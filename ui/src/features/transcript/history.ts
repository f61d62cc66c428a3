// What was sent from this browser, newest last: ArrowUp in an empty composer brings it back.
import { readPref, setPref } from "../../lib/prefs";

const NAME = "sent";
const MOST = 50;
const LONGEST = 4000;

export function sentBefore(): string[] {
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
