// On a phone: which of the columns is shown.
import { useNavigate } from "@tanstack/react-router";
import { Inbox, ListTodo, PanelRight, SquareCheck, type LucideIcon } from "lucide-react";

export type Pane = "tasks" | "main" | "sessions";

export function BottomBar({ pane, path, task, onPane }: { pane: Pane; path: string; task: string | null; onPane: (pane: Pane) => void }) {
  const navigate = useNavigate();
  const inbox = path === "/inbox";
  const toTask = (next: Pane) => {
    if (task === null) return;
    onPane(next);
    if (!path.startsWith("/tasks/")) void navigate({ to: "/tasks/$task", params: { task } }).then(() => onPane(next));
  };
  return (
    <nav aria-label="Pages" className="flex shrink-0 border-t border-line bg-ground pb-[env(safe-area-inset-bottom)] lg:hidden">
      <Place icon={ListTodo} label="Tasks" current={pane === "tasks"} onPress={() => onPane("tasks")} />
      <Place icon={SquareCheck} label="Task" current={pane === "main" && !inbox && task !== null} off={task === null} onPress={() => toTask("main")} />
      <Place icon={PanelRight} label="Sessions" current={pane === "sessions"} off={task === null} onPress={() => toTask("sessions")} />
      <Place
        icon={Inbox}
        label="Inbox"
        current={pane === "main" && inbox}
        onPress={() => {
          onPane("main");
          void navigate({ to: "/inbox" });
        }}
      />
    </nav>
  );
}

function Place({ icon: Icon, label, current, off = false, onPress }: { icon: LucideIcon; label: string; current: boolean; off?: boolean; onPress: () => void }) {
  return (
    <button
      type="button"
      aria-current={current ? "page" : undefined}
      aria-disabled={off || undefined}
      title={off ? "Open a task first." : undefined}
      onClick={onPress}
      className={`flex h-12 flex-1 flex-col items-center justify-center text-meta ${current ? "text-accent-ink" : off ? "text-ink-3" : "text-ink-2"}`}
    >
      <Icon className="size-5" aria-hidden="true" />
      {label}
    </button>
  );
}
