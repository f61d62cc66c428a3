// Start with a choice: agent, model, instructions. Closed in the same commit that starts the session.
import { useState } from "react";
import type { Kind, Permission } from "../../lib/generated/types";
import { MOD } from "../../lib/keys";
import { startSession, useAgents, useShell } from "../../lib/use";
import { KIND_LABEL, scriptedNote } from "../../lib/words";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Badge, Field, Select } from "../../ui/Small";
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
  const chosen = agents.find((a) => a.name === (agent === "" ? standard : agent));
  const start = () => {
    if (reason !== null) return;
    onClose();
    startSession(shell, task, kind, { agent: agent || null, model: model || null, instructions: instructions.trim(), permission: permission === STANDARD ? null : permission });
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
        <Permissions value={permission} onChange={setPermission} />
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

function Permissions({ value, onChange }: { value: Permission; onChange: (value: Permission) => void }) {
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 text-meta text-ink-2">Permission</legend>
      {PERMISSIONS.map(([name, title, means]) => (
        <label key={name} className={`flex items-start gap-2 rounded border px-2.5 py-1.5 has-focus-visible:outline-2 has-focus-visible:outline-accent ${name === value ? "border-accent bg-accent-ground" : "border-line hover:bg-hover"}`}>
          <input type="radio" name="permission" aria-label={title} aria-describedby={`permission-${name}`} checked={name === value} onChange={() => onChange(name)} className="mt-1 accent-accent outline-none" />
          <span className="min-w-0">
            <span className="flex items-center gap-2">
              {title}
              {name === STANDARD && <Badge>default</Badge>}
            </span>
            <span id={`permission-${name}`} className="block text-meta text-ink-2">{means}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
