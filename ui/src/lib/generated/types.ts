// Made by `cargo xtask codegen` from the Rust types of `core`, `wire` and `client`: do not edit.

/** What an agent can do, as it says or as it was measured. */
export type Abilities = {
/** A prompt in the middle of a turn reaches the turn. */
steer: boolean,
/** Prompts may carry images. */
images: boolean,
/** A conversation can be gone on with in a new process. */
resume: boolean, };

/** An action of a task or a session. */
export type Action = {
/** Name of the action. */
name: string,
/** The word on its button. */
label: string,
/** Whether it may be done now. */
enabled: boolean,
/** Why not. */
reason: string | null, };

/** What a card shows of a live session, and the final figures of an ended one. */
export type Activity = {
/** The last thing it did, in one line; empty before the first. */
line: string,
/** Tool calls so far. */
operations: number,
/** Use of tokens and money. */
usage: Usage,
/** When its newest event was written: since then there was no word of it. Zero before the first. */
heard: Millis,
/** The provider's limit that it ran into, where it did nothing since. */
limit?: Limit | null, };

/** Who acted. */
export type Actor = "person" | "server";

/** See [`Command::AddAgent`]. */
export type AddAgent = {
/** Small letters, digits and hyphens, a letter first. */
name: string,
/** Its name for people; empty takes `name`. */
title: string, setup: Setup, };

/** See [`Command::AddComment`](super::Command::AddComment). */
export type AddComment = { id: CommentId, task: TaskId, place: Place, text: string, };

/** A conversation that an agent had outside of the panel. It stays as it is: a session goes on from a copy of it. */
export type Adopted = {
/** The agent's own id of it. */
conversation: string,
/** The first thing that was said in it. */
title: string,
/** When it was used last. */
used: Millis, };

/** An agent: what the catalogue knows and what was found on this machine. */
export type Agent = {
/** Its id, of its name. */
id: AgentId,
/** Seq of the last op. */
ver: number,
/** Its name in commands and configuration. */
name: string,
/** Its name for people. */
title: string,
/** Whether its program was found. */
found: boolean,
/** Its version, where it says one. */
version: string | null,
/** Whether it is logged in; null where that can't be known without reading secrets. */
logged_in: boolean | null,
/** What is missing and the one command that mends it; null where nothing is. */
mend: string | null,
/** Models to choose from, as far as known. */
models: Array<Model>,
/** Whether it is scripted and uses no model (the demo agent). */
scripted: boolean,
/** The order of preference for the default; lower is earlier. */
preference: number,
/** Who says that it exists. */
origin: Origin,
/** How it is started, where a person added it in the panel. */
setup: Setup | null,
/** Whether it is one of those that the product is tested with, or a session of it has ended well here. */
tried: boolean,
/** What of it can be installed below the data directory, and how that stands. */
install: Install, };

/** An agent that can be started, by its name. */
export type AgentId = string;

/** The agents and which is taken where none is chosen. */
export type Agents = { agents: Array<Agent>, default: string | null, };

/** See [`Command::AgentsFound`]. */
export type AgentsFound = { agents: Array<Agent>,
/** The look that this answers, of [`crate::row::Settings::looking`]. */
looked: Millis | null, };

/** See [`Command::AnswerRequest`]. */
export type AnswerRequest = { id: MessageId, session: SessionId, request: RequestId, option: string,
/** Why not, or an answer of one's own. */
note?: string | null,
/** The tool's input as it was edited. */
input?: unknown, };

/** An error at the edge: everything that is not a definitive answer to a mutation. */
export type ApiError = {
/** One of a closed set. */
code: ErrorCode,
/** What happened, and what to do. */
message: string,
/** Further hints. */
hints: Array<string>, };

/** See [`Command::ArchiveTask`](super::Command::ArchiveTask). */
export type ArchiveTask = { id: TaskId,
/** Whether what stands in the way and can be passed over is. */
anyway: boolean, };

/** See [`Command::AttachProject`]. */
export type AttachProject = { id: ProjectId, name: string, path: string, tasks_dir: string, branch: string | null, problem: string | null, watched: boolean, demo: boolean, remote: boolean, commits: boolean, };

/** An image that goes with a message: in the message itself, or beside it. */
export type AttachedImage = Image | StoredImage;

/** What a task wants of a person, the most urgent first. */
export type Attention = "needs_answer" | "needs_approval" | "failed" | "review_ready" | "conflicted" | "running" | "idle";

/** The SHA-256 of the bytes, as 64 lower-case hexadecimal digits. */
export type BlobId = string;

/** The worktree of a task. */
export type Branch = {
/** The session that it was made for; part of its name. */
session: SessionId,
/** The branch, `qd/<slug>-<short id>`. */
name: string,
/** Absolute path of the worktree. */
path: string,
/** The commit it started from. */
base: string,
/** The branch it started from and is kept to; null where HEAD was detached. */
target: string | null,
/** What changed in it, as last counted; null before that. */
changed: Changed | null,
/** Where its content was saved when it was discarded; null while it stands. */
discarded: string | null,
/** What was brought in of the target last; null where nothing was, or that was undone. */
update: Update | null,
/** The last commit that the panel made in it. */
commit: Commit | null,
/** The message that is suggested for what is in it. */
draft: Draft | null,
/** The first of the ports that are for what runs in it. */
port: number | null,
/** What is being taken back in it, in place of the work; null while it holds the work. */
taking_back: TakingBack | null,
/** The other tasks whose work changes the same files, as last looked at. */
meets: Array<Meets>, };

/** Counted changes of a worktree. */
export type Changed = {
/** Files. */
files: number,
/** Lines added. */
additions: number,
/** Lines removed. */
deletions: number,
/** Hash of the tree that was counted. */
tree: string,
/** Whether a merge is open in it. */
merging: boolean,
/** Files of that merge whose conflict nobody has resolved. */
conflicts: Array<string>, };

/** One file of [`ChangesAnswer`]. */
export type ChangedFile = {
/** Its path relative to the repository; bytes that are not UTF-8 stand as `\xNN`. */
path: string,
/** Where it lay before it was renamed or copied. */
old_path: string | null,
/** What happened to it. */
status: FileStatus,
/** Lines added; 0 for a binary file. */
additions: number,
/** Lines removed; 0 for a binary file. */
deletions: number,
/** What it held and holds: the same as long as neither side changes. A mark that it was viewed is bound to it. */
stamp: string,
/** Whether it is binary. */
binary: boolean, };

/** `GET /api/v1/tasks/{id}/changes`: what the work of a task changed, from git. */
export type ChangesAnswer = {
/** The commit that the work is compared with. */
base: string,
/** Hash of the tree that the worktree stands for. */
tree: string,
/** Every changed file, in path order. */
files: Array<ChangedFile>, };

/** A check that passed. */
export type Checked = {
/** The command. */
command: string,
/** Hash of the tree that it ran on. */
tree: string,
/** How long it took, in milliseconds. */
ms: number, };

/** Counted checks of a pull request. */
export type Checks = {
/** Passed, or not needed. */
passed: number,
/** Still to end. */
pending: number,
/** Failed or cancelled, by name. */
failed: Array<string>, };

/** See [`Command::ChooseOffer`]. */
export type ChooseOffer = { id: MessageId, session: SessionId, offer: string, value: string, };

/** A command with its arguments. */
export type Command = { "name": "create_task", "args": CreateTask } | { "name": "rename_task", "args": RenameTask } | { "name": "save_document", "args": SaveDocument } | { "name": "resolve_conflict", "args": SaveDocument } | { "name": "archive_task", "args": ArchiveTask } | { "name": "restore_task", "args": OnTask } | { "name": "start_session", "args": StartSession } | { "name": "cancel_session", "args": OnSession } | { "name": "mark_seen", "args": OnSession } | { "name": "delete_session", "args": OnSession } | { "name": "retry_from", "args": RetryFrom } | { "name": "send_message", "args": SendMessage } | { "name": "answer_request", "args": AnswerRequest } | { "name": "interrupt_turn", "args": InterruptTurn } | { "name": "choose_offer", "args": ChooseOffer } | { "name": "commit_work", "args": CommitWork } | { "name": "update_work", "args": UpdateWork } | { "name": "undo_update", "args": OnTask } | { "name": "resolve_file", "args": ResolveFile } | { "name": "try_work", "args": OnTask } | { "name": "untry_work", "args": OnTask } | { "name": "keep_work", "args": KeepWork } | { "name": "propose_work", "args": ProposeWork } | { "name": "look_at_proposal", "args": OnTask } | { "name": "send_remarks", "args": SendComments } | { "name": "undo_keep", "args": OnTask } | { "name": "revert_work", "args": OnTask } | { "name": "take_back", "args": UpdateWork } | { "name": "judge_work", "args": JudgeWork } | { "name": "discard_work", "args": OnTask } | { "name": "undo_discard", "args": OnTask } | { "name": "add_comment", "args": AddComment } | { "name": "edit_comment", "args": EditComment } | { "name": "resolve_comment", "args": ResolveComment } | { "name": "drop_comment", "args": OnComment } | { "name": "send_comments", "args": SendComments } | { "name": "order_job", "args": OrderJob } | { "name": "retry_job", "args": OnJob } | { "name": "drop_job", "args": OnJob } | { "name": "set_default_agent", "args": SetDefaultAgent } | { "name": "add_agent", "args": AddAgent } | { "name": "remove_agent", "args": OnAgent } | { "name": "install_agent", "args": OnAgent } | { "name": "look_for_agents", "args": LookForAgents } | { "name": "attach_project", "args": AttachProject } | { "name": "agents_found", "args": AgentsFound } | { "name": "observe_file", "args": ObserveFile } | { "name": "observe_gone", "args": OnTask } | { "name": "report_session", "args": ReportSession } | { "name": "end_session", "args": EndSession } | { "name": "settle_message", "args": SettleMessage } | { "name": "job_done", "args": JobDone } | { "name": "job_doing", "args": JobDoing } | { "name": "job_failed", "args": JobFailed } | { "name": "count_changes", "args": CountChanges } | { "name": "tell_meetings", "args": TellMeetings } | { "name": "draft_message", "args": DraftMessage } | { "name": "configure", "args": Configure } | { "name": "take_places", "args": TakePlaces };

/** A comment on lines of a changed file. A draft until it is sent to a session. */
export type Comment = {
/** Its id. */
id: CommentId,
/** Seq of the last op. */
ver: number,
/** The task whose work it is about. */
task: TaskId,
/** When it was written. */
at: Millis,
/** What it is about. */
place: Place,
/** What it says. */
text: string,
/** The session that it was sent to; null while it is a draft. */
session: SessionId | null,
/** Whether the person is content with what was done about it. */
resolved: boolean, };

/** A comment on what the work of a task changed. */
export type CommentId = string;

/** A comment on the work of a task. */
export type CommentView = { row: Comment, pending: boolean, };

/** A commit in a worktree. */
export type Commit = {
/** Its id. */
id: string,
/** The first line of its message. */
subject: string,
/** What git and the person's hooks said. */
said: string,
/** When. */
at: Millis, };

/** See [`Command::CommitWork`](super::Command::CommitWork). */
export type CommitWork = { id: TaskId,
/** The message; empty takes the one that was suggested, else the task's title. */
message: string,
/** The files, as the list of changes names them; null takes all. */
files: Array<string> | null,
/** Beside the files, parts of others. */
hunks: Array<FileHunks>, };

/** `GET /api/v1/config`: what the page must know before its first frame. */
export type ConfigAnswer = {
/** Whether the server runs as a demonstration. */
demo: boolean,
/** The version of the server. */
version: string, };

/** See [`Command::Configure`]. */
export type Configure = { max_sessions: number, demo: boolean, };

/** Two texts of one document that can't be merged. */
export type Conflict = {
/** The version that was saved and is not in the file. */
yours: Mid,
/** The version that the file has. */
theirs: Mid, };

/** The file has lines that the saved text contradicts: it was left as it is. */
export type ConflictFound = {
/** The text that the file has. */
theirs: string, };

/** How the page stands to the server. */
export type ConnectionView = {
/** `loading`, `live`, `stale` or `logged_out`. */
state: "loading" | "live" | "stale" | "logged_out",
/** Since when what is shown may be old. */
since: Millis | null,
/** How many actions wait for the server. */
waiting: number,
/** How many of them would not survive a reload. */
unsaved: number,
/** Whether there is anything to show yet. */
has_base: boolean, };

/** See [`Command::CountChanges`]. */
export type CountChanges = { task: TaskId, changed: Changed, };

/** See [`Command::CreateTask`]. */
export type CreateTask = { id: TaskId, project: ProjectId, text: string, };

/** Lines that changed, with those around them. */
export type DiffHunk = {
/** The first line before, from 1; 0 where there was none. */
old: number,
/** The first line now, from 1; 0 where there is none. */
new: number,
/** The function that it lies in, as git sees it. */
heading: string,
/** Its lines, in order. */
lines: Array<DiffLine>, };

/** A line of a hunk. */
export type DiffLine = {
/** Which side has it. */
side: LineSide,
/** Its text; a carriage return at its end stays. */
text: string,
/** What differs from its counterpart: from and to, in UTF-16 units of the text. */
words?: Array<[number, number]>,
/** Whether the file ends with it without a newline. */
unended?: boolean, };

/** Which text a task has. The text itself is fetched. */
export type Document = {
/** The mutation that made this version; null before the first was read. */
version: Mid | null,
/** SHA-256 of the text in hexadecimal. */
hash: string,
/** Bytes. */
size: number, };

/** `GET /api/v1/tasks/{id}/document`. */
export type DocumentText = {
/** The version. */
version: Mid,
/** Its text. */
text: string, };

/** The text of a task's document. */
export type DocumentView = {
/** The version that an edit names as its base. */
version: Mid,
/** The text. */
text: string,
/** Whether this text is not stored yet. */
pending: boolean,
/** Whether the row names a newer version, which is to be fetched. */
stale: boolean, };

/** What a job that is done leaves in its task. */
export type Done = { "did": "wrote",
/** Path relative to the project. */
path: string,
/** Hash and size; `version` is the version that is now in the file. */
document: Document,
/** Null where it is exactly the text that was saved. */
text: string | null,
/** Its title and boxes are taken from the text. */
conflict: ConflictFound | null, } | { "did": "moved",
/** Path relative to the project. */
path: string, } | { "did": "document_committed" } | { "did": "committed",
/** What was made. */
commit: Commit, } | { "did": "updated",
/** What was brought in; null where it had all of it. */
update: Update | null, } | { "did": "update_undone" } | { "did": "taking_back",
/** The way back. */
taking: TakingBack, } | { "did": "resolved" } | { "did": "tried",
/** What is needed to take it out. */
trial: Trial, } | { "did": "untried" } | { "did": "kept",
/** What moved. */
landing: Landing, } | { "did": "proposed",
/** Where, and what can be done with it there. */
proposal: Proposal,
/** The commit that was made for it; null where all of it was in one already. */
commit: Commit | null, } | { "did": "proposal_seen",
/** What. */
reception: Reception, } | { "did": "unkept" } | { "did": "reverted",
/** Which. */
reverted: Reverted, } | { "did": "discarded",
/** The ref that holds it. */
saved: string, } | { "did": "restored",
/** Where. */
branch: Branch, };

/** A message for a commit. */
export type Draft = {
/** The message. */
text: string,
/** Hash of the tree that it was written for. */
tree: string,
/** The session that wrote it; null where it was made of the task's document. */
session: SessionId | null, };

/** See [`Command::DraftMessage`]. */
export type DraftMessage = { task: TaskId, draft: Draft, };

/** See [`Command::EditComment`](super::Command::EditComment). */
export type EditComment = { id: CommentId,
/** Its task: what is sent together is sent behind it. */
task: TaskId, text: string, };

/** One thing to do. */
export type Effect = { "type": "journal",
/** The key. */
key: string,
/** The value. */
value: string, } | { "type": "unjournal",
/** The key. */
key: string, } | { "type": "send",
/** The mutation. */
mid: Mid,
/** The body. */
body: string, } | { "type": "put_blob",
/** The mutation that names it. */
mid: Mid,
/** The blob. */
blob: BlobId,
/** Its media type. */
mime: string, } | { "type": "fetch_snapshot",
/** The pending mutations. */
mids: Array<Mid>, } | { "type": "hub",
/** The message. */
message: ToHub, } | { "type": "replace_hub" } | { "type": "login" } | { "type": "wake",
/** When. */
at: Millis, };

/** See [`Command::EndSession`]. */
export type EndSession = { id: SessionId, attempt: number, ending: Ending, output_end: number, activity: Activity, conversation: string | null, };

/** How an attempt ended. */
export type Ending = { "how": "completed" } | { "how": "failed",
/** One sentence that says what to do. */
reason: string,
/** The tail of the agent's standard error. */
stderr: string | null, } | { "how": "cancelled" } | { "how": "interrupted",
/** What is known of it. */
why: string, };

/** Codes of [`ApiError`]. */
export type ErrorCode = "bad_request" | "unauthorized" | "foreign_host" | "foreign_origin" | "not_found" | "unavailable" | "offset_gone" | "offset_conflict" | "too_early" | "blob_missing" | "too_large" | "other_type" | "overloaded" | "storage_full" | "internal";

/** One line of the output log. */
export type Event = {
/** Counts from 1 within the attempt, without gaps. */
seq: number,
/** When the host appended it. */
ts: Millis, } & ({ "kind": "began",
/** Name of the agent. */
agent: string,
/** The program and its version as it reported it, where known. */
program: string,
/** The directory it works in. */
cwd: string,
/** The agent's own id of the conversation, where it resumed one. */
resumed: string | null, } | { "kind": "conversation",
/** The id. */
id: string, } | { "kind": "ready",
/** The program and its version as it names itself, where it does. */
program: string | null,
/** What it can do. */
can: Abilities, } | { "kind": "offers",
/** Modes, models, efforts and whatever else the agent lets a person set. */
offers: Array<Offer>, } | { "kind": "prompt",
/** The message's id; each id stands here at most once in a session. */
message: MessageId,
/** The text as it was sent. */
text: string,
/** Images that came with it. */
images?: Array<AttachedImage>, } | { "kind": "snapshot",
/** The message. */
message: MessageId,
/** The ref. */
at: string, } | { "kind": "point",
/** In the agent's words. */
at: string, } | { "kind": "text",
/** The delta. */
text: string, } | { "kind": "thought",
/** The delta. */
text: string, } | { "kind": "image" } & Image | { "kind": "tool" } & ToolUpdate | { "kind": "plan",
/** The steps. */
entries: Array<PlanEntry>, } | { "kind": "asked",
/** What it asks. */
request: Request, } | { "kind": "answered",
/** Which. */
request: RequestId,
/** The chosen option's id. */
option: string | null,
/** What the person said beside it: why not, or an answer in their own words. */
note?: string | null,
/** The message that carried the answer. */
message: MessageId | null, } | { "kind": "usage" } & Usage | { "kind": "turn_diff",
/** The diff. */
diff: string, } | { "kind": "retrying" } & Retry | { "kind": "limited" } & Limit | { "kind": "commands",
/** Their names and descriptions. */
commands: Array<OfferedCommand>, } | { "kind": "stderr",
/** The text. */
text: string, } | { "kind": "note",
/** One sentence. */
text: string, } | { "kind": "turn_ended",
/** The agent's reason (`end_turn`, `cancelled`, `refusal`, …). */
stop: string,
/** What this turn alone used, where the agent tells. */
used?: TurnUsage, } | { "kind": "ended",
/** How it ended. */
ending: Ending,
/** The final figures of the attempt. */
activity: Activity, } | { "kind": "unknown",
/** As it came. */
raw: JsonValue, });

/** Whether a pull request is open. */
export type Fate = "open" | "merged" | "closed";

/** `GET /api/v1/tasks/{id}/changes/colours`: how the lines of both sides are coloured. */
export type FileColours = {
/** The lines before. Each is a list of lengths in UTF-16 units, each followed by its colour, an index into `names`. */
old: Array<Array<number>>,
/** The lines now. */
new: Array<Array<number>>,
/** What the colours stand for; the first is plain text. */
names: Array<string>, };

/** What a changed file holds. */
export type FileContent = "text" | "image" | "binary" | "submodule";

/** `GET /api/v1/tasks/{id}/changes/file`: one file. */
export type FileDiff = {
/** The tree that it was read from: that of the list, where the server still had it. */
tree: string,
/** What there is to show. */
content: FileContent,
/** Its mode before in octal, where that changed and it was there. */
old_mode: string | null,
/** Its mode now in octal, where that changed and it is there. */
new_mode: string | null,
/** Where it changed; nothing where it is not text. */
hunks: Array<DiffHunk>,
/** The lines that it has now. */
new_lines: number,
/** Whether the end was left out because it is too large to show. */
truncated: boolean, };

/** Parts of a file that are in no commit. */
export type FileHunks = {
/** The file, as the list of changes names it. */
path: string,
/** The ids of its hunks; other content has other ids. */
ids: Array<string>, };

/** `GET /api/v1/tasks/{id}/changes/lines`: lines that did not change. */
export type FileLines = {
/** The first one's number, from 1. */
from: number,
/** Their texts. */
lines: Array<string>, };

/** What happened to a file. */
export type FileStatus = "added" | "modified" | "deleted" | "renamed" | "copied" | "type_changed" | "mode_changed";

/** What becomes of the worktree where a session goes on from an earlier message. */
export type Files = "back" | "stay";

/** `GET /api/v1/sessions/{id}/files?query=`, or of a project: files that a message may mention. */
export type FilesAnswer = {
/** The best fit first. */
files: Array<FoundFile>,
/** Whether more fit than are told. */
more: boolean, };

/** One file of [`FilesAnswer`]. */
export type FoundFile = {
/** Its path relative to the worktree. */
path: string,
/** Whether it differs from the last commit. */
changed: boolean, };

/** What the hub says to a tab. */
export type FromHub = { "type": "frames",
/** The frames. */
frames: Array<string>, } | { "type": "connected" } | { "type": "lost" } | { "type": "behind" } | { "type": "logged_out" } | { "type": "alive" };

/** Where a session goes on from. */
export type GoesOn = {
/** The session; it may have been removed since. */
session: SessionId,
/** The message in whose place it goes on; null behind the last one. */
message: MessageId | null,
/** What becomes of the worktree. */
files: Files, };

/** `GET /healthz`: needs no token, so that a second server can tell who holds the port. */
export type HealthAnswer = {
/** Always `quarterdeck`. */
name: string,
/** The version of the server. */
version: string, };

/** What the history of the target branch is to show of work that is put there. */
export type How = "squash" | "merge" | "rebase";

/** What the hub wants done. */
export type HubEffect = { "type": "open",
/** Names this opening. */
stream: number,
/** `epoch.seq.tag` */
offset: string, } | { "type": "close" } | { "type": "say",
/** Which tab. */
port: number,
/** What. */
message: FromHub, } | { "type": "wake",
/** When. */
at: Millis, };

/** What happens to the hub. */
export type HubEvent = { "type": "port",
/** Which tab. */
port: number,
/** What. */
message: ToHub,
/** Now. */
now: Millis, } | { "type": "opened",
/** Which opening. */
stream: number,
/** Now. */
now: Millis, } | { "type": "frame",
/** Which opening. */
stream: number,
/** The SSE event's data, as it came. */
data: string,
/** The SSE event's id: the offset after a record. */
id: string | null,
/** Now. */
now: Millis, } | { "type": "closed",
/** Which opening. */
stream: number,
/** The HTTP status of a refusal; 0 otherwise. */
status: number,
/** Now. */
now: Millis, } | { "type": "tick",
/** Now. */
now: Millis, };

/** An image. */
export type Image = {
/** Its media type, `image/png` and the like. */
mime: string,
/** Its bytes in base64. */
data: string, };

/** What can be installed below the data directory, and how that stands. */
export type Install = { "is": "not" } | { "is": "offered",
/** Its name and its version. */
package: string, } | { "is": "running",
/** Its name and its version. */
package: string, } | { "is": "failed",
/** Its name and its version. */
package: string,
/** Why, and what to do. */
reason: string, } | { "is": "done",
/** Its name and its version. */
package: string, };

/** See [`Command::InterruptTurn`]. */
export type InterruptTurn = { id: MessageId, session: SessionId, };

/** One thing that the transcript shows. */
export type Item = {
/** Stays the same while the item grows: counts from 0 over all attempts. */
key: number,
/** When it began. */
ts: Millis, } & ({ "type": "began", agent: string, program: string, cwd: string, resumed: string | null, } | { "type": "prompt", message: MessageId, text: string, images: Array<AttachedImage>,
/** Whether the worktree was saved before it. */
saved: boolean, } | { "type": "image", image: Image, } | { "type": "text", text: string, } | { "type": "thought", text: string, } | { "type": "tool", call: ToolCall, } | { "type": "reads", calls: Array<ToolCall>, } | { "type": "plan", entries: Array<PlanEntry>, } | { "type": "asked", request: Request, settled: boolean, option: string | null, note: string | null, } | { "type": "retrying", retry: Retry, times: number, } | { "type": "limited", limit: Limit, } | { "type": "stderr", text: string, } | { "type": "note", text: string, } | { "type": "turn", stop: string, used: TurnUsage,
/** How long it took, in milliseconds; null where its beginning is not here. */
took: number | null, } | { "type": "ended", ending: Ending, activity: Activity, } | { type: "unknown", raw: unknown });

/** A job. Its id is the `mid` that asked for it. */
export type Job = {
/** The mutation that asked for it. */
id: Mid,
/** Seq of the last op. */
ver: number,
/** The task it works for. */
task: TaskId,
/** When it was asked for. */
at: Millis,
/** What is to be done. */
work: Work,
/** How it stands. */
state: JobState,
/** Its place among those that move the same branch, the smallest first; the older first where it is the same. */
rank: number,
/** What it does that takes its time and may be stopped; null while it must not be. */
doing: string | null, };

/** See [`Command::JobDoing`]. */
export type JobDoing = { id: Mid, doing: string | null, };

/** See [`Command::JobDone`]. */
export type JobDone = { id: Mid, done: Done, };

/** See [`Command::JobFailed`]. */
export type JobFailed = { id: Mid, reason: string, files: Array<string>,
/** Whether the work and its target changed the same places. */
conflict: boolean, };

/** How a job stands. A job that is done has no row. */
export type JobState = { "state": "pending" } | { "state": "failed",
/** What failed and what to do. */
reason: string,
/** The files it concerns, where there are any. */
files: Array<string>,
/** Whether the work and its target changed the same places: bringing the target in is the way on. */
conflict: boolean, };

/** An entry of the journal (`localStorage`). */
export type JournalEntry = {
/** Its key. */
key: string,
/** Its value. */
value: string, };

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/** See [`Command::JudgeWork`](super::Command::JudgeWork). */
export type JudgeWork = { id: TaskId, verdict: Verdict,
/** What was seen. */
note: string, };

/** See [`Command::KeepWork`](super::Command::KeepWork). */
export type KeepWork = { id: TaskId,
/** The commit's message; empty takes the one that was suggested, else the task's title. */
message: string, how: How, };

/** Names one row. */
export type Key = {
/** Its kind. */
kind: RowKind,
/** Its id. */
id: string, };

/** What a session is for. Set once, when it is started. */
export type Kind = "plan" | "debug" | "implement" | "verify" | "review" | "rewrite" | "comment" | "synthesise" | "debate" | "chat" | "commit-message";

/** Work that was put onto its target branch. */
export type Landing = {
/** The branch that moved. */
target: string,
/** Its commit before. */
old: string,
/** Its commit after. */
new: string,
/** When. */
at: Millis,
/** How it was put there. */
how: How,
/** The check that passed on exactly this; null where the project has none. */
check: Checked | null,
/** What a person who tried it says. */
qa: Qa,
/** The commit that took it back; null while it stands. */
reverted: Reverted | null, };

/** A limit of the provider. */
export type Limit = {
/** Which one, in words for people ("5 hours", "week"). */
name: string,
/** How much of it is used, in percent. */
percent: number | null,
/** When it begins anew. */
until: Millis | null,
/** Whether it is reached, so that the agent can't go on. */
reached: boolean, };

/** Which side of a diff has a line. */
export type LineSide = "=" | "-" | "+";

/** A page of the list. */
export type Lines = {
/** How many lines there are in all. */
total: number,
/** How many tasks there are, shown or not. */
active: number,
/** How many are archived or not on this branch. */
archived: number,
/** The asked lines. */
lines: Array<TaskLine>, };

/** One frame of `GET /api/v1/log?live=sse`. The SSE event's name is `frame`'s value; a record's SSE id is its offset. */
export type LogFrame = { "frame": "record",
/** It. */
record: Record, } | { "frame": "activity",
/** Which session. */
session: SessionId,
/** What it does. */
activity: Activity, } | { "frame": "heartbeat",
/** Seq of the head as the server has it. */
seq: number, } | { "frame": "resync" };

/** `GET /api/v1/log` without `live`: one page of records. */
export type LogPage = {
/** The records, in order. */
records: Array<Record>,
/** The offset to go on from. */
next: string, };

/** The answer to [`LoginRequest`]. The other half, a cookie, comes with it; a request needs both. */
export type LoginAnswer = {
/** To be sent as the header `X-Qd-Key`. */
key: string, };

/** `POST /api/v1/login`: trades the token for a page's session. */
export type LoginRequest = {
/** The token that the server printed when it started. */
token: string, };

/** See [`Command::LookForAgents`]. */
export type LookForAgents = object;

/** An answer of `GET /api/v1/projects/{id}/radar`: two tasks whose work changes the same files. */
export type Meeting = {
/** The tasks. */
tasks: [string, string],
/** The files that both change. */
files: Array<string>,
/** Those in which a merge of both would conflict. */
conflicts: Array<string>, };

/** Another task whose work changes the same files. */
export type Meets = {
/** Which. */
task: TaskId,
/** How many files. */
files: number,
/** In how many of them a merge of both would conflict. */
conflicts: number, };

/** Other work that changes the same files. */
export type MeetsLine = {
/** Whether a merge of both would conflict. */
conflicts: boolean,
/** The titles of those tasks; where some would conflict, of these. */
titles: Array<string>, };

/** A message from a person to a session. */
export type Message = {
/** Its id; the host echoes it in the output. */
id: MessageId,
/** Seq of the last op. */
ver: number,
/** Its session. */
session: SessionId,
/** When it was sent. */
at: Millis,
/** What it says. */
body: MessageBody,
/** How it stands. */
state: MessageState, };

/** What a message says. */
export type MessageBody = { "type": "prompt",
/** Its text. */
text: string,
/** Images with it. */
images?: Array<AttachedImage>,
/** Whether it is meant for the turn that runs; else it waits for its end. */
steer: boolean, } | { "type": "answer",
/** Which request. */
request: RequestId,
/** The chosen option's id. */
option: string,
/** What is said beside it. */
note?: string | null,
/** The tool's input as the person edited it. */
input?: unknown, } | { "type": "interrupt" } | { "type": "choose",
/** The offer's id. */
offer: string,
/** The value's id. */
value: string, };

/** A message from a person to a session: a prompt or an answer. */
export type MessageId = string;

/** How a message stands. */
export type MessageState = { "state": "queued" } | { "state": "delivered" } | { "state": "failed",
/** Why. */
reason: string, } | { "state": "unknown" };

/** A mutation: one act of a person or of the server. Also names the job and the document version it makes. */
export type Mid = string;

/** Milliseconds since the Unix epoch. */
export type Millis = number;

/** A model of an agent. */
export type Model = {
/** Its id for the agent. */
id: string,
/** Its name for people. */
title: string, };

/** `POST /api/v1/mutations`. */
export type Mutation = {
/** Minted by the client: `UUIDv7`. */
mid: Mid,
/** Name of the command. */
name: string,
/** Its arguments. */
args: unknown,
/** Order only: decided when that mutation is settled, whatever its outcome. */
after?: Mid | null,
/** Must have been accepted, else this is refused with `dependency`. */
requires?: Mid | null,
/** Milliseconds since the click by the client's own clock, set at each send. Not part of what is hashed. */
age_ms?: number | null,
/** Refused with `too_late` when older than this. */
max_age_ms?: number | null,
/**
 * The sender does not have the blobs that it names (any more): where they are missing it is refused for good. Not
 * part of what is hashed.
 */
blobs_gone?: boolean, };

/** A refusal to tell. */
export type Notice = {
/** The refused mutation. */
id: Mid,
/** Why. */
reject: Reject,
/** What did not happen, in a few words. */
title: string,
/** The title of the task that it is about. */
task: string | null,
/** Whether it can be tried again. */
retry: boolean,
/** The message that was refused: it goes back to where it was written, which is how it is tried again. */
message: SendMessage | null, };

/** See [`Command::ObserveFile`]. */
export type ObserveFile = { id: TaskId, project: ProjectId, path: string,
/** Hash and size of the file; `version` is ignored, the mutation's own id becomes the version. */
document: Document,
/** The text; null where it can't be shown (`problem` says why). */
text: string | null, problem: string | null, archived: boolean, };

/** Something that can be chosen in the running conversation. */
export type Offer = {
/** The agent's id of it. */
id: string,
/** Its name for people. */
title: string,
/** What it is about. */
about: OfferKind,
/** The chosen one's id, where it is known. */
current: string | null,
/** What can be chosen. */
values: Array<OfferValue>, };

/** What an offer is about. */
export type OfferKind = "mode" | "model" | "effort" | "other";

/** A value of an offer. */
export type OfferValue = {
/** The agent's id of it. */
id: string,
/** Its name for people. */
title: string,
/** What it means, in the agent's words. */
detail: string | null, };

/** A command that an agent offers. */
export type OfferedCommand = {
/** Without the slash. */
name: string,
/** One line. */
description: string, };

/** A command on an agent. */
export type OnAgent = { name: string, };

/** A command on a comment. */
export type OnComment = { id: CommentId,
/** Its task: what is sent together is sent behind it. */
task: TaskId, };

/** A command on a job. */
export type OnJob = { id: Mid, };

/** A command on a session. */
export type OnSession = { id: SessionId, };

/** A command on a task. */
export type OnTask = { id: TaskId, };

/** One change of one row. */
export type Op = { "op": "put", } & ({ "kind": "settings", "row": Settings } | { "kind": "project", "row": Project } | { "kind": "agent", "row": Agent } | { "kind": "task", "row": Task } | { "kind": "session", "row": Session } | { "kind": "message", "row": Message } | { "kind": "job", "row": Job } | { "kind": "comment", "row": Comment }) | { "op": "patch",
/** Its kind. */
kind: RowKind,
/** Its id. */
id: string,
/** The fields. */
fields: { [key: string]: unknown }, } | { "op": "delete",
/** Its kind. */
kind: RowKind,
/** Its id. */
id: string, };

/** `POST /api/v1/projects`: opens a folder as a project. */
export type OpenProject = {
/** Its absolute path on the server's machine. */
path: string, };

/** The answer to [`OpenProject`]. */
export type OpenedProject = {
/** The project's id; its row comes by the log. */
project: ProjectId, };

/** Something that opens a worktree. */
export type Opener = {
/** Its name. */
name: string,
/**
 * The address that opens it where the page is, with `{path}` in place of the folder's path; null where the server
 * opens it.
 */
address: string | null, };

/** What choosing an option means. */
export type OptionEffect = "allow_once" | "allow_always" | "reject_once" | "reject_always" | "choice";

/** See [`Command::OrderJob`](super::Command::OrderJob). */
export type OrderJob = { id: Mid,
/** The one that it comes before; null puts it behind all. */
before: Mid | null, };

/** Who says that an agent exists. */
export type Origin = "catalogue" | "file" | "panel";

/** A folder of a worktree that no task has. */
export type OtherFolder = {
/** Absolute. */
path: string,
/** Bytes of its files. */
size: number,
/** Whether all of them were counted within two seconds. */
size_whole: boolean,
/** Whether it was made ahead, so that the next task starts sooner. Else nobody knows it. */
ahead: boolean, };

/** The stored outcome of a mutation. */
export type Outcome = {
/** Which mutation. */
mid: Mid,
/** The epoch it was settled in. */
epoch: number,
/** The seq of its record. */
seq: number,
/** Accepted or refused. */
ok: boolean,
/** Why refused. */
err: Reject | null, };

/** What one event led to. */
export type Output = {
/** What is to be done, in order. */
effects: Array<Effect>,
/** The rows whose picture may have changed. */
changed: Array<Key>,
/** Everything may have changed. */
all: boolean,
/** Notices or the connection changed. */
chrome: boolean,
/** The mutation that an `Act` or `Retry` made. */
mid: Mid | null, };

/** An answer of `GET /api/v1/projects/{id}/outside`: a conversation that an agent had outside of the panel. */
export type OutsideConversation = {
/** The agent's name. */
agent: string,
/** Where it was held. */
cwd: string,
/** What `start_session` takes to go on from it. */
adopted: Adopted, };

/** Two tasks whose work changes the same files. */
export type Pair = {
/** Which. */
tasks: [TaskId, TaskId],
/** How many files. */
files: number,
/** In how many of them a merge of both would conflict. */
conflicts: number, };

/** One thing that happened. Each is one synchronous commit. */
export type PanelEvent = { "type": "boot",
/** Now. */
now: Millis,
/** All entries of the journal. */
journal: Array<JournalEntry>,
/** What `base_json` gave, as it was kept. */
cached: string | null, } | { "type": "act",
/** The command, its ids minted. */
command: Command,
/** Now. */
now: Millis, } | { "type": "hub",
/** The message. */
message: FromHub,
/** Now. */
now: Millis, } | { "type": "snapshot",
/** The body as it came. */
text: string,
/** Now. */
now: Millis, } | { "type": "snapshot_failed",
/** The HTTP status; 0 where there was no answer. */
status: number,
/** Now. */
now: Millis, } | { "type": "reply",
/** Of which mutation. */
mid: Mid,
/** The HTTP status. */
status: number,
/** The body as it came. */
body: string,
/** Now. */
now: Millis, } | { "type": "send_failed",
/** Of which mutation. */
mid: Mid,
/** Now. */
now: Millis, } | { "type": "storage",
/** The key. */
key: string,
/** Its value now; null where it is gone. */
value: string | null,
/** Now. */
now: Millis, } | { "type": "journal_refused",
/** Its key. */
key: string,
/** Now. */
now: Millis, } | { "type": "document",
/** Of which task. */
task: TaskId,
/** Which version. */
version: Mid,
/** The text. */
text: string,
/** Now. */
now: Millis, } | { "type": "blob_answered",
/** For which mutation. */
mid: Mid,
/** Which blob. */
blob: BlobId,
/** The HTTP status. */
status: number,
/** Now. */
now: Millis, } | { "type": "blob_lost",
/** For which mutation. */
mid: Mid,
/** Which blob. */
blob: BlobId,
/** Now. */
now: Millis, } | { "type": "dismiss",
/** The notice: the mutation it tells of. */
id: Mid,
/** Now. */
now: Millis, } | { "type": "retry",
/** The notice. */
id: Mid,
/** Now. */
now: Millis, } | { "type": "logged_in",
/** Now. */
now: Millis, } | { "type": "tick",
/** Now. */
now: Millis, };

/** What an agent may do without asking. What each agent makes of it stands in its quirks. */
export type Permission = "ask" | "edit" | "everything";

/** Where a task stands in its life. */
export type Phase = "draft" | "running" | "review" | "kept" | "merged" | "qa_passed" | "qa_failed" | "done" | "archived" | "not_on_branch";

/** Lines of a changed file. */
export type Place = {
/** The file, as the list of changes has it. */
path: string,
/** Whether the lines are those before the change. */
old: boolean,
/** The first line, from 1; 0 is the file as a whole. */
from: number,
/** The last line. */
to: number,
/** The lines as they were: where they are not there any more, the comment is outdated. */
quote: string, };

/** A step of an agent's plan. */
export type PlanEntry = {
/** What is to be done. */
text: string,
/** How it stands. */
status: ToolStatus, };

/** What a play button does. */
export type Play = { kind: Kind, label: string, enabled: boolean, reason: string | null, };

/** Counted checkboxes. */
export type Progress = {
/** `[x]` */
done: number,
/** `[-]` */
doing: number,
/** All. */
total: number, };

/** A project: one git repository (or a folder that is not one, with the reason). */
export type Project = {
/** Its id. */
id: ProjectId,
/** Seq of the last op. */
ver: number,
/** Its name: the last part of its path. */
name: string,
/** Its absolute path. */
path: string,
/** Folder of its task documents, relative to the path. */
tasks_dir: string,
/** The branch that is checked out, null where HEAD is detached. */
branch: string | null,
/** Why nothing can be started in it, null where all is well. */
problem: string | null,
/** Whether changes of its files are seen at once (false: they are looked for every 2 s). */
watched: boolean,
/** Whether it is the demo project. */
demo: boolean,
/** Whether it has a remote repository that work can be pushed to. */
remote: boolean,
/** Whether the panel commits documents that it archives or restores. */
commits: boolean, };

/** A project: one git repository. */
export type ProjectId = string;

/** Work that was pushed, and where it can be taken from there. */
export type Proposal = {
/** The name of the remote repository, as git has it. */
remote: string,
/** The branch there. */
branch: string,
/** The branch there that it is for. */
base: string,
/** The commit that was pushed. */
commit: string,
/** Hash of the tree that was counted in the worktree then. */
tree: string | null,
/** When it was pushed. */
at: Millis,
/** The pull request; where there is none, the page on which one is opened; null where that is not known. */
link: string | null,
/** Its number; null where no pull request is known. */
number: number | null,
/** Why none was opened, where there is something to do about it. */
note: string | null,
/** What git, the person's hooks and the other side said. */
said: string,
/** What became of it, as last looked at; null before that. */
reception: Reception | null,
/** What a person who tried it says, once it is merged. */
qa: Qa, };

/** See [`Command::ProposeWork`](super::Command::ProposeWork). */
export type ProposeWork = { id: TaskId,
/**
 * The message of the commit, and title and text of the pull request; empty takes the one that was suggested, else
 * the task's title.
 */
message: string, };

/** What a push changed. */
export type Pushed = {
/** How many items there are now. */
len: number,
/** The first item that is new or other than before; `len` where none is. */
changed_from: number,
/** How many lines could not be read. */
unreadable: number, };

/** What a person says of work that was kept, when it was tried. */
export type Qa = {
/** How it stands. */
verdict: Verdict,
/** What was seen. */
note: string,
/** When that was said; null before. */
at: Millis | null, };

/** What the page asks of the list. */
export type Query = {
/** Words that must all stand in the title or path. */
filter: string,
/** Which tasks. */
show: Show,
/** In which order. */
sort: Sort,
/** Lines from this one … */
from: number,
/** … to before this one. */
to: number,
/** The order is held: rows change in their places (the pointer is over the list). */
held: boolean, };

/** What became of a pull request. */
export type Reception = {
/** When it was looked at. */
at: Millis,
/** Whether it is open. */
fate: Fate,
/** The commit that merged it. */
merge: string | null,
/** What the checks say. */
checks: Checks,
/** So many say yes. */
approvals: number,
/** So many ask for changes. */
objections: number,
/** What was written to it, the latest last. */
remarks: Array<Remark>,
/** So many older ones are not listed here. */
older: number, };

/** One entry of the log: the one terminal record of a mutation. */
export type Record = {
/** Changes when history is not a continuation. */
epoch: number,
/** Gapless within the workspace. */
seq: number,
/** 32 random bits that tell one history from another with the same numbers. */
tag: number,
/** When it was decided. */
ts: Millis,
/** Who acted. */
actor: Actor,
/** The mutation it settles. */
mid: Mid,
/** Accepted or refused. */
ok: boolean,
/** Why refused. */
err?: Reject | null,
/** What changed; empty where refused. */
ops: Array<Op>, };

/** An answer of `GET /api/v1/registry`: an agent that a registry of ACP agents knows. */
export type RegistryAgent = {
/** Its name in commands. */
id: string,
/** Its name for people. */
title: string,
/** Its version. */
version: string,
/** What it is. */
about: string,
/** How it is started, as `add_agent` takes it; null where it can't be added from here. */
setup: Setup | null,
/** What is to be known before, or why it can't be added from here. */
note: string | null, };

/** Why a mutation was refused. The code is for programs, the message for people. */
export type Reject = {
/** One of the closed set of codes. */
code: RejectCode,
/** One or two sentences that say what to do. */
message: string, };

/** The codes of refusals. */
export type RejectCode = "invalid" | "not_found" | "not_allowed" | "task_busy" | "agent_missing" | "id_taken" | "mid_reuse" | "dependency" | "predecessor_unknown" | "too_late" | "mutation_expired" | "clock" | "refused" | "forbidden" | "too_large";

/** What somebody wrote to a pull request. */
export type Remark = {
/** Its name there. */
id: string,
/** Who. */
author: string,
/** What. */
text: string,
/** The file it stands at; null where it is about all of it. */
path: string | null,
/** The line there. */
line: number | null,
/** Where it can be read. */
link: string | null,
/** The session that it was sent to; null until then. */
session: SessionId | null, };

/** See [`Command::RenameTask`]. */
export type RenameTask = { id: TaskId, title: string,
/** The document as it is after the change of its heading, and the version that it was made from. */
base: Mid | null, text: string, };

/** See [`Command::ReportSession`]. */
export type ReportSession = { id: SessionId, attempt: number, status: Status, requests: Array<Request>, conversation: string | null,
/** The worktree that was made for it; null leaves the task's as it is. */
branch: Branch | null, };

/** What an agent asks a person. */
export type Request = {
/** Its id. */
id: RequestId,
/** The question, or what is to be permitted, in one line. */
title: string,
/** More of it: the command, the path, the diff's head. */
detail: string | null,
/** The tool call it belongs to. */
tool: string | null,
/** What can be chosen. Never empty. */
options: Array<RequestOption>,
/** A question (true) or a permission (false). */
question: boolean,
/** Whether the agent hears what a person writes beside the option: a reason for a no, an answer of one's own. */
takes_note: boolean,
/** The tool's input, where the agent also takes an edited one. */
input?: unknown, };

/** A question or a permission that an agent asks for. */
export type RequestId = string;

/** One of the options of a request. */
export type RequestOption = {
/** The agent's id of the option. */
id: string,
/** The agent's word for it. */
label: string,
/** What choosing it means. */
effect: OptionEffect,
/** How far an "always" reaches, or what a choice means, in one line. */
detail?: string | null, };

/** See [`Command::ResolveComment`](super::Command::ResolveComment). */
export type ResolveComment = { id: CommentId,
/** Its task: what is sent together is sent behind it. */
task: TaskId, resolved: boolean, };

/** See [`Command::ResolveFile`](super::Command::ResolveFile). */
export type ResolveFile = { id: TaskId,
/** As the changes of the task name it. */
path: string, side: Side, };

/** An attempt to reach the model that failed; another one follows. */
export type Retry = {
/** Which one failed, from 1, where the agent counts. */
attempt: number | null,
/** How many there will be at most. */
of: number | null,
/** How long it waits, in milliseconds. */
wait_ms: number | null,
/** The status of HTTP. */
status: number | null,
/** What went wrong, in the agent's words. */
reason: string, };

/** See [`Command::RetryFrom`]. */
export type RetryFrom = {
/** The new session. */
id: SessionId,
/** The message that it begins with. */
prompt: MessageId,
/** The session that it goes on from. */
session: SessionId,
/** The message in whose place it goes on; none goes on behind the last one. */
message: MessageId | null, text: string, images?: Array<AttachedImage>,
/** What becomes of the worktree. */
files: Files, };

/** A commit that took kept work back. */
export type Reverted = {
/** The commit. */
commit: string,
/** When. */
at: Millis, };

/** A row of any kind. */
export type Row = { "kind": "settings", "row": Settings } | { "kind": "project", "row": Project } | { "kind": "agent", "row": Agent } | { "kind": "task", "row": Task } | { "kind": "session", "row": Session } | { "kind": "message", "row": Message } | { "kind": "job", "row": Job } | { "kind": "comment", "row": Comment };

/** Kinds of rows. */
export type RowKind = "settings" | "project" | "agent" | "task" | "session" | "message" | "job" | "comment";

/** See [`Command::SaveDocument`]. */
export type SaveDocument = { id: TaskId,
/** The version that was edited. */
base: Mid | null, text: string, };

/** See [`Command::SendComments`](super::Command::SendComments). */
export type SendComments = { task: TaskId,
/** The session that works on them: one of the task, or the id of a new one. */
session: SessionId,
/** The message that carries them to a session that is there. */
message: MessageId,
/** What is said above them. */
note: string,
/** How a new session is started; its instructions are the comments. */
start: Start, };

/** See [`Command::SendMessage`]. */
export type SendMessage = { id: MessageId, session: SessionId, text: string,
/** Images with it. */
images?: Array<AttachedImage>,
/** For the turn that runs, where the agent can take it then; else it waits for the turn's end. */
steer: boolean,
/** To a session that has ended: the time at which it goes on, when the provider's limit ends. */
at?: Millis | null, };

/** A session: one conversation with an agent. */
export type Session = {
/** Its id, minted by whoever clicked. */
id: SessionId,
/** Seq of the last op. */
ver: number,
/** The project of its task. */
project: ProjectId,
/** Its task. */
task: TaskId,
/** What it is for. */
kind: Kind,
/** Name of its agent. */
agent: string,
/** The chosen model, null for the agent's own default. */
model: string | null,
/** Further instructions. */
instructions: string,
/** What it may do without asking. */
permission: Permission,
/** The branch that is merged into the worktree before it begins, whose conflicts it is to resolve. */
resolves: string | null,
/** Where it goes on from; null where it began by itself. */
origin: GoesOn | null,
/** The conversation from outside of the panel that it goes on from. */
adopted: Adopted | null,
/** How it stands. */
status: Status,
/** Counts its agent processes from 1. */
attempt: number,
/** When it was started by a person. */
created: Millis,
/** When the current attempt was accepted. */
since: Millis,
/** While it is queued: the time before which its attempt does not start, where a person said one. */
not_before: Millis | null,
/** When it ended, null while it has not. */
ended: Millis | null,
/** How the last attempt ended. */
ending: Ending | null,
/** What the agent waits for. */
requests: Array<Request>,
/** The agent's own id of the conversation; what it is resumed by. */
conversation: string | null,
/** What the conversation had cost in US dollars when its last attempt ended, where the agent tells that. */
spent: number | null,
/** Byte after the last event of the last attempt, once it ended. */
output_end: number | null,
/** Final figures of the last attempt. */
activity: Activity | null,
/** Whether a person has seen its ending. */
seen: boolean, };

/** A session: one conversation with an agent. */
export type SessionId = string;

/** The session ids of a task in the order of their cards. */
export type SessionList = { active: Array<SessionId>, ended: Array<SessionId>, };

/** A session's card and page. */
export type SessionView = {
/** The row. */
row: Session,
/** The agent's name for people. */
agent_title: string,
/** Whether the agent is scripted and uses no model. */
scripted: boolean,
/** The kind, as on its badge. */
kind_title: string,
/** Whether the server has confirmed what is shown. */
confirmed: boolean,
/** The word for its status; an unconfirmed one says how its sending stands. */
word: string,
/** What it does now, where it lives. */
activity: Activity | null,
/** The second line of its card. */
line: string,
/** Messages to it. */
messages: Array<Message>,
/** What can be done with it. */
actions: Array<Action>,
/** Its task's title. */
task_title: string,
/** The newest session that went back to one of its messages. */
went_back: SessionId | null, };

/** See [`Command::SetDefaultAgent`]. */
export type SetDefaultAgent = { agent: string | null, };

/** Settings of the workspace. */
export type Settings = {
/** Always [`Settings::ID`]. */
id: string,
/** Seq of the last op. */
ver: number,
/** The agent that is taken where none is chosen; null takes the first that was found. */
default_agent: string | null,
/** How many sessions run at once; more wait in the queue. */
max_sessions: number,
/** Whether the server runs as a demonstration. */
demo: boolean,
/** Since when the server is asked to look for agents again; null where it is not. */
looking: Millis | null, };

/** See [`Command::SettleMessage`]. */
export type SettleMessage = { id: MessageId, state: MessageState, };

/**
 * How an ACP agent is started that a person added in the panel. Values of secrets have no place here: it is in the log and
 * on every page.
 */
export type Setup = {
/** The program: a path or a name on the PATH; of a package, the name of one of its programs. */
command: string,
/** Its arguments. */
args: Array<string>,
/** Variables set for it. */
env: { [key in string]: string },
/** Names of variables that it gets as the server has them: keys. */
pass: Array<string>,
/** The agent of the catalogue whose peculiarities it has. */
like: string | null,
/** What it writes below the home directory; with it, it is confined. */
writes: Array<string> | null,
/** The npm package with its exact version (`name@1.2.3`) that brings it; installed on request. */
package: string | null, };

/** Which tasks the list shows. */
export type Show = "active" | "archived" | "all";

/** Which side of a conflict is taken. */
export type Side = "ours" | "theirs" | "as_it_is";

/** `GET /api/v1/snapshot`, or `POST` with [`SnapshotRequest`]. */
export type Snapshot = {
/** Of the read transaction. */
epoch: number,
/** Of the read transaction. */
seq: number,
/** Of the record at `seq`. */
tag: number,
/** All live rows. */
rows: Array<Row>,
/** Outcomes of the asked mutations, as far as they are settled. */
settled: { [key in Mid]: Outcome }, };

/** Asks which of these mutations are settled. */
export type SnapshotRequest = {
/** The caller's pending mutations. */
mids: Array<Mid>, };

/** What the list is sorted by. */
export type Sort = "attention" | "updated" | "title" | "progress";

/** What a person chose when starting a session. Absent choices are resolved on the server at command time. */
export type Start = {
/** Name of the agent; null takes the default. */
agent: string | null,
/** Model; null takes the agent's own default. */
model: string | null,
/** Further instructions. */
instructions: string,
/** What it may do without asking; null takes the default. */
permission: Permission | null,
/** A conversation that the agent had outside of the panel, to go on from. */
adopted: Adopted | null, };

/** See [`Command::StartSession`]. */
export type StartSession = { id: SessionId, task: TaskId, kind: Kind, start: Start, };

/** How a session stands, as `data-status` in the page. */
export type Status = "queued" | "starting" | "running" | "needs-approval" | "needs-answer" | "paused" | "waiting" | "cancelling" | "completed" | "failed" | "cancelled" | "interrupted";

/** An image that is a blob. */
export type StoredImage = {
/** Its media type. */
mime: string,
/** Its bytes. */
blob: BlobId,
/** How many they are. */
size: number, };

/** See [`Command::TakePlaces`]. */
export type TakePlaces = object;

/** Kept work that is taken back in its worktree, because what came later changed the same places. */
export type TakingBack = {
/** The ref that keeps the worktree with the work. */
before: string,
/** Since when. */
at: Millis, };

/** A task: one markdown file. */
export type Task = {
/** Its id, through renames. */
id: TaskId,
/** Seq of the last op. */
ver: number,
/** Its project. */
project: ProjectId,
/** First heading, else the file's name. */
title: string,
/** Path relative to the project; null until its file is made. */
path: string | null,
/** Its text. */
document: Document,
/** Checkboxes of the plan. */
progress: Progress,
/** Checkboxes under "Success criteria". */
criteria: Progress,
/** Why its file can't be read or written, null where it can. */
problem: string | null,
/** Whether its file is on the checked-out branch. */
on_branch: boolean,
/** Whether it is archived. */
archived: boolean,
/** When it was first seen or made. */
created: Millis,
/** When its document last changed. */
updated: Millis,
/** An edit that could not be merged; both sides are kept until one is chosen. */
conflict: Conflict | null,
/** The worktree and branch of its work, null before the first session. */
branch: Branch | null,
/** What was last kept of it. */
landing: Landing | null,
/** What was kept of it before that, the latest last. */
landed_before: Array<Landing>,
/** Where its work stands in the person's checkout to be tried; null where it does not. */
trial: Trial | null,
/** Where its work was pushed last, to be taken from there; null where it was not. */
proposal: Proposal | null, };

/** A task: one markdown file, through renames. */
export type TaskId = string;

/** A line of the task list. */
export type TaskLine = { id: TaskId, title: string, progress: Progress, attention: Attention, running: boolean, archived: boolean, on_branch: boolean, problem: string | null,
/** When anything last happened in it. */
updated: Millis,
/** Whether the server has not confirmed what is shown. */
pending: boolean,
/** What the play button does. */
play: Play,
/** Other work that changes the same files; null where none does. */
meets: MeetsLine | null, };

/** A task's page. */
export type TaskView = { row: Task, project: Project | null, phase: Phase, attention: Attention, pending: boolean, jobs: Array<Job>,
/** What is put onto the branch that a job of it is to move, in its order; empty where it has none. */
queue: Array<Waiting>, actions: Array<Action>,
/** What would be put away with it, and can be. */
archive_guards: Array<string>, play: Play, };

/** See [`Command::TellMeetings`]. */
export type TellMeetings = { project: ProjectId,
/** All that there are. */
pairs: Array<Pair>, };

/** What a tab says to the hub. */
export type ToHub = { "type": "join",
/** `epoch.seq.tag` */
offset: string, } | { "type": "leave" } | { "type": "reopen" };

/** A tool call as it stands. */
export type ToolCall = { id: string, title: string, tool: ToolKind, status: ToolStatus, files: Array<string>, content: Array<ToolContent>, input: unknown, began: Millis, ended: Millis | null, };

/** What a tool call shows. */
export type ToolContent = { "type": "text",
/** The text. */
text: string, } | { "type": "diff",
/** Relative path. */
path: string,
/** Null for a new file. */
old: string | null,
/** The text after. */
new: string, } | { "type": "terminal",
/** What it printed. */
output: string,
/** Its exit code, once known. */
exit: number | null, } | { "type": "image" } & Image;

/** Kinds of tool calls. */
export type ToolKind = "read" | "edit" | "delete" | "move" | "search" | "execute" | "think" | "fetch" | "other";

/** Statuses of tool calls. */
export type ToolStatus = "pending" | "running" | "completed" | "failed";

/** A change of a tool call. The first one with an id makes it. */
export type ToolUpdate = {
/** The agent's id of the call. */
id: string,
/** What it does, in the agent's words. */
title?: string | null,
/** Its kind. */
tool?: ToolKind | null,
/** Its status. */
status?: ToolStatus | null,
/** Files it concerns, relative to the working directory where they lie in it. */
files?: Array<string> | null,
/** What it gave; replaces what was there. */
content?: Array<ToolContent> | null,
/** Its input as the agent shows it. */
input?: JsonValue | null, };

/** Work that stands in the person's checkout. */
export type Trial = {
/** HEAD of the checkout. */
head: string,
/** What the checkout holds, as a commit. */
commit: string,
/** Since when. */
at: Millis, };

/** Use of tokens and money by one turn. Null is unknown. */
export type TurnUsage = {
/** Input tokens, those read from a cache among them. */
input: number | null,
/** Of the input, what was read from a cache. */
cached: number | null,
/** Output tokens. */
output: number | null,
/** US dollars. */
cost_usd: number | null, };

/** A part of a file that is in no commit, by which it can be committed alone. */
export type UncommittedHunk = {
/** What `commit_work` names it by; other content has another one. */
id: string,
/** Its lines. */
hunk: DiffHunk, };

/** What was brought into a worktree of its target branch. */
export type Update = {
/** The ref that keeps the worktree as it was before. */
before: string,
/** When. */
at: Millis, };

/** See [`Command::UpdateWork`](super::Command::UpdateWork). */
export type UpdateWork = { id: TaskId,
/** The id of a new session that resolves the conflicts; null leaves them to the person. */
session: SessionId | null, start: Start, };

/** Use of tokens and money by one attempt so far. Null is unknown. */
export type Usage = {
/** Input tokens, those read from a cache among them. */
input: number | null,
/** Of the input, what was read from a cache. */
cached: number | null,
/** Output tokens. */
output: number | null,
/** Tokens in the context window. */
context_used: number | null,
/** Size of the context window in tokens. */
context_size: number | null,
/** US dollars. */
cost_usd: number | null,
/**
 * What the whole conversation has cost, attempts before this one among them, where the agent counts so: what a
 * later attempt subtracts.
 */
conversation_usd: number | null, };

/** Whether work that was kept holds. */
export type Verdict = "pending" | "passed" | "failed";

/** A job in the queue of a branch. */
export type Waiting = { job: Mid, task: TaskId, title: string,
/** Whether its work and that of the task would conflict. */
conflicts: boolean, };

/** What a job does. */
export type Work = { "do": "write_document",
/** The version to write; its text is in the store. */
version: Mid,
/** The version it was edited from, null for a new task. */
base: Mid | null, } | { "do": "move_document",
/** Whether into it. */
archived: boolean, } | { "do": "commit_document",
/** The commit's message. */
message: string,
/** Where the file was, and where it is. */
paths: Array<string>, } | { "do": "commit",
/** The commit's message. */
message: string,
/** The files; null takes all. */
files: Array<string> | null,
/** Beside the files, parts of others. */
hunks: Array<FileHunks>, } | { "do": "update" } | { "do": "undo_update" } | { "do": "resolve",
/** Which. */
path: string,
/** How. */
side: Side, } | { "do": "try" } | { "do": "untry" } | { "do": "keep",
/** The commit's message. */
message: string,
/** How it is put there. */
how: How, } | { "do": "propose",
/** The commit's message; its first line is the title. */
message: string, } | { "do": "look_at_proposal" } | { "do": "undo_keep" } | { "do": "revert" } | { "do": "take_back" } | { "do": "discard" } | { "do": "undo_discard" };

/** The worktree of a task. */
export type WorktreeRow = {
/** The task. */
task: string,
/** Its project. */
project: string,
/** Absolute. */
path: string,
/** The branch that is checked out in it; null where none is. */
branch: string | null,
/** The branch that its work is kept on. */
target: string | null,
/** Bytes of its files. */
size: number,
/** Whether all of them were counted within two seconds. */
size_whole: boolean,
/** Files that differ from its last commit or are not tracked. */
dirty: number,
/** Commits that its target has not; null without a target. */
ahead: number | null,
/** Commits of its target that it has not. */
behind: number | null,
/** Commits that nothing else holds. */
unmerged: number,
/** Ignored files and folders, at most 50: no save holds them. */
ignored: Array<string>,
/** The first of the ten ports that are for what runs in it. */
port: number | null,
/** The session that runs in it. */
session: string | null,
/** When a session last ran in it. */
used: Millis,
/** Why it can't be read. */
problem: string | null, };

/** An answer of `GET /api/v1/worktrees`. */
export type WorktreesAnswer = {
/** Those of the tasks of all projects, the largest first. */
worktrees: Array<WorktreeRow>,
/** Folders beside them that no task has. */
others: Array<OtherFolder>,
/** What worktrees can be opened with. */
openers: Array<Opener>, };
