// The window's title: how many sessions need a person, and what the page is about.
import { useEffect } from "react";
import { useNeeding, useTask } from "../lib/use";

/** Draws nothing: what it reads changes with every click, and the frame around it need not be drawn again for that. */
export function TitleBadge({ task }: { task: string | null }): null {
  const needing = useNeeding();
  const title = useTask(task ?? "")?.row.title;
  useEffect(() => {
    document.title = `${needing > 0 ? `(${needing}) ` : ""}${title ? `${title} · ` : ""}Quarterdeck`;
  }, [needing, title]);
  return null;
}
