// Tasks whose work changes the same files as this one's.
import { Link } from "@tanstack/react-router";
import type { Meeting, TaskView } from "../../lib/generated/types";
import { useTask } from "../../lib/use";
import { useRead } from "../../lib/useRead";
import { plural } from "../../lib/words";

export function Radar({ view }: { view: TaskView }) {
  const { branch, project, id } = view.row;
  const stands = branch !== null && branch.discarded === null && (branch.changed?.files ?? 0) > 0;
  const [answer] = useRead<Meeting[]>(stands ? `/projects/${project}/radar` : null, `${branch?.changed?.tree ?? ""} ${JSON.stringify(branch?.meets ?? [])}`);
  if (!stands || answer.state !== "there") return null;
  const mine = answer.value.filter((meeting) => meeting.tasks.includes(id));
  if (mine.length === 0) return null;
  return (
    <ul aria-label="Also changed elsewhere" className="flex flex-col gap-1">
      {mine.map((meeting) => (
        <Met key={meeting.tasks.join()} meeting={meeting} other={meeting.tasks.find((task: string) => task !== id) ?? ""} />
      ))}
    </ul>
  );
}

function Met({ meeting: { files, conflicts }, other }: { meeting: Meeting; other: string }) {
  const view = useTask(other);
  if (!view) return null;
  const conflicting = conflicts.length > 0;
  return (
    <li className={`rounded px-3 py-1.5 wrap-anywhere ${conflicting ? "bg-warning-ground text-warning" : "bg-hover text-ink-2"}`} title={(conflicting ? conflicts : files).join("\n")}>
      <Link to="/tasks/$task" params={{ task: other }} className="rounded underline">
        {view.row.title}
      </Link>{" "}
      {conflicting ? `changes the same lines: ${plural(conflicts.length, "file")} would conflict (${conflicts.slice(0, 3).join(", ")}${conflicts.length > 3 ? ", …" : ""}).` : `changes ${plural(files.length, "file")} of these, too, elsewhere in them.`}
    </li>
  );
}
