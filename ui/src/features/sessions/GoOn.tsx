// A session that ran into the provider's limit: it goes on when the limit ends, if a person says so.
import type { Session, SessionView } from "../../lib/generated/types";
import { exact, useMoment } from "../../lib/time";
import { goOn, useShell } from "../../lib/use";
import { Button } from "../../ui/Button";

/** Clocks differ, and a limit that has just ended is told as reached once more. */
const MARGIN_MS = 15_000;

/** When it may go on; null where it did not fail for a limit whose end is known. */
function end(row: Session): number | null {
  const until = row.status === "failed" ? row.activity?.limit?.until : null;
  return until == null ? null : until + MARGIN_MS;
}

export function GoOn({ row, small = false }: { row: Session; small?: boolean }) {
  const at = end(row);
  return at === null ? null : <GoOnAt session={row.id} at={at} small={small} />;
}

function GoOnAt({ session, at, small }: { session: string; at: number; small: boolean }) {
  const shell = useShell();
  const { words, past } = useMoment(at);
  return (
    <Button small={small} title={past ? "The limit has ended" : `When the limit ends: ${exact(at)}`} onClick={() => goOn(shell, session, past ? null : at)}>
      {past ? "Go on" : `Go on at ${words}`}
    </Button>
  );
}

/** The word of its status; of one that waits for a time, that time. */
export function StatusWord({ view }: { view: SessionView }) {
  const at = view.row.not_before;
  return view.row.status === "queued" && at !== null ? <Later at={at} /> : view.word;
}

function Later({ at }: { at: number }) {
  return <span title={exact(at)}>goes on at {useMoment(at).words}</span>;
}
