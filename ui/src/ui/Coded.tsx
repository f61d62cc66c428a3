// A line of plain text in which `code` is set as code. Titles of agents' calls and steps are written that way.
import { Fragment } from "react";

/** Backticks that stand alone stay as they are. */
const CODE = /`([^`\n]+)`/;

export function Coded({ text }: { text: string }) {
  // Splitting by a group puts what it caught at every second place.
  return text.split(CODE).map((part, at) => (at % 2 === 0 ? <Fragment key={at}>{part}</Fragment> : <code key={at} className="font-mono text-[0.95em]">{part}</code>));
}
