// The index: one box that makes tasks.
import { CreateBox } from "../../features/tasks/CreateBox";
import { useReach, useProjects } from "../../lib/use";
import { Empty } from "../../ui/Small";

export function CreatePage() {
  const projects = useProjects();
  const { has_base } = useReach();
  const troubled = projects.filter((project) => project.problem !== null);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex w-full max-w-[680px] flex-col gap-4 px-4 pt-[12vh] pb-8">
        <h1 className="text-title font-semibold">New task</h1>
        {troubled.map((project) => (
          <p key={project.id} role="alert" className="rounded bg-warning-ground px-3 py-2 text-warning">
            <span className="font-medium">{project.name}:</span> {project.problem}
          </p>
        ))}
        {has_base && projects.length === 0 ? (
          <Empty flush title="No project is open">
            Run <code className="font-mono text-code">qd serve</code> in a git repository, or name its folder.
          </Empty>
        ) : (
          <CreateBox />
        )}
      </div>
    </div>
  );
}
