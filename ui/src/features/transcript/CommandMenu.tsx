// The agent's commands, while the composer begins with a slash.
import { useEffect, useRef } from "react";
import type { OfferedCommand } from "../../lib/generated/types";

export const MENU = "commands";
const NAME = /^\/(\S*)$/;

/** The commands that what is written may become. */
export function matching(text: string, commands: OfferedCommand[]): OfferedCommand[] {
  const name = NAME.exec(text)?.[1]?.toLowerCase();
  if (name === undefined) return [];
  return commands.filter((command) => command.name.toLowerCase().includes(name)).toSorted((a, b) => Number(b.name.toLowerCase().startsWith(name)) - Number(a.name.toLowerCase().startsWith(name)));
}

export function CommandMenu({ commands, at, onPick }: { commands: OfferedCommand[]; at: number; onPick: (command: OfferedCommand) => void }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <div ref={list} id={MENU} role="listbox" aria-label="Commands of the agent" className="absolute inset-x-0 bottom-full z-10 mb-1 max-h-64 overflow-y-auto rounded border border-line bg-raised p-1 shadow-float">
      {commands.map((command, index) => (
        // The keyboard stays in the composer.
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={command.name}
          id={`${MENU}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onPick(command)}
          className={`flex h-7 cursor-default items-center gap-2 rounded px-2 ${index === at ? "bg-pressed" : "hover:bg-hover"}`}
        >
          <span className="shrink-0 font-mono text-code">/{command.name}</span>
          <span className="min-w-0 truncate text-meta text-ink-3">{command.description}</span>
        </div>
      ))}
    </div>
  );
}
