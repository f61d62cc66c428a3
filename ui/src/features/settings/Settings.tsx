// The settings: agents, how this browser looks and tells, the projects.
import { applyTheme, usePref, type Theme } from "../../lib/prefs";
import { useProjects } from "../../lib/use";
import { Badge, Segmented } from "../../ui/Small";
import { Agents } from "./Agents";
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
