// One item of a transcript. Memoised: items are replaced as objects when they change.
import { Brain, CornerDownRight, TriangleAlert } from "lucide-react";
import { memo, useDeferredValue, useMemo, type ReactNode } from "react";
import { markdown } from "#core";
import type { Item, Request } from "../../lib/generated/types";
import { plural, shortPath } from "../../lib/words";
import { Coded } from "../../ui/Coded";
import { Markdown } from "../../ui/Markdown";
import { StatusMark } from "../../ui/Mark";
import { CopyButton } from "./CopyButton";
import { Picture } from "./Picture";
import { PlanList } from "./PlanList";
import { Sent } from "./Sent";
import { Limited, Retrying, Turn } from "./Told";
import { Fold, ReadsRow, ToolRow } from "./ToolRow";

export const ItemView = memo(function ItemView({ item, renderRequest }: { item: Item; renderRequest: (request: Request) => ReactNode }) {
  switch (item.type) {
    case "began":
      return (
        <p title={item.cwd} className="text-meta wrap-anywhere text-ink-3">
          {item.resumed === null ? "Started" : "Resumed"} {item.program || item.agent} in {shortPath(item.cwd, 56)}
        </p>
      );
    case "prompt":
      return <Sent item={item} />;
    case "text":
      return <Says text={item.text} />;
    case "image":
      return <Picture image={item.image} of="the agent" />;
    case "thought":
      return (
        <Fold icon={<Brain className="size-4 text-ink-3" aria-hidden="true" />} title="Thought" hint={firstLine(item.text)}>
          <p dir="auto" className="max-w-[88ch] whitespace-pre-wrap text-ink-2 wrap-anywhere">
            {item.text}
          </p>
        </Fold>
      );
    case "tool":
      return <ToolRow call={item.call} />;
    case "reads":
      return <ReadsRow calls={item.calls} />;
    case "plan":
      return <PlanList entries={item.entries} />;
    case "asked":
      return item.settled ? <Settled item={item} /> : renderRequest(item.request);
    case "note":
      return <p className="text-meta text-ink-3">{item.text}</p>;
    case "stderr":
      return (
        <Fold icon={<TriangleAlert className="size-4 text-ink-3" aria-hidden="true" />} title="Standard error" hint={lastLine(item.text)}>
          <pre className="overflow-x-auto font-mono text-code text-ink-2">{item.text}</pre>
        </Fold>
      );
    case "turn":
      return <Turn item={item} />;
    case "retrying":
      return <Retrying item={item} />;
    case "limited":
      return <Limited item={item} />;
    case "ended":
      return <Ended item={item} />;
    case "unknown":
      return (
        <Fold icon={<TriangleAlert className="size-4 text-ink-3" aria-hidden="true" />} title="Something this version does not know" hint="">
          <pre className="overflow-x-auto font-mono text-code text-ink-2">{JSON.stringify(item.raw, null, 2)}</pre>
        </Fold>
      );
  }
});

/** What the agent says. While it streams, drawing it may lag behind the frames. */
function Says({ text }: { text: string }) {
  const shown = useDeferredValue(text);
  const html = useMemo(() => markdown(shown), [shown]);
  return (
    <div className="group/copy relative">
      <Markdown chat html={html} />
      <CopyButton what="the message" text={text} />
    </div>
  );
}

/** What was asked and what was answered, with what was said beside it. */
function Settled({ item }: { item: Extract<Item, { type: "asked" }> }) {
  const { request, option, note } = item;
  // Words of one's own stand in the place of any choice.
  const own = request.question && note !== null;
  return (
    <p data-item="settled" className="flex items-start gap-2 text-ink-2">
      <CornerDownRight className="mt-0.5 size-4 shrink-0 text-ink-3" aria-hidden="true" />
      <span className="wrap-anywhere">
        <Coded text={request.title} />
        {!own && <span className="ms-1.5 font-medium text-ink">{option === null ? "Withdrawn" : optionLabel(request, option)}</span>}
        {note !== null && (
          <span dir="auto" className="ms-1.5 text-ink">
            “{note}”
          </span>
        )}
      </span>
    </p>
  );
}

const ENDING = { completed: "Done", failed: "Failed", cancelled: "Cancelled", interrupted: "Interrupted" } as const;

function Ended({ item }: { item: Extract<Item, { type: "ended" }> }) {
  const { ending, activity } = item;
  const reason = ending.how === "failed" ? ending.reason : ending.how === "interrupted" ? ending.why : null;
  return (
    <div data-item="ended" className="border-t border-line pt-3">
      <p className="flex items-center gap-2">
        <StatusMark status={ending.how} />
        <span className="font-medium">{ENDING[ending.how]}</span>
        {activity.operations > 0 && <span className="text-meta text-ink-3">{plural(activity.operations, "operation")}</span>}
      </p>
      {reason !== null && <p className="mt-1 max-w-[88ch] wrap-anywhere text-ink-2">{reason}</p>}
      {ending.how === "failed" && ending.stderr !== null && ending.stderr !== "" && (
        <pre className="mt-2 overflow-x-auto rounded bg-ground px-3 py-2 font-mono text-code text-ink-2">{ending.stderr}</pre>
      )}
    </div>
  );
}

function optionLabel(request: Request, id: string): string {
  return request.options.find((option) => option.id === id)?.label ?? id;
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
