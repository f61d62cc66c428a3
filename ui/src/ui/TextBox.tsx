// A text area that is as tall as its text.
import { useLayoutEffect, useRef, type TextareaHTMLAttributes } from "react";

export function TextBox({ value, className = "", rows = 1, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { value: string }) {
  const ref = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, 320)}px`;
  }, [value]);
  return (
    <textarea
      ref={ref}
      rows={rows}
      {...rest}
      value={value}
      className={`block w-full resize-none rounded border border-line-strong bg-panel px-3 py-2 text-ink placeholder:text-ink-3 ${className}`}
    />
  );
}
