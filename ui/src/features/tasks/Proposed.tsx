// Where the work of a task was pushed, how its pull request stands as last looked at, and what was written to it.
import { GitPullRequestArrow, RefreshCw } from "lucide-react";
import type { Checks, Fate, Proposal, Reception, Remark, TaskView } from "../../lib/generated/types";
import { exact, useRelative } from "../../lib/time";
import { useSession, useSessionIds, useShell } from "../../lib/use";
import { plural } from "../../lib/words";
import { actOnTask, sendRemarks } from "../../lib/work";
import { Button } from "../../ui/Button";
import { Badge } from "../../ui/Small";
import { Judging, VERDICT } from "./Judging";

const FATE: Record<Fate, [string, "accent" | "success" | "neutral"]> = {
  open: ["open", "accent"],
  merged: ["merged", "success"],
  closed: ["closed", "neutral"],
};

export function Proposed({ view }: { view: TaskView }) {
  const shell = useShell();
  const { proposal, branch, landing, id, title } = view.row;
  if (proposal === null) return null;
  const { reception, number } = proposal;
  const find = (name: string) => view.actions.find((action) => action.name === name);
  const looking = view.jobs.some((job) => job.work.do === "look_at_proposal" && job.state.state === "pending");
  const now = branch?.discarded === null ? branch.changed : null;
  const isMore = now !== null && now.files > 0 && now.tree !== proposal.tree;
  const look = find("look_at_proposal");
  const propose = find("propose");
  const isMerged = reception?.fate === "merged";
  return (
    <section aria-label="Pull request" className="flex flex-col gap-1.5 rounded border border-line px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <Where proposal={proposal} />
        {reception && <Standing reception={reception} />}
        <span className="flex-1" />
        <span className="flex flex-wrap gap-1.5">
          {isMerged && !isMore && (landing === null || landing.reverted !== null) && <Judging task={id} title={title} verdict={proposal.qa.verdict} />}
          {(isMore || proposal.note !== null) && (
            <Button small reason={propose?.enabled ? null : (propose?.reason ?? null)} title={isMore ? "The work has changed since: push it, too" : "Push, and try to open the pull request from here"} onClick={() => actOnTask(shell, id, propose)}>
              {isMore ? "Push again" : "Try again"}
            </Button>
          )}
          {number !== null && (
            <Button small icon={<RefreshCw className="size-3.5" />} reason={look?.enabled ? null : (look?.reason ?? null)} title="Ask how it stands now" onClick={() => actOnTask(shell, id, look)}>
              {looking ? "Asking…" : "Refresh"}
            </Button>
          )}
        </span>
      </div>
      {proposal.note !== null && <p className="max-w-[72ch] wrap-anywhere whitespace-pre-wrap text-warning">{proposal.note}</p>}
      {isMore && <p className="text-ink-2">The work has changed since it was pushed.</p>}
      {isMerged && <p className="text-ink-2">It is merged at {proposal.remote}. Nothing was put onto your own {proposal.base} for that.</p>}
      {isMerged && proposal.qa.verdict !== "pending" && (
        <p className="flex flex-wrap items-center gap-2 wrap-anywhere whitespace-pre-wrap text-ink-2">
          <Badge tone={VERDICT[proposal.qa.verdict][1]}>{VERDICT[proposal.qa.verdict][0]}</Badge>
          {proposal.qa.note}
        </p>
      )}
      {reception && reception.remarks.length > 0 && <Remarks task={id} reception={reception} />}
      {proposal.said !== "" && (
        <details className="text-meta text-ink-3">
          <summary className="w-fit cursor-pointer rounded">What was said to the push</summary>
          <p className="max-h-60 overflow-y-auto pt-1 font-mono text-code wrap-anywhere whitespace-pre-wrap text-ink-2">{proposal.said}</p>
        </details>
      )}
    </section>
  );
}

function Where({ proposal: { remote, branch, commit, at, link, number, reception } }: { proposal: Proposal }) {
  const age = useRelative(at);
  return (
    <>
      <span className="flex min-w-0 items-center gap-1.5">
        <GitPullRequestArrow className="size-4 shrink-0 text-ink-3" aria-hidden="true" />
        {number === null ? (
          <span className="min-w-0 wrap-anywhere">
            Pushed to {remote} as {branch}
          </span>
        ) : link === null ? (
          `Pull request #${number}`
        ) : (
          <Link to={link}>{`Pull request #${number}`}</Link>
        )}
      </span>
      {number === null && link !== null && <Link to={link}>Open a pull request there</Link>}
      <code title={`${commit}, pushed to ${remote} as ${branch} ${exact(at)}`} className="font-mono text-code text-ink-3 select-all">
        {commit.slice(0, 8)}
      </code>
      {reception === null && (
        <time title={`Pushed ${exact(at)}`} className="text-meta text-ink-3">
          {age}
        </time>
      )}
    </>
  );
}

function Link({ to, children }: { to: string; children: string }) {
  return (
    <a href={to} target="_blank" rel="noreferrer" className="rounded text-accent-ink underline underline-offset-2">
      {children}
    </a>
  );
}

function Standing({ reception: { at, fate, checks, approvals, objections } }: { reception: Reception }) {
  const age = useRelative(at);
  const [word, tone] = FATE[fate];
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      <Badge tone={tone}>{word}</Badge>
      <CheckBadges checks={checks} />
      {approvals > 0 && <Badge tone="success">{plural(approvals, "approval")}</Badge>}
      {objections > 0 && <Badge tone="danger">{objections === 1 ? "changes asked for" : `${objections} ask for changes`}</Badge>}
      <time title={`Looked at ${exact(at)}`} className="text-meta text-ink-3">
        seen {age}
      </time>
    </span>
  );
}

function CheckBadges({ checks: { passed, failed, pending } }: { checks: Checks }) {
  return (
    <>
      {failed.length > 0 && (
        <span title={failed.join(", ")} className="inline-flex">
          <Badge tone="danger">{plural(failed.length, "check")} failed</Badge>
        </span>
      )}
      {pending > 0 && <Badge tone="warning">{plural(pending, "check")} pending</Badge>}
      {passed > 0 && <Badge tone="success">{plural(passed, "check")} passed</Badge>}
    </>
  );
}

function Remarks({ task, reception: { remarks, older } }: { task: string; reception: Reception }) {
  const shell = useShell();
  const running = useSession(useSessionIds(task).active[0] ?? "");
  const to = running && running.row.status !== "cancelling" ? running : null;
  const waiting = remarks.filter((remark) => remark.session === null).length;
  return (
    <details>
      <summary className="w-fit cursor-pointer rounded text-ink-2">
        {plural(remarks.length, "comment")}
        {waiting > 0 && waiting < remarks.length && `, ${waiting} new`}
      </summary>
      <div className="flex flex-col items-start gap-2 pt-1.5">
        {older > 0 && <p className="text-meta text-ink-3">{plural(older, "older one is", "older ones are")} not listed here.</p>}
        <ul aria-label="Comments on the pull request" className="flex w-full flex-col gap-2">
          {remarks.map((remark) => (
            <Said key={remark.id} remark={remark} />
          ))}
        </ul>
        {waiting > 0 && (
          <Button small title={to ? `They go to the session that runs (${to.kind_title})` : "They go to a new session"} onClick={() => sendRemarks(shell, task, to?.row.id ?? null)}>
            {to ? `Send ${plural(waiting, "comment")} to ${to.agent_title}` : `Have ${plural(waiting, "comment")} worked on`}
          </Button>
        )}
      </div>
    </details>
  );
}

function Said({ remark: { author, text, path, line, link, session } }: { remark: Remark }) {
  return (
    <li className="flex flex-col gap-0.5">
      <span className="flex flex-wrap items-center gap-x-2 text-meta text-ink-3">
        <span className="font-medium text-ink-2">{author}</span>
        {path !== null && <span className="font-mono text-code wrap-anywhere">{line === null ? path : `${path}:${line}`}</span>}
        {session !== null && <span>sent</span>}
        {link !== null && <Link to={link}>See it there</Link>}
      </span>
      <p dir="auto" className="max-w-[72ch] wrap-anywhere whitespace-pre-wrap">
        {text}
      </p>
    </li>
  );
}
