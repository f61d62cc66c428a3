// Whether an agent is at work on a turn.
import type { SessionView, Status } from "../../lib/generated/types";

const WORKING: readonly Status[] = ["running", "needs-approval", "needs-answer"];

export function isWorking(status: Status): boolean {
  return WORKING.includes(status);
}

/** A person ended the turn, and the agent has not heard of it yet. */
export function isInterrupting(view: SessionView): boolean {
  return view.messages.some(({ body, state }) => body.type === "interrupt" && state.state === "queued");
}
