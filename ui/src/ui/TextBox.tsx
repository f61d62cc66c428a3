// A text area that is as tall as its text.
import type { TextareaHTMLAttributes } from "react";

const LINE_PX = 20;
const FRAME_PX = 18;

export function TextBox({ className = "", rows = 1, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { value: string }) {
  return (
    <textarea
      rows={rows}
      {...rest}
      style={{ minHeight: rows * LINE_PX + FRAME_PX }}
      className={`field-sizing-content block max-h-80 w-full resize-none rounded border border-line-strong bg-panel px-3 py-2 text-ink placeholder:text-ink-3 ${className}`}
    />
  );
}
