// The agent's commands, while the composer begins with a slash.
import type { OfferedCommand } from "../../lib/generated/types";
import type { Suggestion } from "./Suggestions";

const NAME = /^\/(\S*)$/;

/** The commands that what is written may become. */
export function matching(text: string, commands: OfferedCommand[]): OfferedCommand[] {
  const name = NAME.exec(text)?.[1]?.toLowerCase();
  if (name === undefined) return [];
  return commands.filter((command) => command.name.toLowerCase().includes(name)).toSorted((a, b) => Number(b.name.toLowerCase().startsWith(name)) - Number(a.name.toLowerCase().startsWith(name)));
}

export function suggestCommand({ name, description }: OfferedCommand): Suggestion {
  return {
    key: name,
    face: (
      <>
        <span className="shrink-0 font-mono text-code">/{name}</span>
        <span className="min-w-0 truncate text-meta text-ink-3">{description}</span>
      </>
    ),
  };
}
