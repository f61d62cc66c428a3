// What a session used so far: how full its context window is, tokens, cost.
import type { Usage } from "../../lib/generated/types";
import { count, dollars } from "../../lib/words";

const NEARLY = 0.75;
const FULL = 0.9;
const UNTOLD = "The agent does not tell this";

export function Used({ usage, ended }: { usage: Usage; ended: boolean }) {
  const tokens = usage.input === null && usage.output === null ? null : (usage.input ?? 0) + (usage.output ?? 0);
  return (
    <>
      <Context usage={usage} />
      {(tokens !== null || ended) && (
        <span title={tokens === null ? UNTOLD : `${count(usage.input)} in, ${count(usage.cached)} of it from the cache, ${count(usage.output)} out`} className="tabular-nums">
          {count(tokens)} tokens
        </span>
      )}
      {(usage.cost_usd !== null || ended) && (
        <span title={usage.cost_usd === null ? UNTOLD : "Cost"} className="tabular-nums">
          {usage.cost_usd === null ? "$–" : dollars(usage.cost_usd)}
        </span>
      )}
    </>
  );
}

function Context({ usage: { context_used: used, context_size: size } }: { usage: Usage }) {
  if (used === null) return null;
  if (size === null || size === 0) return <span title="Tokens in the context window">context {count(used)}</span>;
  const part = Math.min(1, used / size);
  const colour = part >= FULL ? "bg-danger" : part >= NEARLY ? "bg-warning" : "bg-ink-3";
  return (
    <span
      role="meter"
      aria-label="Context window"
      aria-valuemin={0}
      aria-valuemax={size}
      aria-valuenow={used}
      aria-valuetext={`${count(used)} of ${count(size)} tokens`}
      title={`Context window: ${count(used)} of ${count(size)} tokens, ${Math.round(part * 100)} %`}
      className="flex items-center gap-1.5"
    >
      context
      <span className="h-1.5 w-14 overflow-hidden rounded-full bg-pressed">
        <span className={`block h-full ${colour}`} style={{ width: `${Math.max(3, part * 100)}%` }} />
      </span>
    </span>
  );
}
