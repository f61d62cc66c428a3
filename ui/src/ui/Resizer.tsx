// The border between two columns, moved by pointer or arrow keys.
import { useRef } from "react";

export type ResizerProps = {
  label: string;
  width: number;
  min: number;
  max: number;
  /** 1 where the column lies before the border, -1 where it lies behind. */
  side: 1 | -1;
  onResize: (width: number) => void;
};

export function Resizer({ label, width, min, max, side, onResize }: ResizerProps) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const set = (next: number) => onResize(Math.round(Math.min(max, Math.max(min, next))));
  return (
    // A focusable separator is a widget (ARIA window splitter).
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (from.current) set(from.current.width + side * (event.clientX - from.current.x));
      }}
      onPointerUp={() => {
        from.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") set(width - 16 * side);
        if (event.key === "ArrowRight") set(width + 16 * side);
      }}
      className={`absolute inset-y-0 z-10 hidden w-[7px] cursor-col-resize touch-none ${side === 1 ? "-right-[4px]" : "-left-[4px]"} after:absolute after:inset-y-0 after:left-[3px] after:w-px after:bg-line hover:after:bg-line-strong focus-visible:after:bg-accent lg:block`}
    />
  );
}
