// The composer: always there, always the same. Enter sends; while the agent works the message waits for its turn's end, and
// Ctrl+Enter puts it into the turn, or ends the turn for it.
import { ArrowUp, ImagePlus, Square } from "lucide-react";
import { useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import type { OfferedCommand, SessionView } from "../../lib/generated/types";
import { MOD, useKeys } from "../../lib/keys";
import { usePref } from "../../lib/prefs";
import { interrupt, sendMessage, useShell } from "../../lib/use";
import { isEnded } from "../../lib/words";
import { Button, IconButton } from "../../ui/Button";
import { TextBox } from "../../ui/TextBox";
import { CommandMenu, matching, MENU } from "./CommandMenu";
import { remember, useRecall } from "./history";
import { imagesIn, usePictures } from "./images";
import { NOTHING, type SessionLog } from "./log";
import { Pickers } from "./Pickers";
import { Pictures } from "./Pictures";
import { Queue } from "./Queue";
import { isInterrupting, isWorking } from "./turn";

/** For so long a second Escape ends the turn. */
const AGAIN_MS = 2000;

const never = () => () => undefined;
const nothing = () => NOTHING;

export function Composer({ view, log }: { view: SessionView; log: SessionLog | null }) {
  const shell = useShell();
  const { row } = view;
  const { can, commands, offers, idle } = useSyncExternalStore(log?.subscribe ?? never, log?.about ?? nothing);
  const [text, setText] = usePref(`draft.message.${row.id}`, "");
  const { pictures, problem, take, remove, clear } = usePictures(can.images, view.agent_title);
  const [picked, setPicked] = useState(0);
  const [shut, setShut] = useState<string | null>(null);
  const recall = useRecall(text);
  const [asked, setAsked] = useState(false);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  const place = useRef<HTMLDivElement>(null);
  const file = useRef<HTMLInputElement>(null);

  const active = !isEnded(row.status);
  const works = isWorking(row.status) && !idle;
  const interrupting = isInterrupting(view);
  const blocked = row.status === "cancelling" ? "It is being cancelled. Send it once that is done." : null;
  const empty = text.trim() === "" && pictures.length === 0;
  const reason = blocked ?? (empty ? "Write a message first." : null);
  const menu = shut === text ? [] : matching(text, commands);
  const at = Math.min(picked, menu.length - 1);
  const steers = can.steer && pictures.length === 0;

  const write = (next: string) => {
    setText(next);
    setPicked(0);
  };
  const send = (now: boolean) => {
    if (reason !== null) return;
    if (now && works && !steers && !interrupting) interrupt(shell, row.id);
    sendMessage(shell, row.id, text.trim(), { steer: now && works && steers, images: pictures.map(({ mime, data }) => ({ mime, data })) });
    remember(text.trim());
    write("");
    clear();
  };
  const stop = () => {
    setAsked(false);
    if (works && !interrupting) interrupt(shell, row.id);
  };
  const pick = (command: OfferedCommand | undefined) => command && write(`/${command.name} `);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const done = () => event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (menu.length > 0) {
      if (step !== 0) return done(), setPicked((at + step + menu.length) % menu.length);
      // A command that is written out is sent.
      if ((event.key === "Enter" && `/${menu[at]?.name}` !== text) || event.key === "Tab") return done(), pick(menu[at]);
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
            onEdit={(words) => {
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
            void take(imagesIn(event.dataTransfer));
          }}
        >
          {menu.length > 0 && <CommandMenu commands={menu} at={at} onPick={pick} />}
          <Pictures pictures={pictures} onRemove={remove} />
          <TextBox
            aria-label="Message"
            aria-autocomplete="list"
            aria-controls={menu.length > 0 ? MENU : undefined}
            aria-activedescendant={menu.length > 0 ? `${MENU}-${at}` : undefined}
            dir="auto"
            placeholder={works ? "Queue a message" : "Send a follow-up"}
            value={text}
            onChange={(event) => write(event.target.value)}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              const images = imagesIn(event.clipboardData);
              if (images.length > 0) event.preventDefault();
              void take(images);
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
              void take([...(event.target.files ?? [])]);
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
