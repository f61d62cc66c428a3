// "Try to break it": five ways to make the server fail, and beside them what the sidebar really did.
import { ChevronRight } from "lucide-react";
import { useEffect, useState } from "react";
import { request } from "../../lib/api";
import { onStart } from "../../lib/starts";
import { useShell } from "../../lib/use";
import type { Notice, SessionView } from "../../lib/generated/types";
import { Button } from "../../ui/Button";
import { line, picture, sidebarOf, Watch, type Report } from "./sampler";

const WAYS = [
  ["slow", "Answer after 5 s", "The server answers the next action after 5 seconds"],
  ["refuse", "Refuse the next start", "The server refuses the next start"],
  ["cut", "Cut the connection", "All connections are cut for some seconds"],
  ["kill-agent", "Kill the agent", "The newest running agent is killed"],
  ["kill-server", "Kill the server", "The server is killed with -9 and comes back"],
] as const;

export function Strip() {
  const shell = useShell();
  const [report, setReport] = useState<Report | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  // On a phone the ways are folded: the page needs the room.
  const [open, setOpen] = useState(false);
  useEffect(() => {
    let watch: Watch | null = null;
    const stop = onStart((session, mid) => {
      watch?.stop();
      // This is told before the page has drawn the click, so the document is still as it was before it.
      const before = picture(sidebarOf());
      const verdict = () => {
        const text = shell.panel.session(session);
        if (text !== undefined) return (JSON.parse(text) as SessionView).confirmed ? "accepted" : "open";
        const notices = JSON.parse(shell.panel.notices()) as Notice[];
        return notices.some((notice) => notice.id === mid) ? "refused" : "open";
      };
      watch = new Watch(session, before, verdict, setReport);
    });
    return () => {
      stop();
      watch?.stop();
    };
  }, [shell]);
  const press = async (way: string, words: string) => {
    try {
      const answer = await request(`/demo/${way}`, { method: "POST" });
      setSaid(answer.ok ? `${words}. Now press Implement and watch.` : `The server answered ${answer.status}.`);
    } catch {
      setSaid(way === "kill-server" ? "The server is gone; it comes back by itself." : "The server does not answer.");
    }
  };
  return (
    <section aria-label="Try to break it" className="flex min-h-9 flex-wrap lg:max-xl:min-h-[42px] items-center gap-x-3 gap-y-1 border-t border-line bg-ground px-3 py-1 text-meta">
      <h2 className="font-medium text-ink-2">
        <span className="max-lg:hidden">Try to break it</span>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="-mx-1.5 flex h-7 items-center gap-1 rounded px-1.5 lg:hidden">
          Try to break it
          <ChevronRight className={`size-3.5 transition-transform ${open ? "rotate-90" : ""}`} aria-hidden="true" />
        </button>
      </h2>
      <div className={`gap-1 overflow-x-auto max-lg:order-1 max-lg:w-full ${open ? "flex" : "hidden lg:flex"}`}>
        {WAYS.map(([way, title, words]) => (
          <Button key={way} small title={words} onClick={() => void press(way, words)}>
            {title}
          </Button>
        ))}
      </div>
      <p role="status" data-proof="" title={report ? line(report) : undefined} className={`min-w-0 flex-1 text-ink-3 lg:basis-80 ${open ? "" : "max-lg:truncate"}`}>
        {report ? line(report) : (said ?? "Press Implement: every frame of the sidebar is watched.")}
      </p>
    </section>
  );
}
