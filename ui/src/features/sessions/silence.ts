// Whether an agent that should be at work has said anything lately. Silence is no failure: it is told, and Stop is at hand.
import type { SessionView } from "../../lib/generated/types";
import { useSilenceSince } from "../../lib/time";
import { useReach } from "../../lib/use";

/** "no word for 30 s", or null. */
export function useSilence({ row, activity, confirmed }: SessionView): string | null {
  const { state } = useReach();
  // Without a connection it is this page that does not hear.
  const expected = confirmed && state === "live" && (row.status === "starting" || row.status === "running");
  return useSilenceSince(expected ? Math.max(row.since, activity?.heard ?? 0) : null);
}
