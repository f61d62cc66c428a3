// A command line as a person writes it: words, with quotes around those that hold spaces. No shell reads it.

/** Its words; null where a quote is not closed. */
export function words(text: string): string[] | null {
  const found: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    if (quote !== null) {
      if (sign === quote) quote = null;
      else if (sign === "\\" && quote === '"' && /["\\]/.test(text[at + 1] ?? "")) word = (word ?? "") + text[++at];
      else word = (word ?? "") + sign;
    } else if (sign === "'" || sign === '"') {
      quote = sign;
      word ??= "";
    } else if (sign === "\\" && at + 1 < text.length) word = (word ?? "") + text[++at];
    else if (/\s/.test(sign)) {
      if (word !== null) found.push(word);
      word = null;
    } else word = (word ?? "") + sign;
  }
  if (quote !== null) return null;
  if (word !== null) found.push(word);
  return found;
}

/** The line that gives these words. */
export function line(parts: string[]): string {
  return parts.map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`)).join(" ");
}

/** A name for the agent that a command starts. */
export function nameOf(command: string): string {
  const file = command.split("/").pop() ?? "";
  const name = file.toLowerCase().replace(/\.[a-z]+$/, "").replaceAll(/[^a-z0-9]+/g, "-");
  return name.replace(/^[^a-z]+/, "").replace(/-+$/, "").slice(0, 40);
}
