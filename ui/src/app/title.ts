// The window's title: how many sessions need a person, and what the page is about.
import { useEffect } from "react";
import { useNeeding, useTask } from "../lib/use";

export function useTitleBadge(task: string | null): void {
  const needing = useNeeding();
  const title = useTask(task ?? "")?.row.title;
  useEffect(() => {
    document.title = `${needing > 0 ? `(${needing}) ` : ""}${title ? `${title} · ` : ""}Quarterdeck`;
  }, [needing, title]);
}
