// The addresses of the page.
import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { Frame } from "./Frame";
import { CreatePage } from "./pages/CreatePage";
import { InboxPage } from "./pages/InboxPage";
import { SessionPage } from "./pages/SessionPage";
import { TaskPage } from "./pages/TaskPage";
import { SettingsRoute, WorktreesRoute } from "./parts";

export type TaskSearch = { tab?: "changes"; file?: string };

const root = createRootRoute({ component: Frame, notFoundComponent: CreatePage });
const index = createRoute({ getParentRoute: () => root, path: "/", component: CreatePage });
const task = createRoute({
  getParentRoute: () => root,
  path: "/tasks/$task",
  component: TaskPage,
  validateSearch: (search: Record<string, unknown>): TaskSearch => ({
    ...(search.tab === "changes" ? { tab: "changes" as const } : {}),
    ...(typeof search.file === "string" ? { file: search.file } : {}),
  }),
});
const session = createRoute({ getParentRoute: () => root, path: "/sessions/$session", component: SessionPage });
const inbox = createRoute({ getParentRoute: () => root, path: "/inbox", component: InboxPage });
const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: SettingsRoute });
const worktrees = createRoute({ getParentRoute: () => root, path: "/worktrees", component: WorktreesRoute });

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([index, task, session, inbox, settings, worktrees]),
    // A page is drawn in the commit that asked for it: nothing is loaded before; the settings see to that themselves.
    defaultPendingMs: 0,
    defaultPreload: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
