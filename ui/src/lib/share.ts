// Structural sharing: what did not change keeps its identity, so that what draws it is left alone.

/** `next`, with every part that equals the part of `before` in its place replaced by that one. */
export function share<T>(before: unknown, next: T): T {
  if (before === next || typeof next !== "object" || next === null || typeof before !== "object" || before === null) return next;
  if (Array.isArray(next) !== Array.isArray(before)) return next;
  const old = before as Record<string, unknown>;
  const fresh = next as Record<string, unknown>;
  const names = Object.keys(fresh);
  let same = names.length === Object.keys(old).length;
  for (const name of names) {
    const part = share(old[name], fresh[name]);
    fresh[name] = part;
    same &&= part === old[name] && name in old;
  }
  return same ? (before as T) : next;
}
