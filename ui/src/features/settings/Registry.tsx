// What a registry of ACP agents offers. Nothing of it is fetched or started before it is asked for.
import { useState } from "react";
import { read } from "../../lib/api";
import type { Agent, RegistryAgent } from "../../lib/generated/types";
import { useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { RunningMark } from "../../ui/Mark";
import { Field, TextField } from "../../ui/Small";

type Answer = { is: "asked" } | { is: "told"; agents: RegistryAgent[] } | { is: "failed"; why: string };

export function Registry({ agents }: { agents: Agent[] }) {
  const [from, setFrom] = useState("");
  const [filter, setFilter] = useState("");
  const [answer, setAnswer] = useState<Answer | null>(null);
  const ask = () => {
    setAnswer({ is: "asked" });
    read<RegistryAgent[]>(`/registry?from=${encodeURIComponent(from.trim())}`).then(
      (found) => setAnswer({ is: "told", agents: found }),
      (cause: unknown) => setAnswer({ is: "failed", why: cause instanceof Error ? cause.message : String(cause) }),
    );
  };
  const word = filter.trim().toLowerCase();
  const shown = answer?.is === "told" ? answer.agents.filter((agent) => `${agent.id} ${agent.title} ${agent.about}`.toLowerCase().includes(word)) : [];
  return (
    <div className="flex flex-col gap-3">
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <div className="min-w-0 flex-1">
          <Field label="Registry">
            <TextField data-first-focus="" dir="ltr" spellCheck={false} placeholder="The public one of agentclientprotocol.com" value={from} onChange={(event) => setFrom(event.target.value)} />
          </Field>
        </div>
        <Button type="submit" reason={answer?.is === "asked" ? "It is being fetched." : null}>
          Show
        </Button>
      </form>
      {answer === null && <p className="text-meta text-ink-3">An https address, or the path of a file on the server’s machine. It is fetched when you press Show.</p>}
      {answer?.is === "asked" && (
        <p role="status" className="flex items-center gap-2 text-ink-2">
          <RunningMark neutral /> Fetching
        </p>
      )}
      {answer?.is === "failed" && (
        <p role="alert" className="wrap-anywhere text-danger">
          {answer.why}
        </p>
      )}
      {answer?.is === "told" && (
        <>
          <TextField aria-label="Filter" placeholder={`Filter ${answer.agents.length} agents`} value={filter} onChange={(event) => setFilter(event.target.value)} />
          <ul>
            {shown.map((agent) => (
              <Entry key={agent.id} entry={agent} known={agents.find((one) => one.name === agent.id)} />
            ))}
          </ul>
          {shown.length === 0 && <p className="text-ink-3">None of them.</p>}
        </>
      )}
    </div>
  );
}

function told(known: Agent): string {
  if (known.install.is === "running") return "Installing";
  return known.origin === "panel" ? "Added" : "Known already";
}

function Entry({ entry, known }: { entry: RegistryAgent; known: Agent | undefined }) {
  const shell = useShell();
  const add = () => {
    if (!entry.setup) return;
    shell.act({ name: "add_agent", args: { name: entry.id, title: entry.title, setup: entry.setup } });
    if (entry.setup.package !== null) shell.act({ name: "install_agent", args: { name: entry.id } });
  };
  return (
    <li className="flex items-start gap-3 border-t border-line py-2">
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2">
          <span className="truncate font-medium">{entry.title}</span>
          <span className="shrink-0 text-meta text-ink-3">{entry.version}</span>
        </p>
        <p className="text-meta text-ink-2">{entry.about}</p>
        {entry.note && <p className="text-meta wrap-anywhere text-ink-3">{entry.note}</p>}
      </div>
      {/* The same button all the time: who pressed it keeps the focus. */}
      {(known ?? entry.setup) && (
        <Button small reason={known ? "It is in the list of agents." : null} onClick={add}>
          {known ? told(known) : entry.setup?.package === null ? "Add" : "Add and install"}
        </Button>
      )}
    </li>
  );
}
