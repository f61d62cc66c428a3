// All worktrees: how large each is, what only it holds, and its removal.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Opener, OtherFolder, WorktreeRow, WorktreesAnswer } from "../../lib/generated/types";
import { send } from "../../lib/api";
import { copyText } from "../../lib/clipboard";
import { exact, useRelative } from "../../lib/time";
import { useShell, useTask } from "../../lib/use";
import { useRead } from "../../lib/useRead";
import { plural, shortPath, whole } from "../../lib/words";
import { actOnTask } from "../../lib/work";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Badge, Empty, Skeleton } from "../../ui/Small";

/** `12.3 MB`, `1.2 GB`. */
function sizeOf(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

export function Worktrees() {
  const [answer, again] = useRead<WorktreesAnswer>("/worktrees");
  if (answer.state === "loading") return <Skeleton lines={8} />;
  if (answer.state === "failed") {
    return (
      <Empty title="The worktrees can’t be listed" action={<Button onClick={again}>Retry</Button>}>
        {answer.message}
      </Empty>
    );
  }
  const { worktrees: rows, others, openers } = answer.value;
  const all = [...rows, ...others];
  const total = all.reduce((sum, row) => sum + row.size, 0);
  return (
    <div className="mx-auto flex w-full max-w-[1000px] flex-col gap-4 px-4 py-6 lg:px-8">
      <header className="flex flex-wrap items-baseline gap-3">
        <h1 className="text-title font-semibold">Worktrees</h1>
        <span className="flex-1 text-ink-3">
          {all.length === 0 ? "" : `${plural(rows.length, "worktree")}, ${sizeOf(total)}${all.every((row) => row.size_whole) ? "" : " and more"}`}
        </span>
        <Button small onClick={again}>
          Look again
        </Button>
      </header>
      {rows.length === 0 ? (
        <Empty flush title="No worktree stands">Implement makes one for its task; it stays until it is discarded.</Empty>
      ) : (
        <ul aria-label="Worktrees" className="flex flex-col">
          {rows.map((row) => (
            <Row key={row.path} row={row} openers={openers} onGone={again} />
          ))}
        </ul>
      )}
      {others.length > 0 && <Others others={others} />}
    </div>
  );
}

/** Folders that no task has. */
function Others({ others }: { others: OtherFolder[] }) {
  return (
    <section aria-labelledby="other-folders">
      <h2 id="other-folders" className="font-semibold">
        Of no task
      </h2>
      <ul className="flex flex-col">
        {others.map((other) => (
          <li key={other.path} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line py-3">
            <p className="min-w-0 flex-1 basis-72">
              {other.ahead ? "Made ahead, so that the next task starts at once" : "Nobody knows this folder: it is left alone"}
              <span className="block truncate text-meta text-ink-3" title={other.path}>
                {other.path}
              </span>
            </p>
            <span className="text-meta tabular-nums">{sizeText(other)}</span>
            <CopyPath path={other.path} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function sizeText({ size, size_whole }: { size: number; size_whole: boolean }): string {
  return `${size_whole ? "" : "≥ "}${sizeOf(size)}`;
}

function CopyPath({ path }: { path: string }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <Button small onClick={() => void copyText(path).then(setCopied)} title={path}>
      {copied === null ? "Copy path" : copied ? "Copied" : "Not copied"}
    </Button>
  );
}

/** Opens a worktree in the person's own program; says why where it does not open. */
function Open({ row, opener, onFailed }: { row: WorktreeRow; opener: Opener; onFailed: (why: string | null) => void }) {
  const [opening, setOpening] = useState(false);
  if (opener.address !== null) {
    return (
      <a href={opener.address.replace("{path}", encodeURI(row.path))} className="inline-flex h-6 shrink-0 items-center rounded border border-line-strong bg-panel px-2 text-meta hover:bg-hover active:bg-pressed">
        {opener.name}
      </a>
    );
  }
  const open = async () => {
    setOpening(true);
    onFailed(null);
    try {
      await send(`/tasks/${row.task}/open`, { with: opener.name });
    } catch (cause) {
      onFailed(cause instanceof Error ? cause.message : String(cause));
    }
    setOpening(false);
  };
  return (
    <Button small onClick={() => void open()} reason={opening ? "It is being opened." : null}>
      {opener.name}
    </Button>
  );
}

function Row({ row, openers, onGone }: { row: WorktreeRow; openers: Opener[]; onGone: () => void }) {
  const shell = useShell();
  const view = useTask(row.task);
  const age = useRelative(row.used);
  const [removing, setRemoving] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const discard = view?.actions.find((action) => action.name === "discard");
  // Its row tells that it is gone before it is listed again.
  if (view?.row.branch?.discarded) return null;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line py-3">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex min-w-0 items-center gap-2">
          <Link to="/tasks/$task" params={{ task: row.task }} className="truncate rounded font-medium hover:underline">
            {view?.row.title ?? "A task that is gone"}
          </Link>
          {row.session !== null && <Badge tone="accent">in use</Badge>}
          {row.unmerged > 0 && <Badge tone="warning">{plural(row.unmerged, "commit")} only here</Badge>}
        </p>
        <p className="truncate text-meta text-ink-3" title={row.path}>
          {shortPath(row.branch ?? "no branch", 60)}
          {row.target !== null && ` to ${row.target}`}
        </p>
        {row.problem !== null && <p className="text-danger">{row.problem}</p>}
        {failed !== null && (
          <p role="alert" className="text-danger wrap-anywhere">
            {failed}
          </p>
        )}
      </div>
      <dl className="grid grid-cols-3 gap-x-5 gap-y-1 text-meta sm:grid-cols-[repeat(5,auto)] tabular-nums [&_dt]:text-ink-3">
        <Fact title="Size">{sizeText(row)}</Fact>
        <Fact title="Changed">{whole(row.dirty)}</Fact>
        <Fact title="Ahead, behind">{row.ahead === null ? "–" : `${row.ahead}, ${row.behind ?? "–"}`}</Fact>
        <Fact title="Ports">{row.port === null ? "–" : `${row.port}–${row.port + 9}`}</Fact>
        <Fact title="Last used">
          <time title={exact(row.used)}>{age}</time>
        </Fact>
      </dl>
      <span className="flex flex-wrap gap-1.5">
        {openers.map((opener) => (
          <Open key={opener.name} row={row} opener={opener} onFailed={setFailed} />
        ))}
        <CopyPath path={row.path} />
        <Button small look="danger" reason={discard?.enabled ? null : (discard?.reason ?? "Not possible now.")} onClick={() => setRemoving(true)}>
          Remove…
        </Button>
      </span>
      {removing && (
        <Removing
          row={row}
          title={view?.row.title ?? row.path}
          onClose={() => setRemoving(false)}
          onRemove={() => {
            actOnTask(shell, row.task, discard);
            onGone();
          }}
        />
      )}
    </li>
  );
}

function Fact({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div className="min-w-16">
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What its removal saves, and what it does not. */
function Removing({ row, title, onRemove, onClose }: { row: WorktreeRow; title: string; onRemove: () => void; onClose: () => void }) {
  return (
    <Dialog label={`Remove the worktree of ${title}`} onClose={onClose}>
      <div className="flex flex-col gap-3">
        <p>
          {row.dirty + row.unmerged === 0
            ? "It holds nothing that is not kept elsewhere."
            : `${plural(row.dirty, "changed file")} and ${plural(row.unmerged, "commit")} that nothing else holds are saved to a ref first; Undo brings all of it back.`}
        </p>
        {row.ignored.length > 0 && (
          <details>
            <summary className="w-fit cursor-pointer rounded text-warning">What git ignores is not saved ({row.ignored.length})</summary>
            <p className="max-h-40 overflow-y-auto font-mono text-code wrap-anywhere text-ink-2">{row.ignored.join(", ")}</p>
          </details>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button
            look="danger"
            data-first-focus=""
            onClick={() => {
              onClose();
              onRemove();
            }}
          >
            Save and remove
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
