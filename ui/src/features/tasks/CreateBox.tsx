// The box that makes tasks: first line = title, rest = description. The draft survives a reload.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { MOD } from "../../lib/keys";
import { usePref } from "../../lib/prefs";
import { createTask, startSession, useProjects, useShell } from "../../lib/use";
import { Button } from "../../ui/Button";
import { Select } from "../../ui/Small";
import { TextBox } from "../../ui/TextBox";

export function CreateBox({ onCreated }: { onCreated?: () => void }) {
  const shell = useShell();
  const navigate = useNavigate();
  const projects = useProjects();
  const [text, setText] = usePref("draft.create", "");
  const [chosen, setChosen] = useState<string | null>(null);
  const project = projects.find((p) => p.id === chosen) ?? projects[0];
  const reason = text.trim() === "" ? "Write a title first." : project ? null : "No project is open.";
  const create = (then: "plan" | "implement" | null) => {
    if (reason !== null || !project) return;
    const task = createTask(shell, project.id, text);
    if (then !== null) startSession(shell, task, then);
    setText("");
    onCreated?.();
    void navigate({ to: "/tasks/$task", params: { task } });
  };
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        create(null);
      }}
    >
      <TextBox
        aria-label="What is to be done"
        placeholder={"What is to be done?\nThe first line is the title, the rest the description."}
        rows={5}
        dir="auto"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            create(event.shiftKey ? "implement" : null);
          }
        }}
        className="min-h-28 text-doc"
      />
      <div className="flex flex-wrap items-center gap-2">
        {projects.length > 1 && (
          <Select aria-label="Project" value={project?.id} onChange={(event) => setChosen(event.target.value)}>
            {projects.map((p) => (
              <option key={p.id} value={p.id}>
                {p.name}
              </option>
            ))}
          </Select>
        )}
        <span className="hidden text-meta text-ink-3 sm:inline">
          {MOD}+Enter creates, {MOD}+Shift+Enter starts it too
        </span>
        <span className="ms-auto flex gap-2">
          <Button reason={reason ?? project?.problem ?? null} title="An agent writes the plan into the new document" onClick={() => create("plan")}>
            Create and plan
          </Button>
          <Button reason={reason ?? project?.problem ?? null} title="An agent implements it at once" onClick={() => create("implement")}>
            Create and start
          </Button>
          <Button look="primary" type="submit" reason={reason} onClick={() => create(null)}>
            Create
          </Button>
        </span>
      </div>
    </form>
  );
}
