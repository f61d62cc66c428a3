// Whether work that is where it belongs holds, as a person who tried it says.
import { Check, X } from "lucide-react";
import { useState } from "react";
import type { Verdict } from "../../lib/generated/types";
import { MOD } from "../../lib/keys";
import { useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Small";
import { TextBox } from "../../ui/TextBox";

export const VERDICT: Record<Verdict, [string, "neutral" | "success" | "danger"]> = {
  pending: ["not tried yet", "neutral"],
  passed: ["passed", "success"],
  failed: ["failed", "danger"],
};

/** `onRevert` takes the work back, where that can be done from here. */
export function Judging({ task, title, verdict, onRevert }: { task: string; title: string; verdict: Verdict; onRevert?: () => void }) {
  const shell = useShell();
  const [failing, setFailing] = useState(false);
  const judge = (next: Verdict, note = "") => shell.act({ name: "judge_work", args: { id: task, verdict: next, note } });
  return (
    <>
      {verdict === "pending" ? (
        <>
          <Button small icon={<Check className="size-3.5" />} title="It was tried and holds" onClick={() => judge("passed")}>
            Pass
          </Button>
          <Button small icon={<X className="size-3.5" />} title="It was tried and does not hold" onClick={() => setFailing(true)}>
            Fail…
          </Button>
        </>
      ) : (
        <Button small look="quiet" title="It is to be tried again" onClick={() => judge("pending")}>
          Try again
        </Button>
      )}
      {failing && (
        <Failing
          title={title}
          canRevert={onRevert !== undefined}
          onClose={() => setFailing(false)}
          onFail={(note, back) => {
            judge("failed", note);
            if (back) onRevert?.();
          }}
        />
      )}
    </>
  );
}

function Failing({ title, canRevert, onFail, onClose }: { title: string; canRevert: boolean; onFail: (note: string, revert: boolean) => void; onClose: () => void }) {
  const [note, setNote] = useState("");
  const fail = (back: boolean) => {
    onClose();
    onFail(note, back);
  };
  return (
    <Dialog label={`Failed: ${title}`} onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          fail(false);
        }}
      >
        <Field label="What did you see?" hint="The next Implement is told.">
          <TextBox data-first-focus="" rows={5} value={note} onChange={(event) => setNote(event.target.value)} onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) fail(false);
          }} />
        </Field>
        <div className="flex flex-wrap items-center justify-end gap-2">
          <span className="flex-1 text-meta text-ink-3">{MOD}+Enter</span>
          <Button onClick={onClose}>Close</Button>
          {canRevert && <Button onClick={() => fail(true)}>Fail and revert</Button>}
          <Button type="submit" look="primary">
            Fail
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
