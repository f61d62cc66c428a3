// The composer: always there, always the same. Enter sends; while the agent works the message waits for its turn's end, and
// Ctrl+Enter puts it into the turn, or ends the turn for it.
import { ArrowUp, ImagePlus, Square } from "lucide-react";
import { useLayoutEffect, useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import type { SessionView } from "../../lib/generated/types";
import { MOD, useKeys } from "../../lib/keys";
import { usePref } from "../../lib/prefs";
import { interrupt, sendMessage, useShell } from "../../lib/use";
import { isEnded } from "../../lib/words";
import { Button, IconButton } from "../../ui/Button";
import { TextBox } from "../../ui/TextBox";
import { matching, suggestCommand } from "./commands";
import { remember, useRecall } from "./history";
import { addToDraft, imagesIn, usePictures } from "./images";
import { NOTHING, type SessionLog } from "./log";
import { completed, mentionAt } from "./mention";
import { Pickers } from "./Pickers";
import { Pictures } from "./Pictures";
import { Queue } from "./Queue";
import { Suggestions, SUGGESTIONS } from "./Suggestions";
import { isInterrupting, isWorking } from "./turn";
import { suggestFile, useFiles } from "./useFiles";

/** For so long a second Escape ends the turn. */
const AGAIN_MS = 2000;

const never = () => () => undefined;
const nothing = () => NOTHING;

export function Composer({ view, log }: { view: SessionView; log: SessionLog | null }) {
  const shell = useShell();
  const { row } = view;
  const { can, commands, offers, idle } = useSyncExternalStore(log?.subscribe ?? never, log?.about ?? nothing);
  const [text, setText] = usePref(`draft.message.${row.id}`, "");
  const { pictures, problem, take, remove, clear } = usePictures(row.id, can.images, view.agent_title);
  const [picked, setPicked] = useState(0);
  const [caret, setCaret] = useState(0);
  const [shut, setShut] = useState<string | null>(null);
  const recall = useRecall(text);
  const [asked, setAsked] = useState(false);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  const place = useRef<HTMLDivElement>(null);
  /** Where the caret goes with the text that is being written into the field. */
  const placed = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (placed.current === null) return;
    place.current?.querySelector("textarea")?.setSelectionRange(placed.current, placed.current);
    placed.current = null;
  }, [text]);
  const file = useRef<HTMLInputElement>(null);

  const active = !isEnded(row.status);
  const works = isWorking(row.status) && !idle;
  const interrupting = isInterrupting(view);
  const blocked = row.status === "cancelling" ? "It is being cancelled. Send it once that is done." : null;
  const empty = text.trim() === "" && pictures.length === 0;
  const reason = blocked ?? (empty ? "Write a message first." : null);
  const mention = shut === text ? null : mentionAt(text, caret);
  const files = useFiles(row.id, mention?.query ?? null);
  const offered = shut === text ? [] : matching(text, commands);
  const menu = offered.length > 0 ? offered.map(suggestCommand) : files.map(suggestFile);
  const at = Math.min(picked, menu.length - 1);
  const steers = can.steer && pictures.length === 0;

  const write = (next: string, to = next.length) => {
    setText(next);
    setPicked(0);
    setCaret(to);
  };
  const send = (now: boolean) => {
    if (reason !== null) return;
    if (now && works && !steers && !interrupting) interrupt(shell, row.id);
    sendMessage(shell, row.id, text.trim(), { steer: now && works && steers, images: pictures.map(({ image }) => image) });
    remember(text.trim());
    write("");
    clear();
  };
  const stop = () => {
    setAsked(false);
    if (works && !interrupting) interrupt(shell, row.id);
  };
  const pick = (index: number) => {
    const command = offered[index];
    if (command) return write(`/${command.name} `);
    const found = files[index];
    if (!found || mention === null) return;
    const next = completed(text, caret, mention, found.path);
    placed.current = next.caret;
    write(next.text, next.caret);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const done = () => event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (menu.length > 0) {
      if (step !== 0) return done(), setPicked((at + step + menu.length) % menu.length);
      // A command that is written out is sent.
      if ((event.key === "Enter" && !event.shiftKey && `/${offered[at]?.name}` !== text) || event.key === "Tab") return done(), pick(at);
      if (event.key === "Escape") return done(), setShut(text);
    }
    const before = step === 0 || event.shiftKey ? null : recall(step);
    if (before !== null) {
      // A command that comes back is sent, not chosen again.
      setShut(before);
      return done(), write(before);
    }
    if (event.key === "Enter" && !event.shiftKey) return done(), send(event.ctrlKey || event.metaKey);
    if (event.key === "Escape" && works && !interrupting) {
      // It leaves the field, as everywhere; the next one within a moment ends the turn.
      setAsked(true);
      clearTimeout(again.current);
      again.current = setTimeout(() => setAsked(false), AGAIN_MS);
    }
  };
  useKeys(asked ? { Escape: stop } : {});
  return (
    <div ref={place} className="border-t border-line bg-panel px-4 py-3 lg:px-8">
      <div className="mx-auto max-w-[880px]">
        {log && (
          <Queue
            view={view}
            log={log}
            onEdit={(words, images) => {
              addToDraft(row.id, images);
              write(text === "" ? words : `${words}\n\n${text}`);
              place.current?.querySelector("textarea")?.focus();
            }}
          />
        )}
        <div
          className="relative rounded border border-line-strong bg-panel has-[textarea:focus-visible]:outline-2 has-[textarea:focus-visible]:-outline-offset-1 has-[textarea:focus-visible]:outline-accent"
          onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            take(imagesIn(event.dataTransfer));
          }}
        >
          {menu.length > 0 && <Suggestions label={offered.length > 0 ? "Commands of the agent" : "Files"} items={menu} at={at} onPick={pick} />}
          <Pictures pictures={pictures} onRemove={remove} />
          <TextBox
            aria-label="Message"
            aria-autocomplete="list"
            aria-controls={menu.length > 0 ? SUGGESTIONS : undefined}
            aria-activedescendant={menu.length > 0 ? `${SUGGESTIONS}-${at}` : undefined}
            dir="auto"
            placeholder={works ? "Queue a message" : "Send a follow-up"}
            value={text}
            onChange={(event) => write(event.target.value, event.target.selectionStart)}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              const images = imagesIn(event.clipboardData);
              if (images.length > 0) event.preventDefault();
              take(images);
            }}
            className="min-h-9 border-0! bg-transparent! outline-none!"
          />
          <div className="flex flex-wrap items-center gap-1.5 p-1.5">
            <div className="flex max-w-full grow items-center gap-0.5">
              {can.images && (
                <IconButton label="Add an image" hint="paste and drop do it too" className="size-6!" onClick={() => file.current?.click()}>
                  <ImagePlus className="size-3.5" aria-hidden="true" />
                </IconButton>
              )}
              <Pickers view={view} offers={offers} />
            </div>
            <div className="ms-auto flex gap-1.5">
              {active && works && (
                <>
                  <Button
                    small
                    look="quiet"
                    reason={interrupting ? "The agent is told to end its turn." : null}
                    title="End the turn; the agent stays (Esc Esc)"
                    onClick={stop}
                    icon={<Square className="size-2.5 fill-current" aria-hidden="true" />}
                    className="min-w-28"
                  >
                    {interrupting ? "Interrupting…" : asked ? "Esc again" : "Interrupt"}
                  </Button>
                  <Button small reason={reason} title={`${steers ? "Put it into the turn that runs" : "Interrupt the turn and send it"} (${MOD}+Enter)`} onClick={() => send(true)}>
                    Send now
                  </Button>
                </>
              )}
              <Button small look="primary" reason={reason} title="Enter" onClick={() => send(false)} icon={<ArrowUp className="size-3.5" aria-hidden="true" />} className="min-w-20">
                {works ? "Queue" : "Send"}
              </Button>
            </div>
          </div>
          <input
            ref={file}
            type="file"
            accept="image/*"
            multiple
            hidden
            onChange={(event) => {
              take([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
        </div>
        {(problem ?? blocked) !== null && (
          <p role="status" className={`mt-1 text-meta ${problem === null ? "text-ink-3" : "text-danger"}`}>
            {problem ?? blocked}
          </p>
        )}
      </div>
    </div>
  );
}
