// Which files of a task's work were viewed. A mark is bound to what the file held: it goes when that changes.
import { usePref } from "../../lib/prefs";
import type { ChangedFile } from "../../lib/generated/types";

export type Viewed = { has: (file: ChangedFile) => boolean; set: (file: ChangedFile, viewed: boolean) => void };

export function useViewed(task: string): Viewed {
  const [text, setText] = usePref(`viewed.${task}`, "{}");
  const marks = read(text);
  return {
    has: (file) => marks[file.path] === file.stamp,
    set: (file, viewed) => {
      const { [file.path]: _, ...others } = read(text);
      setText(JSON.stringify(viewed ? { ...others, [file.path]: file.stamp } : others));
    },
  };
}

function read(text: string): Record<string, string> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return {};
  }
}
