// Keep or Commit with a choice: the message, what the history shows or that it is proposed instead, which files.
import { useState } from "react";
import type { How, TaskView } from "../../lib/generated/types";
import { MOD } from "../../lib/keys";
import { startSession, useSession, useSessionIds, useShell } from "../../lib/use";
import { useRead } from "../../lib/useRead";
import { commit, keep, propose } from "../../lib/work";
import { Button } from "../../ui/Button";
import { Choices } from "../../ui/Choices";
import { Dialog } from "../../ui/Dialog";
import { Field, Skeleton } from "../../ui/Small";
import { TextBox } from "../../ui/TextBox";
import { ALL, ChosenFiles, chosen, isAll, type Choice } from "./ChosenFiles";

type Way = How | "propose";

const HOW: [Way, string, string][] = [
  ["squash", "One commit", "The branch gets all of it as one commit."],
  ["merge", "Merge", "The commits of the worktree stay, and one more merges them."],
  ["rebase", "Rebase", "The commits of the worktree are made anew on top of the branch, one after the other."],
];
const PROPOSE: [Way, string, string] = ["propose", "Pull request", "It is pushed to the remote repository on a branch of its own, and asked for there. Nothing lands here."];

export function LandDialog({ view, what, reason, onClose }: { view: TaskView; what: "keep" | "commit"; reason: string | null; onClose: () => void }) {
  const shell = useShell();
  const { id, title, branch } = view.row;
  // What a person wrote; until then what is suggested for exactly this work.
  const [own, setOwn] = useState<string | null>(null);
  const draft = branch?.draft && branch.draft.tree === branch.changed?.tree ? branch.draft : null;
  const back = branch?.taking_back == null ? null : (view.row.landing?.new ?? null);
  const message = own ?? (back === null ? (draft?.text ?? title) : `Revert "${title}"\n\nThis takes back ${back}.`);
  const writing = useWriting(id);
  const [how, setHow] = useState<Way>("squash");
  const [choice, setChoice] = useState<Choice>(ALL);
  const [files] = useRead<string[]>(what === "commit" ? `/tasks/${id}/changes/uncommitted` : null, branch?.changed?.tree ?? "");
  const all = files.state === "there" ? files.value : [];
  const { whole, parts } = chosen(all, choice);
  const count = whole.length + parts.length;
  const refused = how === "propose" ? view.actions.find((action) => action.name === "propose")?.reason : reason;
  const why = refused ?? (what === "commit" && files.state === "there" && count === 0 ? (all.length === 0 ? "All of it is in a commit already." : "Choose a file.") : null);
  const go = () => {
    if (why !== null || (what === "commit" && files.state !== "there")) return;
    onClose();
    if (how === "propose") propose(shell, id, message);
    else if (what === "keep") keep(shell, id, message, how);
    else commit(shell, id, message, isAll(choice) ? null : whole, parts);
  };
  const label = what === "keep" ? "Keep" : "Commit";
  return (
    <Dialog label={`${label}: ${title}`} onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <Field label="Message" hint={how === "propose" ? "Its first line is the title of the pull request, the rest its text." : what === "keep" ? `It goes onto ${branch?.target ?? "its branch"}.` : "In the worktree, with your hooks and your signature."}>
          <TextBox
            data-first-focus=""
            rows={3}
            dir="auto"
            value={message}
            onChange={(event) => setOwn(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                go();
              }
            }}
          />
        </Field>
        <div className="-mt-2 flex flex-wrap items-center gap-2 text-meta text-ink-3">
          <Button
            small
            reason={writing ? "An agent is writing it." : null}
            title="The default agent looks at the changes and writes the message"
            onClick={() => {
              setOwn(null);
              startSession(shell, id, "commit-message", { permission: "ask" });
            }}
          >
            {writing ? "Being written…" : "Write it with an agent"}
          </Button>
          {own === null && back === null && draft !== null && <span>{draft.session === null ? "Suggested from the document" : "Written by an agent for this work"}</span>}
        </div>
        {what === "keep" && back === null && <Choices legend="History" value={how} options={view.project?.remote ? [...HOW, PROPOSE] : HOW} standard="squash" onChange={setHow} />}
        {what === "commit" && files.state === "loading" && <Skeleton lines={3} />}
        {what === "commit" && files.state === "failed" && <p className="text-danger">{files.message}</p>}
        {all.length > 0 && <ChosenFiles task={id} tree={branch?.changed?.tree ?? ""} all={all} choice={choice} onChoice={setChoice} />}
        <div className="flex items-center justify-end gap-2">
          <span className="me-auto text-meta text-ink-3">{MOD}+Enter</span>
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" type="submit" reason={why} onClick={go}>
            {how === "propose" ? "Pull request" : what === "commit" && !isAll(choice) ? parts.length > 0 ? "Commit a part" : `Commit ${count} of ${all.length}` : label}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Whether an agent writes a message for the work of a task. */
function useWriting(task: string): boolean {
  const { active } = useSessionIds(task);
  const first = useSession(active[0] ?? "");
  return first?.row.kind === "commit-message";
}
