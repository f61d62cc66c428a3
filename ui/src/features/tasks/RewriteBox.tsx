// "Change the plan so that …": a rewrite of the document by an agent, asked for at any time.
import { memo, type RefObject } from "react";
import type { Action } from "../../lib/generated/types";
import { MOD } from "../../lib/keys";
import { usePref } from "../../lib/prefs";
import { startSession, useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { TextBox } from "../../ui/TextBox";

export const RewriteBox = memo(function RewriteBox({ task, action, boxRef }: { task: string; action: Action | undefined; boxRef: RefObject<HTMLDivElement | null> }) {
  const shell = useShell();
  const [text, setText] = usePref(`draft.rewrite.${task}`, "");
  const blocked = action?.enabled ? null : (action?.reason ?? "Not available.");
  const reason = blocked ?? (text.trim() === "" ? "Say what shall change." : null);
  const start = () => {
    if (reason !== null) return;
    startSession(shell, task, "rewrite", { instructions: text.trim() });
    setText("");
  };
  return (
    <div ref={boxRef} className="mt-6 flex max-w-[72ch] items-end gap-2 border-t border-line pt-4">
      <TextBox
        aria-label="Rewrite"
        placeholder="Change the plan so that …"
        dir="auto"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            start();
          }
        }}
        className="min-h-9 py-1.5"
      />
      <Button reason={reason} title={`Rewrite (${MOD}+Enter)`} onClick={start} className="h-9!">
        Rewrite
      </Button>
    </div>
  );
});
