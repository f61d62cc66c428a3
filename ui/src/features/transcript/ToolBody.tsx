// What a tool call shows when it is opened: its input where that says more, its results.
import { useState } from "react";
import type { ToolCall, ToolContent, ToolKind } from "../../lib/generated/types";
import { whole } from "../../lib/words";
import { Diff } from "../../ui/Diff";
import { CopyButton } from "./CopyButton";
import { Picture } from "./Picture";

/** What has more lines is folded to so many. */
const FOLDED = 20;
const LONG = 30;

/** Of these the title says all. */
const TOLD: readonly ToolKind[] = ["read", "edit", "delete", "move", "execute"];

export function ToolBody({ call, patches }: { call: ToolCall; patches: (string | null)[] }) {
  const hasInput = call.input !== null && call.input !== undefined;
  const showsInput = hasInput && (call.content.length === 0 || !TOLD.includes(call.tool));
  return (
    <div className="flex flex-col gap-2">
      {showsInput && <Long className="text-ink-2" text={tidy(call.input)} end="first" />}
      {call.content.map((content, at) => (
        <Content key={at} content={content} patch={patches[at] ?? null} apart={showsInput} />
      ))}
      {call.content.length === 0 && !hasInput && <p className="text-ink-3">It showed nothing more.</p>}
    </div>
  );
}

function tidy(input: unknown): string {
  return typeof input === "string" ? input : JSON.stringify(input, null, 2);
}

function Content({ content, patch, apart }: { content: ToolContent; patch: string | null; apart: boolean }) {
  switch (content.type) {
    case "text":
      return (
        <div className={`group/copy relative ${apart ? "border-t border-line pt-2" : ""}`}>
          <Long className="text-ink-2" text={content.text} end="first" />
          <CopyButton what="the result" text={content.text} />
        </div>
      );
    case "diff":
      return (
        <div className="overflow-hidden rounded border border-line">
          <p className="border-b border-line px-3 py-1 font-mono text-code wrap-anywhere text-ink-2">
            {content.path}
            {content.old === null && <span className="text-ink-3"> new</span>}
          </p>
          <Diff text={patch ?? ""} label={`Changes of ${content.path}`} />
        </div>
      );
    case "terminal":
      return (
        <div className="group/copy relative rounded border border-line bg-ground">
          <Long className="px-3 py-2" text={content.output || " "} end="last" />
          {content.output !== "" && <CopyButton what="the output" text={content.output} />}
          {content.exit !== null && (
            <p className={`border-t border-line px-3 py-1 text-meta ${content.exit === 0 ? "text-ink-3" : "text-danger"}`}>exit code {content.exit}</p>
          )}
        </div>
      );
    case "image":
      return <Picture image={content} of="the tool" />;
  }
}

/** Lines as they are; of many the first or the last until all are wanted. */
function Long({ text, end, className }: { text: string; end: "first" | "last"; className: string }) {
  const [all, setAll] = useState(false);
  const lines = text.split("\n").length;
  const folds = lines > LONG && !all;
  const button = folds && (
    <button type="button" onClick={() => setAll(true)} className={`block text-meta text-accent-ink hover:underline ${className.includes("px-3") ? "px-3 pt-1.5" : ""}`}>
      Show all {whole(lines)} lines
    </button>
  );
  return (
    <>
      {end === "last" && button}
      {/* What scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={all ? 0 : undefined} className={`max-h-[480px] overflow-auto font-mono text-code whitespace-pre-wrap wrap-anywhere ${className}`}>
        {folds ? part(text, end) : text}
      </pre>
      {end === "first" && button}
    </>
  );
}

function part(text: string, end: "first" | "last"): string {
  const lines = text.split("\n");
  return (end === "first" ? lines.slice(0, FOLDED) : lines.slice(text.endsWith("\n") ? -FOLDED - 1 : -FOLDED)).join("\n");
}
