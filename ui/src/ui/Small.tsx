// Small pieces: badge, key cap, skeleton, empty state, tabs, fields.
import { ChevronDown } from "lucide-react";
import type { ComponentProps, ReactNode, SelectHTMLAttributes } from "react";

export function Badge({ children, tone = "neutral" }: { children: ReactNode; tone?: "neutral" | "accent" | "warning" | "danger" | "success" }) {
  const tones = {
    neutral: "bg-hover text-ink-2",
    accent: "bg-accent-ground text-accent-ink",
    warning: "bg-warning-ground text-warning",
    danger: "bg-danger-ground text-danger",
    success: "bg-success-ground text-success",
  };
  return <span className={`inline-flex h-[18px] shrink-0 items-center rounded-sm px-1.5 text-meta ${tones[tone]}`}>{children}</span>;
}

export function Kbd({ children }: { children: string }) {
  return (
    <span className="inline-flex gap-0.5" aria-hidden="true">
      {children.split(" ").map((key) => (
        <kbd key={key} className="inline-grid h-[18px] min-w-[18px] place-items-center rounded-sm border border-line px-1 text-meta text-ink-3">
          {key}
        </kbd>
      ))}
    </span>
  );
}

export function Skeleton({ lines }: { lines: number }) {
  return (
    <div className="flex flex-col gap-3 p-3" aria-hidden="true">
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} className="h-3 rounded-sm bg-hover" style={{ width: `${90 - ((at * 17) % 45)}%` }} />
      ))}
    </div>
  );
}

/** In place of what is not there. `flush` stands in a column that has its margins already. */
export function Empty({ title, children, action, flush = false }: { title: string; children: ReactNode; action?: ReactNode; flush?: boolean }) {
  return (
    <div className={`flex flex-col items-start gap-2 ${flush ? "py-2" : "p-4"}`}>
      <p className="font-medium">{title}</p>
      <div className="max-w-[48ch] text-ink-2">{children}</div>
      {action}
    </div>
  );
}

export function Tabs<T extends string>({ value, options, onChange, label }: { value: T; options: [T, ReactNode][]; onChange: (value: T) => void; label: string }) {
  return (
    <div role="tablist" aria-label={label} className="flex gap-4">
      {options.map(([name, title], at) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === value}
          aria-controls={name === value ? `panel-${name}` : undefined}
          tabIndex={name === value ? 0 : -1}
          onClick={() => onChange(name)}
          onKeyDown={(event) => {
            const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
            const next = options[(at + step + options.length) % options.length];
            if (step === 0 || !next) return;
            onChange(next[0]);
            document.getElementById(`tab-${next[0]}`)?.focus();
          }}
          className={`flex h-9 items-center gap-1.5 border-b-2 ${
            name === value ? "border-accent font-medium text-ink" : "border-transparent text-ink-2 hover:text-ink"
          }`}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

export function Segmented<T extends string>({ value, options, onChange, label }: { value: T; options: [T, string][]; onChange: (value: T) => void; label: string }) {
  return (
    <div role="radiogroup" aria-label={label} className="inline-flex rounded border border-line p-0.5">
      {options.map(([name, title]) => (
        <label
          key={name}
          className={`relative flex h-6 items-center rounded-sm px-2 has-focus-visible:outline-2 has-focus-visible:outline-accent ${
            name === value ? "bg-pressed font-medium text-ink" : "text-ink-2 hover:text-ink"
          }`}
        >
          <input type="radio" className="absolute inset-0 appearance-none opacity-0" checked={name === value} onChange={() => onChange(name)} />
          {title}
        </label>
      ))}
    </div>
  );
}

const FIELD = "rounded border border-line-strong bg-panel text-ink placeholder:text-ink-3 focus-visible:outline-2";

export function TextField({ className = "", ...rest }: ComponentProps<"input">) {
  return <input type="text" autoComplete="off" {...rest} className={`h-7 px-2 aria-invalid:border-danger ${FIELD} ${className}`} />;
}

export function Select({ className = "", ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={`h-7 truncate px-1.5 ${FIELD} ${className}`} />;
}

/** A choice of a toolbar: as wide as its word, no frame until it is pointed at. */
export function QuietSelect({ className = "", ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <span className={`relative inline-flex min-w-0 ${className}`}>
      <select
        {...rest}
        className="field-sizing-content h-6 min-w-0 appearance-none truncate rounded bg-transparent ps-1.5 pe-6 text-meta text-ink-2 hover:bg-hover hover:text-ink [&>option]:bg-raised [&>option]:text-ink"
      />
      <ChevronDown className="pointer-events-none absolute end-1.5 top-1.5 size-3 text-ink-3" aria-hidden="true" />
    </span>
  );
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className="flex flex-col gap-1">
      <span className="text-meta text-ink-2">{label}</span>
      {children}
      {hint && <span className="text-meta text-ink-3">{hint}</span>}
    </label>
  );
}
