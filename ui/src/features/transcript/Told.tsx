// Quiet rows: how a turn ended and what it used, attempts to reach the model, limits.
import { Hourglass, RotateCw } from "lucide-react";
import type { Item } from "../../lib/generated/types";
import { duration, exact, moment } from "../../lib/time";
import { count, dollars } from "../../lib/words";

type Of<T extends Item["type"]> = { item: Extract<Item, { type: T }> };

const STOP: Record<string, string> = {
  cancelled: "Interrupted",
  refusal: "The model refused",
  max_tokens: "Stopped at the limit of its tokens",
  max_turn_requests: "Stopped at the limit of its requests",
};
const UNTOLD = "The agent does not tell this";

export function Turn({ item: { stop, used, took } }: Of<"turn">) {
  const tokens = used.input === null && used.output === null ? null : (used.input ?? 0) + (used.output ?? 0);
  const figures = (
    <span className="flex shrink-0 gap-1.5 tabular-nums">
      <span title={tokens === null ? UNTOLD : `${count(used.input)} in, ${count(used.cached)} of it from the cache, ${count(used.output)} out`}>
        {count(tokens)} tokens{used.cached !== null && `, ${count(used.cached)} cached`}
      </span>
      <span aria-hidden="true">·</span>
      <span title={used.cost_usd === null ? UNTOLD : `$${used.cost_usd}`}>{used.cost_usd === null ? "$–" : dollars(used.cost_usd)}</span>
      <span aria-hidden="true">·</span>
      <span title={took === null ? "Its beginning is not here" : undefined}>{took === null ? "–" : duration(took)}</span>
    </span>
  );
  if (stop === "end_turn") {
    return (
      <p data-item="turn" className="text-meta text-ink-3">
        {figures}
      </p>
    );
  }
  return (
    <p data-item="turn" data-stop={stop} className="flex flex-wrap items-center gap-x-3 text-meta text-ink-3 sm:flex-nowrap sm:after:h-px sm:after:flex-1 sm:after:bg-line">
      <span className="text-ink-2">{STOP[stop] ?? `Ended: ${stop.replaceAll("_", " ")}`}</span>
      {figures}
    </p>
  );
}

export function Retrying({ item: { retry, times } }: Of<"retrying">) {
  const number = retry.attempt ?? times;
  const parts = [retry.status === null ? null : `HTTP ${retry.status}`, retry.wait_ms === null ? null : `again after ${duration(retry.wait_ms)}`].filter((part) => part !== null);
  return (
    <p data-item="retrying" className="flex min-h-7 flex-wrap items-center gap-x-2 sm:flex-nowrap">
      <RotateCw className="size-4 shrink-0 text-ink-3" aria-hidden="true" />
      <span className="shrink-0">
        The model did not answer, attempt {number}
        {retry.of !== null && ` of ${retry.of}`}
      </span>
      <span title={retry.reason} className="min-w-0 flex-1 truncate text-meta text-ink-3 max-sm:order-last max-sm:basis-full max-sm:ps-6">
        {retry.reason}
      </span>
      <span className="shrink-0 text-meta text-ink-3 tabular-nums max-sm:ps-6">{parts.join(" · ")}</span>
    </p>
  );
}

export function Limited({ item: { limit, ts } }: Of<"limited">) {
  return (
    <p data-item="limited" className="flex min-h-7 items-center gap-2">
      <Hourglass className="size-4 shrink-0 text-info" aria-hidden="true" />
      <span className="min-w-0">
        The provider’s limit is reached: {limit.name}
        {limit.percent !== null && ` (${Math.round(limit.percent)} %)`}
      </span>
      <span title={limit.until === null ? "The agent does not tell when it ends" : exact(limit.until)} className="shrink-0 text-meta text-ink-2">
        {limit.until === null ? "until –" : `until ${moment(limit.until, ts)}`}
      </span>
    </p>
  );
}
