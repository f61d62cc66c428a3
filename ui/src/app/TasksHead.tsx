// Above the task list: whose tasks these are, and the ways to the other pages.
import { Link } from "@tanstack/react-router";
import { Inbox, PanelLeft, Plus, Search, Settings } from "lucide-react";
import { MOD } from "../lib/keys";
import { useProjects } from "../lib/use";
import { IconButton } from "../ui/Button";
import { useWhere } from "./where";

export function TasksHead({ onCreate, onPalette, onCollapse }: { onCreate: () => void; onPalette: () => void; onCollapse: () => void }) {
  const projects = useProjects();
  // A session takes the key for its turns.
  const inSession = useWhere().session !== null;
  const first = projects[0];
  const name = projects.length > 1 ? `${projects.length} projects` : (first?.name ?? "Quarterdeck");
  const place = "inline-grid size-7 shrink-0 place-items-center rounded text-ink-2 hover:bg-hover hover:text-ink aria-[current=page]:bg-pressed aria-[current=page]:text-ink";
  return (
    <header className="flex h-11 shrink-0 items-center gap-0.5 ps-4 pe-2">
      <p className="min-w-0 flex-1 truncate">
        <span className="font-semibold">{name}</span>
        {first?.branch && projects.length === 1 && <span className="ms-1.5 text-meta text-ink-3">{first.branch}</span>}
      </p>
      <IconButton label="New task" hint="c" onClick={onCreate}>
        <Plus className="size-4" />
      </IconButton>
      <IconButton label="Search and commands" hint={`${MOD}+K`} onClick={onPalette}>
        <Search className="size-4" />
      </IconButton>
      <Link to="/inbox" aria-label="Inbox" title="Inbox (g i)" className={place}>
        <Inbox className="size-4" aria-hidden="true" />
      </Link>
      <Link to="/settings" aria-label="Settings" title="Settings (g s)" className={place}>
        <Settings className="size-4" aria-hidden="true" />
      </Link>
      <IconButton label="Hide the tasks" {...(inSession ? {} : { hint: "[" })} className="max-lg:hidden" onClick={onCollapse}>
        <PanelLeft className="size-4" />
      </IconButton>
    </header>
  );
}
