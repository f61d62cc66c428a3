// React's binding to the core: one external store per selector, no transition or deferral between a commit and its paint (R16).
import { createContext, useContext, useMemo, useSyncExternalStore } from "react";
import type { Agents, AttachedImage, Command, CommentView, ConnectionView, DocumentView, Key, Kind, Lines, Notice, Project, Query, RowKind, Session, SessionList, SessionView, Settings, Start, TaskView } from "./generated/types";
import { share } from "./share";
import type { Shell } from "./shell";
import { tellStart } from "./starts";

export const ShellContext = createContext<Shell | null>(null);

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (shell === null) throw new Error("outside of the shell");
  return shell;
}

/** The address may name anything. */
const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

type Matches = (key: Key) => boolean;

/** Reads a selector; reads it again in each commit that changed a key it depends on; keeps the value where the text is the same. */
function useSelector<T>(name: string, select: (shell: Shell) => string | undefined, matches: Matches, onChrome = false): T | undefined {
  const shell = useShell();
  const store = useMemo(() => {
    let text: string | undefined;
    let value: T | undefined;
    const refresh = () => {
      const next = select(shell);
      if (next === text) return false;
      text = next;
      value = next === undefined ? undefined : share(value, JSON.parse(next) as T);
      return true;
    };
    refresh();
    return {
      subscribe: (told: () => void) => {
        // What was committed between render and subscription; React reads again after this.
        refresh();
        return shell.subscribe((changed, all, chrome) => {
          if ((all || (chrome && onChrome) || changed.some(matches)) && refresh()) told();
        });
      },
      get: () => value,
    };
    // The name stands for `select` and `matches`.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [shell, name]);
  return useSyncExternalStore(store.subscribe, store.get);
}

const kinds =
  (...of: RowKind[]): Matches =>
  (key) =>
    of.includes(key.kind);
const never: Matches = () => false;

export function useConnection(): ConnectionView {
  const now = useSelector<ConnectionView>("connection", (shell) => shell.panel.connection(), () => true, true);
  return now ?? { state: "loading", since: null, waiting: 0, unsaved: 0, has_base: false };
}

/** How the page stands to the server, without the figures: what most of the page wants to know. */
export function useReach(): Pick<ConnectionView, "state" | "has_base"> {
  const reach = useSelector<Pick<ConnectionView, "state" | "has_base">>(
    "reach",
    (shell) => {
      const { state, has_base } = JSON.parse(shell.panel.connection()) as ConnectionView;
      return JSON.stringify({ state, has_base });
    },
    never,
    true,
  );
  return reach ?? { state: "loading", has_base: false };
}

export function useTaskLines(query: Query): Lines {
  const text = JSON.stringify(query);
  const lines = useSelector<Lines>(`lines ${text}`, (shell) => shell.panel.task_lines(text), kinds("task", "session", "job", "project", "settings", "agent"), true);
  return lines ?? { total: 0, active: 0, archived: 0, lines: [] };
}

export function useTask(id: string): TaskView | undefined {
  return useSelector<TaskView>(
    `task ${id}`,
    (shell) => (isId(id) ? shell.panel.task(id) : undefined),
    (key) => key.kind !== "task" || key.id === id,
  );
}

export function useSessionIds(task: string): SessionList {
  return useSelector<SessionList>(`sessions ${task}`, (shell) => (isId(task) ? shell.panel.sessions(task) : undefined), kinds("session")) ?? { active: [], ended: [] };
}

export function useComments(task: string): CommentView[] {
  return useSelector<CommentView[]>(`comments ${task}`, (shell) => (isId(task) ? shell.panel.comments(task) : undefined), kinds("comment")) ?? [];
}

export function useSession(id: string): SessionView | undefined {
  return useSelector<SessionView>(
    `session ${id}`,
    (shell) => (isId(id) ? shell.panel.session(id) : undefined),
    (key) => key.kind !== "session" || key.id === id,
  );
}

export function useRunning(): string[] {
  return useSelector<string[]>("running", (shell) => shell.panel.running(), kinds("session")) ?? [];
}

export function useAgents(): Agents {
  return useSelector<Agents>("agents", (shell) => shell.panel.agents(), kinds("agent", "settings")) ?? { agents: [], default: null };
}

export function useProjects(): Project[] {
  return useSelector<Project[]>("projects", (shell) => shell.panel.projects(), kinds("project")) ?? [];
}

export function useSettings(): Settings | undefined {
  return useSelector<Settings>("settings", (shell) => shell.panel.settings(), kinds("settings"));
}

export function useDocument(task: string): DocumentView | undefined {
  return useSelector<DocumentView>(`document ${task}`, (shell) => (isId(task) ? shell.panel.document(task) : undefined), kinds("task", "job"));
}

export function useNotices(): Notice[] {
  return useSelector<Notice[]>("notices", (shell) => shell.panel.notices(), never, true) ?? [];
}

/** Starts a session of a task; the answer is its id, which is the session's for ever. */
export function startSession(shell: Shell, task: string, kind: Kind, start?: Partial<Start>): string {
  const id = shell.mint();
  const mid = shell.act({
    name: "start_session",
    args: { id, task, kind, start: startOf(start) },
  });
  if (mid !== null) tellStart(id, mid);
  return id;
}

/** Makes a task of a text; the answer is its id. */
export function createTask(shell: Shell, project: string, text: string): string {
  const id = shell.mint();
  shell.act({ name: "create_task", args: { id, project, text } });
  return id;
}

export function onSession(shell: Shell, name: "cancel_session" | "mark_seen" | "delete_session", id: string): void {
  shell.act({ name, args: { id } } as Command);
}

/** Cancels what runs of a task. */
export function cancelSessions(shell: Shell, task: string): void {
  const { active } = JSON.parse(shell.panel.sessions(task)) as SessionList;
  for (const id of active) {
    const view = JSON.parse(shell.panel.session(id) ?? "null") as SessionView | null;
    if (view?.actions.some((action) => action.name === "cancel" && action.enabled)) onSession(shell, "cancel_session", id);
  }
}

export function answer(shell: Shell, session: string, request: string, option: string, beside?: { note?: string; input?: unknown }): void {
  shell.act({ name: "answer_request", args: { id: shell.mint(), session, request, option, ...beside } } as Command);
}

export function sendMessage(shell: Shell, session: string, text: string, { steer = false, images = [] }: { steer?: boolean; images?: AttachedImage[] } = {}): void {
  shell.act({ name: "send_message", args: { id: shell.mint(), session, text, steer, ...(images.length === 0 ? {} : { images }) } });
}

/** Goes on in a new session in place of an earlier message; its id, or null where it was refused at once. */
export function retryFrom(shell: Shell, row: Session, message: string, text: string, images: AttachedImage[]): string | null {
  const id = shell.mint();
  const mid = shell.act({ name: "retry_from", args: { id, prompt: shell.mint(), session: row.id, message, text, ...(images.length === 0 ? {} : { images }), files: "back" } });
  if (shell.panel.session(id) === undefined) return null;
  if (mid !== null) tellStart(id, mid);
  return id;
}

/** Ends the turn; the agent stays for the next message. */
export function interrupt(shell: Shell, session: string): void {
  shell.act({ name: "interrupt_turn", args: { id: shell.mint(), session } });
}

export function chooseOffer(shell: Shell, session: string, offer: string, value: string): void {
  shell.act({ name: "choose_offer", args: { id: shell.mint(), session, offer, value } });
}

/** An ended session goes on where it stopped: at that time, else now. */
export function goOn(shell: Shell, session: string, at: number | null): void {
  shell.act({ name: "send_message", args: { id: shell.mint(), session, text: "Go on where you stopped.", steer: false, at } });
}

/** The same again: a new session with what the old one was started with. */
export function retrySession(shell: Shell, row: Session): string {
  const start = { agent: row.agent || null, model: row.model, instructions: row.instructions, permission: row.permission };
  return row.resolves === null ? startSession(shell, row.task, row.kind, start) : resolveByAgent(shell, row.task, start);
}

/** Merges the target into the worktree of a task; a session resolves what conflicts. The answer is the session. */
export function resolveByAgent(shell: Shell, task: string, start?: Partial<Start>): string {
  return resolving(shell, "update_work", task, start);
}

/** Takes what was kept of a task back in its worktree; a session resolves what conflicts. */
export function takeBackByAgent(shell: Shell, task: string): string {
  return resolving(shell, "take_back", task);
}

function resolving(shell: Shell, name: "update_work" | "take_back", task: string, start?: Partial<Start>): string {
  const session = shell.mint();
  const mid = shell.act({ name, args: { id: task, session, start: startOf(start) } });
  if (mid !== null) tellStart(session, mid);
  return session;
}

export function startOf(chosen: Partial<Start> = {}): Start {
  return { agent: null, model: null, instructions: "", permission: null, adopted: null, ...chosen };
}

/** How many sessions wait for a person. */
export function useNeeding(): number {
  const count = (shell: Shell) => {
    const ids = JSON.parse(shell.panel.running()) as string[];
    let needing = 0;
    for (const id of ids) {
      // Those that need a person come first.
      const status = (JSON.parse(shell.panel.session(id) ?? "null") as SessionView | null)?.row.status;
      if (status !== "needs-approval" && status !== "needs-answer") break;
      needing += 1;
    }
    return String(needing);
  };
  return useSelector<number>("needing", count, kinds("session")) ?? 0;
}
