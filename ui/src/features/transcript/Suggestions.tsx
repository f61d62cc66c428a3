// What the composer suggests while something is written: above it, chosen by its keys or by a press.
import { useEffect, useRef, type ReactNode } from "react";

export const SUGGESTIONS = "suggestions";

export type Suggestion = { key: string; face: ReactNode };

export function Suggestions({ label, items, at, onPick }: { label: string; items: Suggestion[]; at: number; onPick: (index: number) => void }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <div ref={list} id={SUGGESTIONS} role="listbox" aria-label={label} className="absolute inset-x-0 bottom-full z-10 mb-1 max-h-64 overflow-y-auto rounded border border-line bg-raised p-1 shadow-float">
      {items.map((item, index) => (
        // The keyboard stays in the composer.
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={item.key}
          id={`${SUGGESTIONS}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onPick(index)}
          className={`flex h-7 cursor-default items-center gap-2 rounded px-2 ${index === at ? "bg-pressed" : "hover:bg-hover"}`}
        >
          {item.face}
        </div>
      ))}
    </div>
  );
}
