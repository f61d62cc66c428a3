// Reads a unified diff into lines with their numbers.

export type DiffLine =
  | { type: "hunk"; text: string }
  | { type: "same" | "added" | "removed"; text: string; before: number | null; after: number | null }
  | { type: "note"; text: string };

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/;

export function parseUnified(diff: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let before = 0;
  let after = 0;
  let inside = false;
  const text = diff.endsWith("\n") ? diff.slice(0, -1) : diff;
  for (const line of text.split("\n")) {
    const hunk = HUNK.exec(line);
    if (hunk) {
      inside = true;
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      lines.push({ type: "hunk", text: hunk[3] ?? "" });
    } else if (!inside) {
      continue;
    } else if (line.startsWith("+")) {
      lines.push({ type: "added", text: line.slice(1), before: null, after: after++ });
    } else if (line.startsWith("-")) {
      lines.push({ type: "removed", text: line.slice(1), before: before++, after: null });
    } else if (line.startsWith("\\")) {
      lines.push({ type: "note", text: line.slice(2) });
    } else {
      lines.push({ type: "same", text: line.slice(1), before: before++, after: after++ });
    }
  }
  return lines;
}

export function countLines(lines: DiffLine[]): { additions: number; deletions: number } {
  return {
    additions: lines.filter((line) => line.type === "added").length,
    deletions: lines.filter((line) => line.type === "removed").length,
  };
}
