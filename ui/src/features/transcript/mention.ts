// A mention of a file: `@path`, or `@"a path"` where it has spaces, as the agents take it.

/** What stands before the caret as the beginning of a mention. */
export type Mention = { from: number; query: string };

const BEGUN = /(?:^|\s)@(?:"([^"\n]*)|([^\s"]*))$/;

export function mentionAt(text: string, caret: number): Mention | null {
  const before = text.slice(0, caret);
  const begun = BEGUN.exec(before);
  if (begun === null) return null;
  return { from: before.lastIndexOf("@"), query: begun[1] ?? begun[2] ?? "" };
}

/** The text with the mention in place of what was begun, and where the caret stands then. */
export function completed(text: string, caret: number, { from }: Mention, path: string): { text: string; caret: number } {
  const mention = /\s/.test(path) ? `@"${path}"` : `@${path}`;
  // What follows the caret within the same word belongs to what was begun.
  const after = text.slice(caret).replace(/^\S+/, "");
  const gap = /^\s/.test(after) ? "" : " ";
  const head = `${text.slice(0, from)}${mention}`;
  return { text: `${head}${gap}${after}`, caret: head.length + 1 };
}
