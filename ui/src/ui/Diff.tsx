// A unified diff, drawn.
import { useMemo } from "react";
import { parseUnified, type DiffLine } from "./unified";

const TONE: Record<DiffLine["type"], string> = {
  hunk: "bg-hover text-ink-3",
  same: "",
  added: "bg-success-ground",
  removed: "bg-danger-ground",
  note: "text-ink-3 italic",
};
const SIGN: Record<DiffLine["type"], string> = { hunk: "", same: " ", added: "+", removed: "−", note: "" };
const SIGN_TONE: Record<DiffLine["type"], string> = { hunk: "", same: "", added: "text-success", removed: "text-danger", note: "" };
const BLOCK = 100;

export function Diff({ text, label }: { text: string; label: string }) {
  const blocks = useMemo(() => {
    const all = parseUnified(text);
    // Nothing is left out above the first line.
    const lines = all[0]?.type === "hunk" && all[1]?.type !== "hunk" && all[1]?.type !== "note" && (all[1]?.after ?? all[1]?.before) === 1 ? all.slice(1) : all;
    return Array.from({ length: Math.ceil(lines.length / BLOCK) }, (_, at) => lines.slice(at * BLOCK, (at + 1) * BLOCK));
  }, [text]);
  return (
    // A scrolling region must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={label} tabIndex={0} className="overflow-x-auto font-mono text-code">
      <div className="w-max min-w-full">
        {blocks.map((lines, at) => (
          <div key={at} style={{ contentVisibility: "auto", containIntrinsicSize: `auto ${lines.length * 19}px` }}>
            {lines.map((line, index) => (
              <Line key={index} line={line} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Line({ line }: { line: DiffLine }) {
  if (line.type === "hunk" || line.type === "note") {
    return <div className={`ps-[92px] pe-3 whitespace-pre ${TONE[line.type]}`}>{line.type === "hunk" ? `⋯ ${line.text}` : line.text}</div>;
  }
  return (
    <div className={`flex ${TONE[line.type]}`}>
      <span className="w-9 shrink-0 text-end text-ink-3 select-none">{line.before}</span>
      <span className="w-9 shrink-0 text-end text-ink-3 select-none">{line.after}</span>
      <span className={`w-5 shrink-0 text-center select-none ${SIGN_TONE[line.type]}`}>{SIGN[line.type]}</span>
      <span className="pe-3 whitespace-pre">{line.text}</span>
    </div>
  );
}
