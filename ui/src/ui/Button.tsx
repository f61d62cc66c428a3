// Buttons. A disabled one stays focusable and says why.
import type { ButtonHTMLAttributes, ReactNode } from "react";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-accent-on font-medium hover:brightness-110 active:brightness-95",
  plain: "border border-line-strong bg-panel text-ink hover:bg-hover active:bg-pressed",
  quiet: "text-ink-2 hover:bg-hover hover:text-ink active:bg-pressed",
  danger: "border border-line-strong bg-panel text-danger hover:bg-danger-ground",
};

export type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> & {
  look?: Look;
  small?: boolean;
  /** Why it can't be pressed; null where it can. */
  reason?: string | null;
  icon?: ReactNode;
};

export function Button({ look = "plain", small = false, reason = null, icon, className = "", children, onClick, title, ...rest }: ButtonProps) {
  const off = reason !== null;
  return (
    <button
      type="button"
      {...rest}
      title={off ? reason : title}
      aria-disabled={off || undefined}
      onClick={off ? (event) => event.preventDefault() : onClick}
      className={`inline-flex shrink-0 items-center justify-center gap-1.5 rounded whitespace-nowrap select-none ${
        small ? "h-6 px-2 text-meta" : "h-7 px-2.5 text-base"
      } ${off ? (look === "quiet" ? "text-ink-3" : "border border-line bg-hover text-ink-3") : LOOKS[look]} ${className}`}
    >
      {icon}
      {children}
    </button>
  );
}

export type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> & {
  label: string;
  reason?: string | null;
  hint?: string;
};

export function IconButton({ label, reason = null, hint, className = "", children, onClick, ...rest }: IconButtonProps) {
  const off = reason !== null;
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={off ? `${label}: ${reason}` : hint ? `${label} (${hint})` : label}
      aria-disabled={off || undefined}
      onClick={off ? (event) => event.preventDefault() : onClick}
      className={`inline-grid size-7 shrink-0 place-items-center rounded ${
        off ? "text-ink-3 opacity-60" : "text-ink-2 hover:bg-hover hover:text-ink active:bg-pressed"
      } ${className}`}
    >
      {children}
    </button>
  );
}
