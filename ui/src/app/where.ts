// Where the page is: the task and the session that the address names.
import { useRouterState } from "@tanstack/react-router";
import { useSession } from "../lib/use";

export type Where = { path: string; task: string | null; session: string | null; changes: boolean };

export function useWhere(): Where {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const tab = useRouterState({ select: (state) => (state.location.search as { tab?: string }).tab });
  const [, kind, id] = path.split("/");
  const session = kind === "sessions" && id ? id : null;
  const view = useSession(session ?? "");
  const task = kind === "tasks" && id ? id : (view?.row.task ?? null);
  return { path, task, session, changes: kind === "tasks" && tab === "changes" };
}
