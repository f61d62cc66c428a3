// An edit as one hunk of a unified diff: the lines between the common beginning and the common end.

const CONTEXT = 3;

export function editHunk(before: string, after: string): string {
  const old = lines(before);
  const now = lines(after);
  const most = Math.min(old.length, now.length);
  let head = 0;
  while (head < most && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (head === old.length && head === now.length) return "";
  const from = Math.max(0, head - CONTEXT);
  const more = Math.min(tail, CONTEXT);
  const removed = old.slice(head, old.length - tail);
  const added = now.slice(head, now.length - tail);
  const same = head - from + more;
  return [
    `@@ -${from + 1},${removed.length + same} +${from + 1},${added.length + same} @@`,
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...old.slice(old.length - tail, old.length - tail + more).map((line) => ` ${line}`),
    "",
  ].join("\n");
}

function lines(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}
