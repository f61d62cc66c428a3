// The one replacement that leads from a text to another: what they have in common at both ends is left alone.

export type Replacement = { from: number; to: number; insert: string };

export function difference(before: string, after: string): Replacement {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before.charCodeAt(from) === after.charCodeAt(from)) from++;
  let behind = 0;
  while (behind < most - from && before.charCodeAt(before.length - 1 - behind) === after.charCodeAt(after.length - 1 - behind)) behind++;
  return { from, to: before.length - behind, insert: after.slice(from, after.length - behind) };
}
