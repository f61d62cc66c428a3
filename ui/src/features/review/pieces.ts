// A line of code in pieces of one colour each, with the words that changed marked.

export type Piece = { text: string; colour: number; marked: boolean };

/** Cuts `text` where its colour changes (lengths, each followed by a colour) and where a marked range begins or ends. */
export function pieces(text: string, colours: readonly number[] | undefined, marks: readonly [number, number][]): Piece[] {
  const cuts = new Set([0, text.length]);
  const runs: { to: number; colour: number }[] = [];
  let at = 0;
  const told = colours ?? [];
  for (let n = 0; n + 1 < told.length; n += 2) {
    at += told[n] ?? 0;
    runs.push({ to: at, colour: told[n + 1] ?? 0 });
    cuts.add(Math.min(at, text.length));
  }
  for (const [from, to] of marks) cuts.add(Math.min(from, text.length)).add(Math.min(to, text.length));
  const edges = [...cuts].sort((a, b) => a - b);
  let run = 0;
  return edges.slice(0, -1).map((from, index) => {
    while (runs[run] && (runs[run]?.to ?? 0) <= from) run += 1;
    const to = edges[index + 1] ?? from;
    return { text: text.slice(from, to), colour: runs[run]?.colour ?? 0, marked: marks.some((mark) => mark[0] <= from && from < mark[1]) };
  });
}
