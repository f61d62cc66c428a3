// Which files, and which parts of them, are committed.
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { FileHunks, UncommittedHunk } from "../../lib/generated/types";
import { useRead } from "../../lib/useRead";
import { plural, shortPath } from "../../lib/words";
import { Skeleton } from "../../ui/Small";

/** What is left out: whole files, and hunks of others; of these it is known which there are. */
export type Choice = { files: ReadonlySet<string>; hunks: ReadonlyMap<string, { left: ReadonlySet<string>; all: readonly string[] }> };

export const ALL: Choice = { files: new Set(), hunks: new Map() };

export function isAll({ files, hunks }: Choice): boolean {
  return files.size === 0 && hunks.size === 0;
}

/** What is committed of `all`. */
export function chosen(all: string[], { files, hunks }: Choice): { whole: string[]; parts: FileHunks[] } {
  const parts = [...hunks].filter(([path]) => !files.has(path)).map(([path, of]) => ({ path, ids: of.all.filter((id) => !of.left.has(id)) }));
  return { whole: all.filter((path) => !files.has(path) && !hunks.has(path)), parts };
}

/** Leaves a file out, or takes all of it. */
export function withFile({ files, hunks }: Choice, path: string, is: boolean): Choice {
  const next = new Set(files);
  if (is) next.delete(path);
  else next.add(path);
  return { files: next, hunks: new Map([...hunks].filter(([other]) => other !== path)) };
}

/** Leaves a part of a file out, or takes it. */
export function withHunk(choice: Choice, path: string, id: string, is: boolean, all: readonly string[]): Choice {
  const left = new Set(choice.files.has(path) ? all : choice.hunks.get(path)?.left);
  if (is) left.delete(id);
  else left.add(id);
  const whole = withFile(choice, path, left.size < all.length);
  return left.size === 0 || left.size === all.length ? whole : { ...whole, hunks: new Map(whole.hunks).set(path, { left, all }) };
}

const BOX = "size-3.5 shrink-0 accent-accent";

type Props = { task: string; tree: string; all: string[]; choice: Choice; onChoice: (choice: Choice) => void };

export function ChosenFiles({ task, tree, all, choice, onChoice }: Props) {
  return (
    <fieldset className="flex max-h-80 flex-col gap-0.5 overflow-y-auto">
      <legend className="mb-1 text-meta text-ink-2">Files</legend>
      <label className="flex items-center gap-2 py-0.5 ps-6">
        <input type="checkbox" checked={isAll(choice)} onChange={(event) => onChoice(event.target.checked ? ALL : { files: new Set(all), hunks: new Map() })} className={BOX} />
        All of them
      </label>
      {all.map((path) => (
        <File key={path} path={path} task={task} tree={tree} choice={choice} onChoice={onChoice} />
      ))}
    </fieldset>
  );
}

function File({ path, task, tree, choice, onChoice }: { path: string; task: string; tree: string; choice: Choice; onChoice: (choice: Choice) => void }) {
  const [open, setOpen] = useState(false);
  const some = choice.hunks.has(path);
  return (
    <div>
      <div className="flex items-center gap-1">
        <button type="button" aria-expanded={open} aria-label={`Parts of ${path}`} onClick={() => setOpen(!open)} className="grid size-5 shrink-0 place-items-center rounded text-ink-3 hover:bg-hover hover:text-ink">
          <ChevronRight aria-hidden="true" className={`size-3.5 ${open ? "rotate-90" : ""}`} />
        </button>
        <label className="flex min-w-0 items-center gap-2 py-0.5 font-mono text-code" title={path}>
          <input
            type="checkbox"
            checked={!choice.files.has(path)}
            ref={(box) => {
              if (box) box.indeterminate = some;
            }}
            onChange={(event) => onChoice(withFile(choice, path, some || event.target.checked))}
            className={BOX}
          />
          {shortPath(path, 60)}
        </label>
      </div>
      {open && <Hunks path={path} task={task} tree={tree} choice={choice} onChoice={onChoice} />}
    </div>
  );
}

function Hunks({ path, task, tree, choice, onChoice }: { path: string; task: string; tree: string; choice: Choice; onChoice: (choice: Choice) => void }) {
  const [answer] = useRead<UncommittedHunk[]>(`/tasks/${task}/changes/uncommitted/hunks?path=${encodeURIComponent(path)}`, tree);
  if (answer.state === "loading") return <Skeleton lines={2} />;
  if (answer.state === "failed") return <p className="ps-6 text-danger">{answer.message}</p>;
  const all = answer.value.map((one) => one.id);
  // Of one part there is nothing to choose.
  if (all.length < 2) return <p className="ps-6 pb-1 text-meta text-ink-3">It is committed whole.</p>;
  const of = choice.hunks.get(path);
  const isLeft = (id: string) => choice.files.has(path) || of?.left.has(id) === true;
  return (
    <ul aria-label={`Parts of ${path}`} className="flex flex-col gap-1 ps-6 pb-1">
      {answer.value.map(({ id, hunk }, at) => (
        <li key={id} className="flex gap-2">
          <input type="checkbox" aria-label={`Part ${at + 1}: line ${hunk.new}`} checked={!isLeft(id)} onChange={(event) => onChoice(withHunk(choice, path, id, event.target.checked, all))} className={`mt-1 ${BOX}`} />
          <Lines hunk={hunk} />
        </li>
      ))}
    </ul>
  );
}

/** So many lines of a part are shown. */
const SHOWN = 12;
const GROUND = { "=": "", "-": "bg-danger-ground", "+": "bg-success-ground" };
const SIGN = { "=": " ", "-": "−", "+": "+" };

function Lines({ hunk }: { hunk: UncommittedHunk["hunk"] }) {
  const changed = hunk.lines.filter((line) => line.side !== "=");
  return (
    // A long line scrolls, by keyboard too.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre tabIndex={0} aria-label={`Line ${hunk.new}`} className="min-w-0 flex-1 overflow-x-auto rounded border border-line font-mono text-code">
      {changed.slice(0, SHOWN).map((line, at) => (
        <div key={at} className={`w-fit min-w-full px-1.5 ${GROUND[line.side]}`}>
          {SIGN[line.side]} {line.text.slice(0, 300)}
        </div>
      ))}
      {changed.length > SHOWN && <div className="px-1.5 text-ink-3">{plural(changed.length - SHOWN, "line")} more</div>}
    </pre>
  );
}
