// Start with a choice: agent, model, instructions. Closed in the same commit that starts the session.
import { useState } from "react";
import type { Agent, Kind, OutsideConversation, Permission } from "../../lib/generated/types";
import { MOD } from "../../lib/keys";
import { exact } from "../../lib/time";
import { startSession, useAgents, useShell, useTask } from "../../lib/use";
import { useRead } from "../../lib/useRead";
import { KIND_LABEL, scriptedNote } from "../../lib/words";
import { Button } from "../../ui/Button";
import { Choices } from "../../ui/Choices";
import { Dialog } from "../../ui/Dialog";
import { Field, Select } from "../../ui/Small";
import { TextBox } from "../../ui/TextBox";

/** Taken where nothing is chosen. */
const STANDARD: Permission = "edit";

const PERMISSIONS: [Permission, string, string][] = [
  ["ask", "Ask", "It asks before it changes a file or runs a command."],
  ["edit", "Edit freely", "It changes files of its worktree; it asks before it runs a command."],
  ["everything", "Everything in the worktree", "It changes files and runs commands without asking."],
];

export function StartDialog({ task, title, kind, reason, onClose }: { task: string; title: string; kind: Kind; reason: string | null; onClose: () => void }) {
  const shell = useShell();
  const { agents, default: standard } = useAgents();
  const [agent, setAgent] = useState("");
  const [model, setModel] = useState("");
  const [instructions, setInstructions] = useState("");
  const [permission, setPermission] = useState<Permission>(STANDARD);
  const [adopted, setAdopted] = useState<OutsideConversation | null>(null);
  // A conversation is gone on with by the agent that had it.
  const adopt = (one: OutsideConversation | null) => {
    setAdopted(one);
    if (one) setAgent(one.agent);
  };
  const chosen = agents.find((a) => a.name === (agent === "" ? standard : agent));
  const start = () => {
    if (reason !== null) return;
    onClose();
    startSession(shell, task, kind, { agent: agent || null, model: model || null, instructions: instructions.trim(), permission: permission === STANDARD ? null : permission, ...(adopted && { adopted: adopted.adopted }) });
  };
  const label = agents.find((a) => a.name === standard)?.title;
  return (
    <Dialog label={`${KIND_LABEL[kind]}: ${title}`} onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
          <Field label="Agent">
            <Select
              data-first-focus=""
              value={agent}
              onChange={(event) => {
                setAgent(event.target.value);
                setModel("");
                setAdopted(null);
              }}
            >
              <option value="">{label ? `Default (${label})` : "Default (none found)"}</option>
              {agents.map((a) => (
                <option key={a.id} value={a.name} disabled={!a.found}>
                  {a.title}
                  {a.found ? scriptedNote(a.title, a.scripted) : " (not found)"}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Model">
            <Select value={model} onChange={(event) => setModel(event.target.value)}>
              <option value="">The agent’s own default</option>
              {chosen?.models.map((m) => (
                <option key={m.id} value={m.id}>
                  {m.title}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        {kind === "implement" && <Outside task={task} agents={agents} value={adopted} onChange={adopt} />}
        <Choices legend="Permission" value={permission} options={PERMISSIONS} standard={STANDARD} onChange={setPermission} />
        {chosen?.mend && <p className="text-meta text-warning">{chosen.mend}</p>}
        <Field label="Instructions">
          <TextBox
            rows={4}
            dir="auto"
            placeholder="Anything to add to the document (optional)"
            value={instructions}
            onChange={(event) => setInstructions(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                start();
              }
            }}
          />
        </Field>
        <div className="flex items-center justify-end gap-2">
          <span className="me-auto text-meta text-ink-3">{MOD}+Enter</span>
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" type="submit" reason={reason} onClick={start}>
            {KIND_LABEL[kind]}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Conversations that agents had in the project outside of the panel; shown where there are any. */
function Outside({ task, agents, value, onChange }: { task: string; agents: Agent[]; value: OutsideConversation | null; onChange: (one: OutsideConversation | null) => void }) {
  const project = useTask(task)?.project?.id;
  const [answer] = useRead<OutsideConversation[]>(project === undefined ? null : `/projects/${project}/outside`);
  // Where they can't be read nothing is missing from the dialog.
  const all = answer.state === "there" ? answer.value : [];
  const there = all.filter((one) => agents.some((agent) => agent.name === one.agent && agent.found));
  if (there.length === 0) return null;
  return (
    <Field label="Conversation" {...(value && { hint: "It goes on with a copy, in the worktree of this task: what is changed in your checkout only is not in it." })}>
      <Select value={value?.adopted.conversation ?? ""} onChange={(event) => onChange(there.find((one) => one.adopted.conversation === event.target.value) ?? null)}>
        <option value="">A new one</option>
        {there.map((one) => (
          <option key={one.adopted.conversation} value={one.adopted.conversation}>
            {exact(one.adopted.used)} · {one.adopted.title}
          </option>
        ))}
      </Select>
    </Field>
  );
}
