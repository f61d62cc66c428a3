// The output as it is stored: one event a line.
import { useVirtualizer } from "@tanstack/react-virtual";
import { Download } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { request } from "../../lib/api";
import { Button } from "../../ui/Button";
import { Empty, Skeleton } from "../../ui/Small";

export function RawView({ session }: { session: string }) {
  const [lines, setLines] = useState<string[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const abort = new AbortController();
    request(`/sessions/${session}/output`, { signal: abort.signal })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
        setLines((await answer.text()).split("\n").filter((line) => line !== ""));
      })
      .catch((cause: unknown) => {
        if (!abort.signal.aborted) setFailed(cause instanceof Error ? cause.message : String(cause));
      });
    return () => abort.abort();
  }, [session]);
  const rows = useVirtualizer({ count: lines?.length ?? 0, getScrollElement: () => scroller.current, estimateSize: () => 19, overscan: 20 });
  if (failed !== null) return <Empty title="The output can’t be read now">{failed}</Empty>;
  if (lines === null) return <Skeleton lines={8} />;
  return (
    <>
      <p className="flex items-center gap-2 border-b border-line px-4 py-1.5 text-meta text-ink-3 lg:px-8">
        <span className="min-w-0 flex-1">Events as they are stored.</span>
        <Button small icon={<Download className="size-3.5" />} title="Every line between the panel and the agent, as it was" onClick={() => void download(session).then(setFailed)}>
          Wire record
        </Button>
      </p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={scroller} tabIndex={0} role="region" aria-label="Raw output" className="min-h-0 flex-1 overflow-auto px-4 py-3 font-mono text-code lg:px-8">
        <div className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => (
            <div key={row.key} className="absolute top-0 left-0 whitespace-pre" style={{ transform: `translateY(${row.start}px)` }}>
              <span className="inline-block w-14 pe-3 text-end text-ink-3 select-none">{row.index + 1}</span>
              {lines[row.index]}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

/** Saves every line between host and agent to a file; gives the reason where that fails. */
async function download(session: string): Promise<string | null> {
  try {
    const answer = await request(`/sessions/${session}/wire`);
    if (!answer.ok) return `The server answered ${answer.status}.`;
    const url = URL.createObjectURL(await answer.blob());
    Object.assign(document.createElement("a"), { href: url, download: `${session}.wire.jsonl` }).click();
    URL.revokeObjectURL(url);
    return null;
  } catch {
    return "The server does not answer.";
  }
}
