// The frame: three columns, on a phone one with a bar below.
import { Outlet, useNavigate } from "@tanstack/react-router";
import { PanelLeft, PanelRight } from "lucide-react";
import { useState, type CSSProperties } from "react";
import { focusNext, wantFirst } from "../features/sessions/inbox/focus";
import { Sidebar } from "../features/sessions/Sidebar";
import { TaskList } from "../features/tasks/TaskList";
import { arm } from "../lib/armed";
import { useKeys } from "../lib/keys";
import { usePref } from "../lib/prefs";
import { useReach, useSettings } from "../lib/use";
import { Strip } from "../features/proof/Strip";
import { IconButton } from "../ui/Button";
import { Resizer } from "../ui/Resizer";
import { BottomBar, type Pane } from "./BottomBar";
import { ConnectionBar } from "./ConnectionBar";
import { Help } from "./Help";
import { LogIn } from "./LogIn";
import { Notices } from "./Notices";
import { Notifier } from "./Notifier";
import { Palette } from "./Palette";
import { TasksHead } from "./TasksHead";
import { TitleBadge } from "./title";
import { useWhere } from "./where";

export function Frame() {
  const where = useWhere();
  const navigate = useNavigate();
  const connection = useReach();
  const demo = useSettings()?.demo ?? false;
  const [left, setLeft] = usePref("tasks.width", "280");
  const [right, setRight] = usePref("sessions.width", "340");
  const [leftOpen, setLeftOpen] = usePref("tasks.open", "yes");
  const [rightOpen, setRightOpen] = usePref("sessions.open", "yes");
  // On a phone a new address shows its page; the panes are ways to look at one address.
  const [shown, setShown] = useState<{ path: string; pane: Pane }>({ path: where.path, pane: "main" });
  const pane = shown.path === where.path ? shown.pane : "main";
  const setPane = (next: Pane) => setShown({ path: where.path, pane: next });
  const [over, setOver] = useState<"palette" | "help" | null>(null);
  // A dialog tells that it closed when the next may be open already.
  const leave = (what: "palette" | "help") => setOver((now) => (now === what ? null : now));
  const create = () => {
    setPane("main");
    void navigate({ to: "/" }).then(() => document.querySelector<HTMLElement>('textarea[aria-label="What is to be done"]')?.focus());
  };
  useKeys({
    "mod+k": () => setOver("palette"),
    "?": () => setOver("help"),
    c: create,
    "g t": () => void navigate({ to: "/" }),
    n: () => {
      if (where.path === "/inbox") return focusNext();
      wantFirst();
      void navigate({ to: "/inbox" });
    },
    "g i": () => void navigate({ to: "/inbox" }),
    "g w": () => void navigate({ to: "/inbox", hash: "running" }),
    "g s": () => void navigate({ to: "/settings" }),
    "g d": () => void navigate({ to: "/worktrees" }),
    "[": () => setLeftOpen(leftOpen === "yes" ? "no" : "yes"),
    "]": () => setRightOpen(rightOpen === "yes" ? "no" : "yes"),
    Escape: () => {
      arm(null);
      if (where.session !== null && where.task !== null) void navigate({ to: "/tasks/$task", params: { task: where.task } });
      else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    },
  });
  if (connection.state === "logged_out") return <LogIn />;
  const strip = where.session !== null || where.changes;
  const sessionsOpen = rightOpen === "yes" || strip;
  return (
    <div className="flex h-dvh flex-col">
      <a href="#main" className="absolute -top-10 left-2 z-30 rounded border border-line bg-raised px-3 py-1 focus:top-2">
        Skip to the task
      </a>
      <TitleBadge task={where.task} />
      <Notifier />
      <ConnectionBar />
      <div className="flex min-h-0 flex-1">
        {/* On a phone the column that is shown is the main one, with the heading of the page. */}
        <section
          role={pane === "tasks" ? "main" : undefined}
          aria-label="All tasks"
          style={{ "--w": `${left}px` } as CSSProperties}
          className={`relative min-h-0 flex-col bg-ground max-lg:w-full lg:w-[min(var(--w),27vw)] lg:shrink-0 ${pane === "tasks" ? "flex" : "hidden"} ${leftOpen === "yes" ? "lg:flex" : "lg:hidden"}`}
        >
          <h1 className="sr-only lg:hidden">Tasks</h1>
          <TasksHead onCreate={create} onPalette={() => setOver("palette")} onCollapse={() => setLeftOpen("no")} />
          <TaskList current={where.task} onCreate={create} />
          <Resizer label="Width of the task list" width={Number(left)} min={220} max={480} side={1} onResize={(w) => setLeft(String(w))} />
        </section>
        <div className={`min-h-0 min-w-0 flex-1 ${pane === "tasks" ? "hidden lg:flex" : "flex"} ${strip ? "flex-col" : "max-lg:flex-col"}`}>
          <main id="main" tabIndex={-1} className={`relative min-h-0 min-w-0 flex-1 flex-col bg-panel outline-none ${pane === "sessions" && !strip ? "hidden lg:flex" : "flex"}`}>
            {leftOpen !== "yes" && (
              <IconButton label="Show the tasks" {...(where.session === null ? { hint: "[" } : {})} className="absolute! top-2 left-2 z-10 max-lg:hidden" onClick={() => setLeftOpen("yes")}>
                <PanelLeft className="size-4" />
              </IconButton>
            )}
            {!sessionsOpen && where.task !== null && (
              <IconButton label="Show the sessions" hint="]" className="absolute! top-2 right-2 z-10 max-lg:hidden" onClick={() => setRightOpen("yes")}>
                <PanelRight className="size-4" />
              </IconButton>
            )}
            <Outlet />
          </main>
          {where.task !== null && (
            <section
              role={pane === "sessions" && !strip ? "main" : undefined}
              aria-label="Work on this task"
              style={{ "--w": `${right}px` } as CSSProperties}
              className={
                strip
                  ? "order-first shrink-0 bg-ground"
                  : `relative min-h-0 flex-col bg-ground max-lg:flex-1 lg:w-[min(var(--w),31vw)] lg:shrink-0 ${pane === "sessions" ? "flex" : "hidden"} ${sessionsOpen ? "lg:flex" : "lg:hidden"}`
              }
            >
              {!strip && (
                <>
                  <Resizer label="Width of the sessions" width={Number(right)} min={280} max={560} side={-1} onResize={(w) => setRight(String(w))} />
                  <div className="flex h-11 shrink-0 items-center justify-between ps-4 pe-2">
                    {pane === "sessions" ? <h1 className="font-semibold">Sessions</h1> : <h2 className="font-semibold">Sessions</h2>}
                    <IconButton label="Hide the sessions" hint="]" className="max-lg:hidden" onClick={() => setRightOpen("no")}>
                      <PanelRight className="size-4" />
                    </IconButton>
                  </div>
                </>
              )}
              <Sidebar task={where.task} current={where.session} strip={strip} />
            </section>
          )}
        </div>
      </div>
      <Notices />
      {demo && <Strip />}
      <BottomBar pane={pane} path={where.path} task={where.task} onPane={setPane} />
      {over === "palette" && <Palette task={where.task} onClose={() => leave("palette")} onHelp={() => setOver("help")} onCreate={create} />}
      {over === "help" && <Help onClose={() => leave("help")} />}
    </div>
  );
}
