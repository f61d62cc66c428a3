// The inbox.
import { Inbox } from "../../features/sessions/inbox/Inbox";

export function InboxPage() {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <Inbox />
    </div>
  );
}
