// The types of `core` and `wire` as serde writes them.

export type RowKind = "settings" | "project" | "agent" | "task" | "session" | "message" | "job";
export type Key = { kind: RowKind; id: string };

export type Kind =
  | "plan"
  | "debug"
  | "implement"
  | "verify"
  | "review"
  | "rewrite"
  | "comment"
  | "synthesise"
  | "debate"
  | "chat"
  | "commit-message";

export type Status =
  | "queued"
  | "starting"
  | "running"
  | "needs-approval"
  | "needs-answer"
  | "paused"
  | "waiting"
  | "cancelling"
  | "completed"
  | "failed"
  | "cancelled"
  | "interrupted";

export type Progress = { done: number; doing: number; total: number };
export type Document = { version: string | null; hash: string; size: number };
export type Conflict = { yours: string; theirs: string };
export type Changed = { files: number; additions: number; deletions: number };
export type Branch = {
  session: string;
  name: string;
  path: string;
  base: string;
  target: string | null;
  changed: Changed | null;
  discarded: string | null;
};
export type Landing = { target: string; old: string; new: string; at: number };
export type Project = {
  id: string;
  ver: number;
  name: string;
  path: string;
  tasks_dir: string;
  branch: string | null;
  problem: string | null;
  watched: boolean;
  demo: boolean;
};
export type Task = {
  id: string;
  ver: number;
  project: string;
  title: string;
  path: string | null;
  document: Document;
  progress: Progress;
  criteria: Progress;
  problem: string | null;
  on_branch: boolean;
  archived: boolean;
  created: number;
  updated: number;
  conflict: Conflict | null;
  branch: Branch | null;
  landing: Landing | null;
};
export type Model = { id: string; title: string };
export type Agent = {
  id: string;
  ver: number;
  name: string;
  title: string;
  found: boolean;
  version: string | null;
  logged_in: boolean | null;
  mend: string | null;
  models: Model[];
  scripted: boolean;
  preference: number;
};
export type Settings = {
  id: string;
  ver: number;
  default_agent: string | null;
  max_sessions: number;
  demo: boolean;
  refuse_next_start: boolean;
};
export type OptionEffect = "allow_once" | "allow_always" | "reject_once" | "reject_always" | "choice";
export type RequestOption = { id: string; label: string; effect: OptionEffect };
export type Request = {
  id: string;
  title: string;
  detail: string | null;
  tool: string | null;
  options: RequestOption[];
  question: boolean;
};
export type Usage = {
  input: number | null;
  output: number | null;
  context_used: number | null;
  context_size: number | null;
  cost_usd: number | null;
};
export type Activity = { line: string; operations: number; usage: Usage };
export type Ending =
  | { how: "completed" }
  | { how: "failed"; reason: string; stderr: string | null }
  | { how: "cancelled" }
  | { how: "interrupted"; why: string };
export type Start = { agent: string | null; model: string | null; instructions: string };
export type Session = {
  id: string;
  ver: number;
  project: string;
  task: string;
  kind: Kind;
  agent: string;
  model: string | null;
  instructions: string;
  status: Status;
  attempt: number;
  created: number;
  since: number;
  ended: number | null;
  ending: Ending | null;
  requests: Request[];
  conversation: string | null;
  output_end: number | null;
  activity: Activity | null;
  seen: boolean;
};
export type MessageBody = { type: "prompt"; text: string } | { type: "answer"; request: string; option: string };
export type MessageState =
  | { state: "queued" }
  | { state: "delivered" }
  | { state: "failed"; reason: string }
  | { state: "unknown" };
export type Message = { id: string; ver: number; session: string; at: number; body: MessageBody; state: MessageState };
export type Work =
  | { do: "write_document"; version: string; base: string | null }
  | { do: "keep"; message: string }
  | { do: "undo_keep" }
  | { do: "discard" }
  | { do: "undo_discard" };
export type JobState = { state: "pending" } | { state: "failed"; reason: string; files: string[] };
export type Job = { id: string; ver: number; task: string; at: number; work: Work; state: JobState };

export type ToolKind = "read" | "edit" | "delete" | "move" | "search" | "execute" | "think" | "fetch" | "other";
export type ToolStatus = "pending" | "running" | "completed" | "failed";
export type ToolContent =
  | { type: "text"; text: string }
  | { type: "diff"; path: string; old: string | null; new: string }
  | { type: "terminal"; output: string; exit: number | null };
export type PlanEntry = { text: string; status: ToolStatus };

export type Command =
  | { name: "create_task"; args: { id: string; project: string; text: string } }
  | { name: "rename_task"; args: { id: string; title: string; base: string | null; text: string } }
  | { name: "save_document"; args: { id: string; base: string | null; text: string } }
  | { name: "resolve_conflict"; args: { id: string; base: string | null; text: string } }
  | { name: "start_session"; args: { id: string; task: string; kind: Kind; start: Start } }
  | { name: "cancel_session"; args: { id: string } }
  | { name: "mark_seen"; args: { id: string } }
  | { name: "delete_session"; args: { id: string } }
  | { name: "send_message"; args: { id: string; session: string; text: string } }
  | { name: "answer_request"; args: { id: string; session: string; request: string; option: string } }
  | { name: "keep_work"; args: { id: string; message: string } }
  | { name: "undo_keep"; args: { id: string } }
  | { name: "discard_work"; args: { id: string } }
  | { name: "undo_discard"; args: { id: string } }
  | { name: "retry_job"; args: { id: string } }
  | { name: "drop_job"; args: { id: string } }
  | { name: "set_default_agent"; args: { agent: string | null } }
  | { name: "refuse_next_start"; args: { refuse: boolean } };
