// After Keep, Discard or Archive: what was done and the way back, for a while. The task's page has the same Undo for as long as it can be done.
import { X } from "lucide-react";
import { useEffect } from "react";
import { useShell, useTask } from "../lib/use";
import { actOnTask, useOffered, withdrawOffer, type Offer } from "../lib/work";
import { Button, IconButton } from "../ui/Button";

const DID: Record<Offer["undo"], string> = { undo_keep: "Kept", undo_discard: "Discarded", restore: "Archived" };

const SHOWN_MS = 15_000;

export function UndoNotice() {
  const offer = useOffered();
  return offer === null ? null : <Offered key={`${offer.task} ${offer.undo}`} offer={offer} />;
}

function Offered({ offer }: { offer: Offer }) {
  const shell = useShell();
  const view = useTask(offer.task);
  const undo = view?.actions.find((action) => action.name === offer.undo);
  // While the work is under way, and where it failed, there is nothing to undo.
  const done = undo?.enabled ?? false;
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(withdrawOffer, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  if (!view || !done) return null;
  return (
    <div role="status" data-notice={offer.undo} className="pointer-events-auto flex items-center gap-2 rounded border border-line bg-raised py-1.5 ps-3 pe-1.5 shadow-float">
      <p className="min-w-0 flex-1 truncate">
        <span className="font-medium">{DID[offer.undo]}</span>{" "}
        <span dir="auto" className="text-ink-2">
          {view.row.title}
        </span>
      </p>
      <Button small onClick={() => actOnTask(shell, offer.task, undo)}>
        Undo
      </Button>
      <IconButton label="Dismiss" onClick={withdrawOffer}>
        <X className="size-4" />
      </IconButton>
    </div>
  );
}
