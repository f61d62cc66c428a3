// Offers notifications once, quietly; the browser asks only after a yes.
import { Bell } from "lucide-react";
import { useState } from "react";
import { permission, turnOn } from "../../../lib/notify";
import { usePref } from "../../../lib/prefs";
import { Button } from "../../../ui/Button";

export function NotifyPrompt() {
  const [offered, setOffered] = usePref("notify.offered", "");
  const [state, setState] = useState(permission);
  if (offered !== "" || state !== "default") return null;
  return (
    <div className="mb-2 flex flex-wrap items-center gap-2 text-ink-2">
      <Bell className="size-4 shrink-0 text-ink-3" aria-hidden="true" />
      <p className="min-w-0 flex-1 basis-60">Hear of what needs you while this page is out of sight.</p>
      <span className="flex gap-1.5">
        <Button small onClick={() => void turnOn().then(setState)}>
          Turn on notifications
        </Button>
        <Button small look="quiet" onClick={() => setOffered("no")}>
          Not now
        </Button>
      </span>
    </div>
  );
}
