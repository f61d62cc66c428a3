// What the selectors of the optimistic core answer: rows with what is derived from them. Nothing here is computed by the page.
import type {
  Action,
  Activity,
  Agent,
  Attention,
  Ending,
  Job,
  Kind,
  Message,
  Phase,
  PlanEntry,
  Progress,
  Project,
  Reject,
  Request,
  Session,
  Task,
  ToolContent,
  ToolKind,
  ToolStatus,
} from "./generated/types";

export type Connection = {
  state: "loading" | "live" | "stale" | "logged_out";
  since: number | null;
  waiting: number;
  unsaved: number;
  has_base: boolean;
};

export type TaskQuery = {
  filter: string;
  show: "active" | "archived" | "all";
  sort: "attention" | "updated" | "title" | "progress";
  from: number;
  to: number;
  /** The order is held: rows change in their places. */
  held?: boolean;
};

export type Play = { kind: Kind; label: string; enabled: boolean; reason: string | null };

export type TaskLine = {
  id: string;
  title: string;
  progress: Progress;
  attention: Attention;
  running: boolean;
  archived: boolean;
  on_branch: boolean;
  problem: string | null;
  updated: number;
  pending: boolean;
  play: Play;
};

export type TaskLines = { total: number; active: number; archived: number; lines: TaskLine[] };

export type TaskView = {
  row: Task;
  project: Project | null;
  phase: Phase;
  attention: Attention;
  pending: boolean;
  jobs: Job[];
  actions: Action[];
  play: Play;
};

export type SessionIds = { active: string[]; ended: string[] };

export type SessionView = {
  row: Session;
  agent_title: string;
  scripted: boolean;
  kind_title: string;
  confirmed: boolean;
  word: string;
  activity: Activity | null;
  line: string;
  messages: Message[];
  actions: Action[];
  task_title: string;
};

export type Agents = { agents: Agent[]; default: string | null };

export type DocumentView = { version: string; text: string; pending: boolean; stale: boolean };

export type Notice = { id: string; reject: Reject; title: string; retry: boolean };

/** One drawn piece of a transcript. */
export type Item = { key: number; ts: number } & ItemBody;

export type ItemBody =
  | { type: "began"; agent: string; program: string; cwd: string; resumed: string | null }
  | { type: "prompt"; message: string; text: string }
  | { type: "text"; text: string }
  | { type: "thought"; text: string }
  | { type: "tool"; call: ToolCall }
  | { type: "reads"; calls: ToolCall[] }
  | { type: "plan"; entries: PlanEntry[] }
  | { type: "asked"; request: Request; settled: boolean; option: string | null }
  | { type: "stderr"; text: string }
  | { type: "note"; text: string }
  | { type: "turn"; stop: string }
  | { type: "ended"; ending: Ending; activity: Activity }
  | { type: "unknown"; raw: unknown };

export type ToolCall = {
  id: string;
  title: string;
  tool: ToolKind;
  status: ToolStatus;
  files: string[];
  content: ToolContent[];
  input: unknown;
  began: number;
  ended: number | null;
};
