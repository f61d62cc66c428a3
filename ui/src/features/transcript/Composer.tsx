// The composer: always there, always the same. Enter sends; while the agent works the message is queued.
import { ArrowUp } from "lucide-react";
import { usePref } from "../../lib/prefs";
import { sendMessage, useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { TextBox } from "../../ui/TextBox";

export function Composer({ session, blocked, running }: { session: string; blocked: string | null; running: boolean }) {
  const shell = useShell();
  const [text, setText] = usePref(`draft.message.${session}`, "");
  const reason = blocked ?? (text.trim() === "" ? "Write a message first." : null);
  const send = () => {
    if (reason !== null) return;
    sendMessage(shell, session, text.trim());
    setText("");
  };
  return (
    <div className="border-t border-line bg-panel px-4 py-3 lg:px-8">
      <div className="mx-auto flex max-w-[880px] items-end gap-2">
        <TextBox
          aria-label="Message"
          dir="auto"
          placeholder={running ? "Queue a message" : "Send a follow-up"}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              send();
            }
          }}
          className="min-h-9 py-1.5"
        />
        <Button look="primary" reason={reason} onClick={send} icon={<ArrowUp className="size-4" aria-hidden="true" />} className="h-9!">
          {running ? "Queue" : "Send"}
        </Button>
      </div>
      {blocked !== null && <p className="mt-1 text-meta text-ink-3">{blocked}</p>}
    </div>
  );
}
