// Words and numbers for people.
import type { Attention, Kind, Status } from "./generated/types";

export const KIND_LABEL: Record<Kind, string> = {
  plan: "Plan",
  debug: "Debug",
  implement: "Implement",
  verify: "Verify",
  review: "Review",
  rewrite: "Rewrite",
  comment: "Comment",
  synthesise: "Synthesise",
  debate: "Debate",
  chat: "Chat",
  "commit-message": "Commit",
};

export const STATUS_LABEL: Record<Status, string> = {
  queued: "Queued",
  starting: "Starting",
  running: "Running",
  "needs-approval": "Needs approval",
  "needs-answer": "Needs an answer",
  paused: "Paused",
  waiting: "Waiting for quota",
  cancelling: "Cancelling",
  completed: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  interrupted: "Interrupted",
};

export const ATTENTION_LABEL: Record<Attention, string> = {
  needs_answer: "Needs an answer",
  needs_approval: "Needs approval",
  failed: "Failed",
  review_ready: "Ready for review",
  conflicted: "Conflict",
  running: "Running",
  idle: "",
};

const ENDED: readonly Status[] = ["completed", "failed", "cancelled", "interrupted"];

export function isEnded(status: Status): boolean {
  return ENDED.includes(status);
}

/** Says of a scripted agent that no model is at work, unless its name does. */
export function scriptedNote(title: string, scripted: boolean): string {
  return scripted && !/scripted/i.test(title) ? " (scripted, no model)" : "";
}

/** 950, 12.4k, 3.1M; "–" where unknown. */
export function count(n: number | null): string {
  if (n === null) return "–";
  if (n < 1000) return String(n);
  if (n < 999_950) return `${trim(n / 1000)}k`;
  return `${trim(n / 1_000_000)}M`;
}

function trim(n: number): string {
  return n >= 100 ? String(Math.round(n)) : n.toFixed(1).replace(/\.0$/, "");
}

export function dollars(n: number | null): string {
  return n === null ? "–" : `$${n.toFixed(2)}`;
}

const grouped = new Intl.NumberFormat("en-GB");

/** "12,345" */
export function whole(n: number): string {
  return grouped.format(n);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${whole(n)} ${n === 1 ? one : many}`;
}

/** Cuts a path in the middle: its end matters most, then its beginning. */
export function shortPath(path: string, max: number): string {
  if (path.length <= max) return path;
  const tail = path.slice(path.lastIndexOf("/") + 1);
  const room = max - tail.length - 2;
  if (room < 4) return `…${path.slice(-(max - 1))}`;
  return `${path.slice(0, room)}…/${tail}`;
}
