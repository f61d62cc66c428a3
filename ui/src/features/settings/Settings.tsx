// Agents that were found, the default among them, and how this browser looks.
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { copyText } from "../../lib/clipboard";
import type { Agent } from "../../lib/generated/types";
import { applyTheme, usePref, type Theme } from "../../lib/prefs";
import { useAgents, useProjects, useSettings, useShell } from "../../lib/use";
import { scriptedNote } from "../../lib/words";
import { IconButton } from "../../ui/Button";
import { Badge, Empty, Segmented } from "../../ui/Small";
import { Notifications } from "./Notifications";

export function Settings() {
  return (
    <div className="mx-auto flex w-full max-w-[760px] flex-col gap-8 px-4 py-6 lg:px-8">
      <h1 className="text-title font-semibold">Settings</h1>
      <Agents />
      <Appearance />
      <Notifications />
      <Projects />
    </div>
  );
}

function Agents() {
  const shell = useShell();
  const { agents, default: standard } = useAgents();
  const settings = useSettings();
  return (
    <section aria-labelledby="agents">
      <h2 id="agents" className="mb-1 text-doc font-semibold">
        Agents
      </h2>
      <p className="mb-2 text-ink-2">The default is taken wherever none is chosen.</p>
      {agents.length === 0 && <Empty flush title="No agents are known yet">They are looked for when the server starts.</Empty>}
      <ul>
        {agents.map((agent) => (
          <AgentRow
            key={agent.id}
            agent={agent}
            standard={agent.name === standard}
            chosen={settings?.default_agent === agent.name}
            onDefault={() => shell.act({ name: "set_default_agent", args: { agent: agent.name } })}
          />
        ))}
      </ul>
    </section>
  );
}

function AgentRow({ agent, standard, chosen, onDefault }: { agent: Agent; standard: boolean; chosen: boolean; onDefault: () => void }) {
  return (
    <li className="flex flex-col gap-1 border-t border-line py-2.5">
      <div className="flex items-center gap-2">
        <label className="flex min-w-0 flex-1 items-center gap-2 max-sm:flex-wrap">
          <input type="radio" name="default-agent" className="accent-accent" checked={standard} disabled={!agent.found} onChange={onDefault} aria-label={`Default: ${agent.title}`} />
          <span className={`truncate font-medium ${agent.found ? "" : "text-ink-3"}`}>
            {agent.title}
            {scriptedNote(agent.title, agent.scripted)}
          </span>
          {standard && <Badge tone="accent">{chosen ? "default" : "default, first found"}</Badge>}
        </label>
        <span className="flex shrink-0 items-center gap-2 text-meta text-ink-2">
          {agent.version && <span className="max-w-40 truncate">{agent.version}</span>}
          {agent.scripted ? <Badge>built in</Badge> : <State agent={agent} />}
        </span>
      </div>
      {agent.mend !== null && <Mend text={agent.mend} />}
    </li>
  );
}

function State({ agent }: { agent: Agent }) {
  if (!agent.found) return <Badge>not found</Badge>;
  if (agent.logged_in === false) return <Badge tone="warning">not logged in</Badge>;
  return <Badge tone="success">{agent.logged_in ? "found, logged in" : "found"}</Badge>;
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

function Appearance() {
  const [theme, setTheme] = usePref("theme", "system") as [Theme, (theme: string) => void];
  return (
    <section aria-labelledby="appearance">
      <h2 id="appearance" className="mb-2 text-doc font-semibold">
        Appearance
      </h2>
      <Segmented
        label="Theme"
        value={theme}
        options={[
          ["system", "System"],
          ["light", "Light"],
          ["dark", "Dark"],
        ]}
        onChange={(next) => {
          setTheme(next);
          applyTheme();
        }}
      />
    </section>
  );
}

function Projects() {
  const projects = useProjects();
  return (
    <section aria-labelledby="projects">
      <h2 id="projects" className="mb-2 text-doc font-semibold">
        Projects
      </h2>
      <ul>
        {projects.map((project) => (
          <li key={project.id} className="border-t border-line py-2.5">
            <p className="flex items-center gap-2">
              <span className="font-medium">{project.name}</span>
              {project.branch && <Badge>{project.branch}</Badge>}
              {!project.watched && <Badge tone="warning">looked at every 2 s</Badge>}
            </p>
            <p className="text-meta wrap-anywhere text-ink-3">
              {project.path} · tasks in {project.tasks_dir}/
            </p>
            {project.problem && <p className="text-warning">{project.problem}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
