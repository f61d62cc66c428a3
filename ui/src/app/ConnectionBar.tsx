// The connection, shown only when it is not there.
import { CloudOff } from "lucide-react";
import { hourMinute } from "../lib/time";
import { useConnection } from "../lib/use";
import { plural } from "../lib/words";

export function ConnectionBar() {
  const { state, since, waiting, unsaved } = useConnection();
  const parts = [
    state === "stale" ? `Not connected${since === null ? "" : `, showing ${hourMinute(since)}`}` : null,
    state === "stale" && waiting > 0 ? `${plural(waiting, "action")} waiting` : null,
    unsaved > 0 ? `${plural(unsaved, "action")} would not survive a reload: this browser refuses storage` : null,
  ].filter((part) => part !== null);
  return (
    <div role="status" data-connection={state} className="shrink-0">
      {parts.length > 0 && (
        <p className="flex items-center gap-2 border-b border-line bg-warning-ground px-4 py-1 text-warning">
          <CloudOff className="size-4 shrink-0" aria-hidden="true" />
          {parts.join("; ")}
        </p>
      )}
    </div>
  );
}
