// Agents: which there are, how each stands, what mends it, and the default among them.
import { Check, Copy, Download, Pencil, Plus, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { arm, useArmed } from "../../lib/armed";
import { copyText } from "../../lib/clipboard";
import type { Agent } from "../../lib/generated/types";
import { useAgents, useSettings, useShell } from "../../lib/use";
import { scriptedNote } from "../../lib/words";
import { Button, IconButton } from "../../ui/Button";
import { RunningMark } from "../../ui/Mark";
import { Badge, Empty } from "../../ui/Small";
import { AddAgent } from "./AddAgent";

export function Agents() {
  const shell = useShell();
  const { agents, default: standard } = useAgents();
  const settings = useSettings();
  const [adding, setAdding] = useState<Agent | "new" | null>(null);
  const looking = settings?.looking != null;
  return (
    <section aria-labelledby="agents">
      <div className="mb-1 flex items-center gap-1">
        <h2 id="agents" className="me-auto text-doc font-semibold">
          Agents
        </h2>
        <Button look="quiet" icon={looking ? <RunningMark neutral /> : <RotateCw className="size-3.5" />} reason={looking ? "It is being looked." : null} onClick={() => shell.act({ name: "look_for_agents", args: {} })}>
          {looking ? "Looking" : "Look again"}
        </Button>
        <Button icon={<Plus className="size-3.5" />} onClick={() => setAdding("new")}>
          Add an agent
        </Button>
      </div>
      <p className="mb-2 text-ink-2">The default is taken wherever none is chosen.</p>
      {agents.length === 0 && <Empty flush title="No agents are known yet">They are looked for when the server starts.</Empty>}
      <ul>
        {agents.map((agent) => (
          <AgentRow
            key={agent.id}
            agent={agent}
            standard={agent.name === standard}
            chosen={settings?.default_agent === agent.name}
            looking={looking}
            onEdit={() => setAdding(agent)}
          />
        ))}
      </ul>
      {adding !== null && <AddAgent agents={agents} change={adding === "new" ? null : adding} onClose={() => setAdding(null)} />}
    </section>
  );
}

type RowProps = { agent: Agent; standard: boolean; chosen: boolean; looking: boolean; onEdit: () => void };

function AgentRow({ agent, standard, chosen, looking, onEdit }: RowProps) {
  const shell = useShell();
  return (
    <li data-agent={agent.name} className="flex flex-col gap-1 border-t border-line py-2.5">
      <div className="flex min-h-7 items-center gap-2">
        <label className="flex min-w-0 flex-1 items-center gap-2 max-sm:flex-wrap">
          <input
            type="radio"
            name="default-agent"
            className="accent-accent"
            checked={standard}
            disabled={!agent.found}
            onChange={() => shell.act({ name: "set_default_agent", args: { agent: agent.name } })}
            aria-label={`Default: ${agent.title}`}
          />
          <span className={`truncate font-medium ${agent.found ? "" : "text-ink-3"}`}>
            {agent.title}
            {scriptedNote(agent.title, agent.scripted)}
          </span>
          {standard && <Badge tone="accent">{chosen ? "default" : "default, first found"}</Badge>}
          {agent.origin === "file" && <span className="text-meta text-ink-3">config.toml</span>}
        </label>
        <span className="flex shrink-0 items-center gap-2 text-meta text-ink-2">
          {agent.version && <span className="max-w-40 truncate max-sm:hidden">{agent.version}</span>}
          {agent.scripted ? <Badge>built in</Badge> : <State agent={agent} looking={looking} />}
        </span>
        {agent.origin === "panel" && <Own agent={agent} onEdit={onEdit} />}
      </div>
      {agent.origin === "panel" && agent.setup && <code className="ps-6 font-mono text-code wrap-anywhere text-ink-3">{[agent.setup.command, ...agent.setup.args].join(" ")}</code>}
      {agent.mend !== null && <Mend text={agent.mend} />}
      <Installing agent={agent} />
    </li>
  );
}

function State({ agent, looking }: { agent: Agent; looking: boolean }) {
  if (!agent.found) return <Badge>{looking && agent.origin === "panel" && agent.mend === null ? "looking" : "not found"}</Badge>;
  if (agent.logged_in === false) return <Badge tone="warning">not logged in</Badge>;
  return (
    <>
      {!agent.tried && <Badge tone="warning">not tried</Badge>}
      <Badge tone="success">{agent.logged_in ? "found, logged in" : "found"}</Badge>
    </>
  );
}

/** What a person can do with an agent of their own. */
function Own({ agent, onEdit }: { agent: Agent; onEdit: () => void }) {
  const shell = useShell();
  const armed = useArmed(agent.id);
  if (armed) {
    return (
      <span ref={(place) => place?.querySelector("button")?.focus()}>
        <Button small look="danger" onBlur={() => arm(null)} onClick={() => shell.act({ name: "remove_agent", args: { name: agent.name } })}>
          Remove?
        </Button>
      </span>
    );
  }
  return (
    <span className="flex">
      <IconButton label={`Change ${agent.title}`} onClick={onEdit}>
        <Pencil className="size-4" />
      </IconButton>
      <IconButton label={`Remove ${agent.title}`} onClick={() => arm(agent.id)}>
        <Trash2 className="size-4" />
      </IconButton>
    </span>
  );
}

function Installing({ agent }: { agent: Agent }) {
  const shell = useShell();
  const { install } = agent;
  if (install.is === "not" || install.is === "done" || (agent.found && install.is === "offered")) return null;
  const start = () => shell.act({ name: "install_agent", args: { name: agent.name } });
  return (
    <div className="ms-6 flex min-h-6 flex-wrap items-center gap-x-2 gap-y-1 text-meta text-ink-2">
      {install.is === "running" ? (
        <span role="status" className="flex items-center gap-2">
          <RunningMark /> Installing {install.package}
        </span>
      ) : (
        <>
          <Button small icon={<Download className="size-3.5" />} onClick={start}>
            {install.is === "failed" ? "Try again" : "Install here"}
          </Button>
          <span className="text-ink-3">{install.package}, by npm, into the data directory</span>
        </>
      )}
      {install.is === "failed" && <p className="w-full wrap-anywhere text-danger">{install.reason}</p>}
    </div>
  );
}

function Mend({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="ms-6 flex items-center gap-1 rounded bg-ground py-0.5 ps-3">
      <code className="min-w-0 flex-1 font-mono text-code wrap-anywhere text-ink-2">{text}</code>
      <IconButton
        label={copied ? "Copied" : "Copy"}
        onClick={() => {
          void copyText(text).then(setCopied);
        }}
      >
        {copied ? <Check className="size-4" /> : <Copy className="size-4" />}
      </IconButton>
    </div>
  );
}
