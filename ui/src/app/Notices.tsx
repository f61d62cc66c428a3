// Bottom left: what was refused, with the reason, until it is dismissed or tried again; and the Undo of what was done.
import { X } from "lucide-react";
import { useNotices, useShell } from "../lib/use";
import { Button, IconButton } from "../ui/Button";
import { GiveBack } from "./GiveBack";
import { KeptNotices } from "./KeptNotice";
import { UndoNotice } from "./UndoNotice";

const MOST = 4;

export function Notices() {
  const shell = useShell();
  const notices = useNotices();
  const shown = notices.slice(-MOST);
  return (
    <div aria-label="Notices" role="region" className="pointer-events-none relative z-20">
      <GiveBack notices={notices} />
      {/* Above whatever bars stand below, without taking room from the page. */}
      <div className="absolute bottom-3 left-3 flex w-[min(380px,calc(100vw-24px))] flex-col gap-2">
        {notices.length > MOST && <p className="text-meta text-ink-3">{notices.length - MOST} more</p>}
        {shown.map((notice) => (
          <div key={notice.id} role="alert" data-notice={notice.reject.code} className="pointer-events-auto flex items-start gap-2 rounded border border-line bg-raised py-2 ps-3 pe-1.5 shadow-float">
            <div className="min-w-0 flex-1 py-0.5">
              <p className="font-medium">{notice.title}</p>
              {notice.task !== null && (
                <p dir="auto" className="truncate text-start text-meta text-ink-3">
                  {notice.task}
                </p>
              )}
              <p className="wrap-anywhere text-ink-2 select-text">{notice.reject.message}</p>
              {notice.retry && (
                <div className="mt-2">
                  <Button small onClick={() => shell.handle({ type: "retry", id: notice.id, now: Date.now() })}>
                    Retry
                  </Button>
                </div>
              )}
            </div>
            <IconButton label="Dismiss" onClick={() => shell.handle({ type: "dismiss", id: notice.id, now: Date.now() })}>
              <X className="size-4" />
            </IconButton>
          </div>
        ))}
        <KeptNotices />
        <UndoNotice />
      </div>
    </div>
  );
}
