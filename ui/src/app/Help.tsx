// The map of the keyboard.
import { MOD } from "../lib/keys";
import { Dialog } from "../ui/Dialog";
import { Kbd } from "../ui/Small";

const MAP: [string, [string, string][]][] = [
  [
    "Everywhere",
    [
      [`${MOD} K`, "Search and commands"],
      ["j k", "Down and up in the task list"],
      ["Enter", "Open"],
      ["/", "Filter the tasks"],
      ["n", "The next that needs you"],
      ["c", "Create a task"],
      ["g t", "Go to the start"],
      ["g i", "Go to the inbox"],
      ["g w", "Go to what runs"],
      ["g s", "Go to the settings"],
      ["g d", "Go to the worktrees"],
      ["[ ]", "Hide or show a side column"],
      ["Esc", "Leave"],
    ],
  ],
  [
    "Task",
    [
      ["i", "Implement with the defaults"],
      ["Shift I", "Implement with a choice"],
      ["p", "Plan"],
      ["v", "Verify"],
      ["e", "Edit the document"],
      ["Shift L", "Keep with a message"],
      ["Shift A", "Archive the task"],
    ],
  ],
  [
    "Changes",
    [
      ["j k", "The next file, the one before"],
      ["Shift J", "The next change in it"],
      ["Shift K", "The change before"],
      ["ArrowUp", "Select lines of the diff"],
      ["Enter", "Comment on the selected lines"],
      ["Shift C", "Comment on the file"],
      ["m", "Mark the file as viewed, go on"],
      ["s", "Side by side or one below the other"],
      ["f", "All files in one window, or one at a time"],
    ],
  ],
  [
    "Session",
    [
      ["x", "Cancel; asks, x again does it"],
      ["a", "Allow what it asks"],
      ["d", "Deny what it asks"],
      ["[ ]", "The turn before, the turn after"],
      ["f", "Find in the transcript"],
      ["m", "Write a message"],
      ["Enter", "Send it; while the agent works: queue it"],
      [`${MOD} Enter`, "Send it now, into the turn"],
      ["Esc Esc", "From the message: interrupt the turn"],
      ["ArrowUp", "In an empty message: what was sent before"],
    ],
  ],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog label="Keyboard" onClose={onClose} width="w-[640px]">
      <div className="grid grid-cols-1 gap-x-8 gap-y-4 sm:grid-cols-2">
        {MAP.map(([title, keys]) => (
          <section key={title} className={title === "Everywhere" ? "sm:row-span-2" : ""}>
            <h3 className="mb-1 font-medium">{title}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key} className="flex h-7 items-center justify-between gap-4">
                  <dt className="text-ink-2">{what}</dt>
                  <dd>
                    <span className="sr-only">{key}</span>
                    <Kbd>{key}</Kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
