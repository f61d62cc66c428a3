// Everything that can be done, and every task, by typing.
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { useState, type ReactNode } from "react";
import { applyTheme, setPref } from "../lib/prefs";
import { createTask, startSession, useProjects, useRunning, useSession, useShell, useTask, useTaskLines } from "../lib/use";
import { KIND_LABEL } from "../lib/words";
import { actOnTask, ONLY_ENABLED } from "../lib/work";
import { StartDialog } from "../features/tasks/StartDialog";
import { Dialog } from "../ui/Dialog";
import { AttentionMark, StatusMark } from "../ui/Mark";
import { Kbd } from "../ui/Small";

const MOST = 8;
/** The actions of a task. */
const KEYS: Record<string, string> = { implement: "i", plan: "p", verify: "v" };
const OFFERED = ["implement", "plan", "verify", "keep", "commit", "update", "propose", "look_at_proposal", "try", "untry", "revert", "discard", "undo_keep", "undo_discard", "archive", "restore"];

export type PaletteProps = { task: string | null; onClose: () => void; onHelp: () => void; onCreate: () => void };

export function Palette({ task, onClose, onHelp, onCreate }: PaletteProps) {
  const shell = useShell();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [choosing, setChoosing] = useState(false);
  const projects = useProjects();
  const view = useTask(task ?? "");
  const { lines } = useTaskLines({ filter: text, show: "all", sort: "attention", from: 0, to: MOST, held: false });
  const running = useRunning();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const close = (run: () => void) => () => {
    onClose();
    run();
  };
  if (choosing && view) {
    const action = view.actions.find((a) => a.name === "implement");
    return <StartDialog task={view.row.id} title={view.row.title} kind="implement" reason={action?.enabled ? null : (action?.reason ?? "Not possible now.")} onClose={onClose} />;
  }
  type Entry = { label: string; keys?: string; reason?: string | null; run: () => void };
  const onTask: Entry[] = (view?.actions ?? [])
    .filter((action) => OFFERED.includes(action.name) && (action.enabled || !ONLY_ENABLED.includes(action.name)))
    // What would be put away with a task is named on its page, not here.
    .filter((action) => action.name !== "archive" || view?.archive_guards.length === 0)
    .map((action) => ({
      label: action.name === "undo_keep" ? "Undo Keep" : action.name === "look_at_proposal" ? "Refresh the pull request" : action.name === "undo_discard" ? "Undo Discard" : action.label,
      reason: action.enabled ? null : action.reason,
      ...(KEYS[action.name] === undefined ? {} : { keys: KEYS[action.name] }),
      run: close(() => actOnTask(shell, view?.row.id ?? "", action)),
    }));
  if (view) onTask.splice(1, 0, { label: "Implement with…", keys: "Shift I", run: () => setChoosing(true) });
  const go: Entry[] = [
    { label: "New task", keys: "c", run: close(onCreate) },
    { label: "Inbox", keys: "g i", run: close(() => void navigate({ to: "/inbox" })) },
    { label: "Worktrees", keys: "g d", run: close(() => void navigate({ to: "/worktrees" })) },
    { label: "Settings", keys: "g s", run: close(() => void navigate({ to: "/settings" })) },
    { label: "Keyboard", keys: "?", run: onHelp },
    ...(["light", "dark", "system"] as const).map((theme) => ({
      label: `Theme: ${theme}`,
      run: close(() => {
        setPref("theme", theme);
        applyTheme();
      }),
    })),
  ];
  const matches = (entry: Entry) => words.every((word) => entry.label.toLowerCase().includes(word));
  const project = projects[0];
  return (
    <Dialog label="Search and commands" onClose={onClose} bare width="w-[600px]">
      <Command shouldFilter={false} label="Search and commands" className="flex max-h-[60vh] flex-col">
        <Command.Input data-first-focus="" value={text} onValueChange={setText} placeholder="Search tasks, or type a command" className="h-11 shrink-0 border-b border-line bg-transparent px-4 text-doc outline-none placeholder:text-ink-3" />
        <Command.List className="min-h-0 flex-1 overflow-y-auto p-1.5">
          <Group title={view ? view.row.title : "This task"} entries={onTask.filter(matches)} />
          {lines.length > 0 && (
            <Command.Group heading="Tasks" className={GROUP}>
              {lines.map((line) => (
                <Item key={line.id} value={line.id} onSelect={close(() => void navigate({ to: "/tasks/$task", params: { task: line.id } }))}>
                  <AttentionMark attention={line.attention} done={line.progress.done} total={line.progress.total} />
                  <span dir="auto" className="min-w-0 flex-1 truncate text-start">
                    {line.title}
                  </span>
                </Item>
              ))}
            </Command.Group>
          )}
          {words.length === 0 && running.length > 0 && (
            <Command.Group heading="Running" className={GROUP}>
              {running.slice(0, MOST).map((id) => (
                <RunningItem key={id} id={id} onSelect={close(() => void navigate({ to: "/sessions/$session", params: { session: id } }))} />
              ))}
            </Command.Group>
          )}
          <Group title="Go" entries={go.filter(matches)} />
          {text.trim() !== "" && project && (
            <Command.Group heading="Create" className={GROUP}>
              <Item value="create" onSelect={close(() => void navigate({ to: "/tasks/$task", params: { task: createTask(shell, project.id, text) } }))}>
                <span className="min-w-0 flex-1 truncate">Create “{text.trim()}”</span>
              </Item>
              {(["plan", "implement"] as const).map((kind) => (
                <Item
                  key={kind}
                  value={`create-and-${kind}`}
                  onSelect={close(() => {
                    const made = createTask(shell, project.id, text);
                    startSession(shell, made, kind);
                    void navigate({ to: "/tasks/$task", params: { task: made } });
                  })}
                >
                  <span className="min-w-0 flex-1 truncate">
                    Create and {kind === "plan" ? "plan" : "start"} “{text.trim()}”
                  </span>
                </Item>
              ))}
            </Command.Group>
          )}
        </Command.List>
      </Command>
    </Dialog>
  );
}

const GROUP = "[&_[cmdk-group-heading]]:truncate [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-meta [&_[cmdk-group-heading]]:text-ink-3";

type Shown = { label: string; keys?: string; reason?: string | null; run: () => void };

function Group({ title, entries }: { title: string; entries: Shown[] }) {
  if (entries.length === 0) return null;
  return (
    <Command.Group heading={title} className={GROUP}>
      {entries.map((entry) => (
        <Item key={entry.label} value={`${title} ${entry.label}`} onSelect={entry.run} disabled={Boolean(entry.reason)}>
          <span className="shrink-0">{entry.label}</span>
          <span className="min-w-0 flex-1 truncate text-meta text-ink-3">{entry.reason}</span>
          {entry.keys && <Kbd>{entry.keys}</Kbd>}
        </Item>
      ))}
    </Command.Group>
  );
}

function Item({ value, onSelect, disabled = false, children }: { value: string; onSelect: () => void; disabled?: boolean; children: ReactNode }) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      disabled={disabled}
      className="flex h-8 items-center gap-2 rounded px-2.5 select-none aria-disabled:text-ink-3 data-[selected=true]:bg-pressed"
    >
      {children}
    </Command.Item>
  );
}

function RunningItem({ id, onSelect }: { id: string; onSelect: () => void }) {
  const view = useSession(id);
  if (!view) return null;
  return (
    <Item value={id} onSelect={onSelect}>
      <StatusMark status={view.row.status} neutral={!view.confirmed} />
      <span className="min-w-0 flex-1 truncate">
        {KIND_LABEL[view.row.kind]}: {view.task_title}
      </span>
      <span className="text-meta text-ink-3">{view.word}</span>
    </Item>
  );
}
