// Adding an agent: by its command, or from a registry of ACP agents.
import { useState } from "react";
import type { Agent, Setup } from "../../lib/generated/types";
import { useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field, Select, Tabs, TextField } from "../../ui/Small";
import { line, nameOf, words } from "./commandLine";
import { Registry } from "./Registry";

type Way = "command" | "registry";

export function AddAgent({ agents, change, onClose }: { agents: Agent[]; change: Agent | null; onClose: () => void }) {
  const [way, setWay] = useState<Way>("command");
  if (change) {
    return (
      <Dialog label={`Change ${change.title}`} onClose={onClose}>
        <ByCommand agents={agents} change={change} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog label="Add an agent" onClose={onClose}>
      <div className="-mt-3 mb-3 border-b border-line">
        <Tabs
          label="Where it comes from"
          value={way}
          options={[
            ["command", "By its command"],
            ["registry", "From a registry"],
          ]}
          onChange={setWay}
        />
      </div>
      <div role="tabpanel" id={`panel-${way}`} aria-labelledby={`tab-${way}`}>
        {way === "command" ? <ByCommand agents={agents} change={null} onClose={onClose} /> : <Registry agents={agents} />}
      </div>
    </Dialog>
  );
}

function ByCommand({ agents, change, onClose }: { agents: Agent[]; change: Agent | null; onClose: () => void }) {
  const shell = useShell();
  const before = change?.setup ?? null;
  const [command, setCommand] = useState(before ? line([before.command, ...before.args]) : "");
  const [name, setName] = useState<string | null>(change?.name ?? null);
  const [title, setTitle] = useState(change?.title ?? "");
  const [like, setLike] = useState(before?.like ?? "");
  const [pass, setPass] = useState(before?.pass.join(" ") ?? "");
  const [writes, setWrites] = useState(before?.writes?.join(" ") ?? "");
  const parts = words(command);
  const called = name ?? nameOf(parts?.[0] ?? "");
  const taken = change ? undefined : agents.find((agent) => agent.name === called);
  const reason = wrong(parts, called, taken);
  const list = (text: string) => text.split(/[\s,]+/).filter((part) => part !== "");
  const add = () => {
    if (reason !== null || !parts) return;
    const [program = "", ...args] = parts;
    const paths = list(writes);
    const setup: Setup = { command: program, args, env: before?.env ?? {}, pass: list(pass), like: like || null, writes: paths.length > 0 ? paths : null, package: before?.package ?? null };
    shell.act({ name: "add_agent", args: { name: called, title, setup } });
    onClose();
  };
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <Field label="Command" hint="The program that speaks the Agent Client Protocol (ACP) on its standard input and output.">
        <TextField data-first-focus="" dir="ltr" spellCheck={false} className="font-mono text-code" placeholder="my-agent --acp" value={command} onChange={(event) => setCommand(event.target.value)} />
      </Field>
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-3">
        <Field label="Name" hint="In commands and on cards.">
          <TextField spellCheck={false} value={called} readOnly={change !== null} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Title">
          <TextField placeholder={called} value={title} onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Field label="Behaves like">
          <Select value={like} onChange={(event) => setLike(event.target.value)}>
            <option value="">None of those known</option>
            {agents
              .filter((agent) => agent.origin === "catalogue" && !agent.scripted)
              .map((agent) => (
                <option key={agent.id} value={agent.name}>
                  {agent.title}
                </option>
              ))}
          </Select>
        </Field>
      </div>
      <Field label="Variables it gets from the server" hint="Names only, MY_AGENT_KEY. The values stay in the server’s environment.">
        <TextField dir="ltr" spellCheck={false} className="font-mono text-code" value={pass} onChange={(event) => setPass(event.target.value)} />
      </Field>
      <Field label="What it writes below the home directory" hint="Its state, .my-agent. With it, nothing else can be written outside of the worktree.">
        <TextField dir="ltr" spellCheck={false} className="font-mono text-code" value={writes} onChange={(event) => setWrites(event.target.value)} />
      </Field>
      <div className="flex items-center justify-end gap-2">
        {taken && <span className="me-auto text-meta text-warning">{reason}</span>}
        <Button onClick={onClose}>Close</Button>
        <Button look="primary" type="submit" reason={reason}>
          {change ? "Save" : "Add"}
        </Button>
      </div>
    </form>
  );
}

function wrong(parts: string[] | null, name: string, taken: Agent | undefined): string | null {
  if (parts === null) return "A quote of the command is not closed.";
  if (parts.length === 0) return "Name the program that starts it.";
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) return "A name has small letters, digits and hyphens, a letter first.";
  return taken ? `${taken.title} is called ${name} already.` : null;
}
