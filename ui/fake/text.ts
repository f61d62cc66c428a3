// The text functions of the stand-in: just enough markdown to look at.
const inline = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replaceAll(/\*([^*]+)\*/g, "<em>$1</em>")
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, '<a href="$2" rel="noopener">$1</a>');

export function markdown(text: string): string {
  const out: string[] = [];
  let list = false;
  let code = false;
  const lines = text.split("\n");
  lines.forEach((line, at) => {
    if (line.startsWith("```")) {
      code = !code;
      out.push(code ? "<pre><code>" : "</code></pre>");
      return;
    }
    if (code) return void out.push(`${inline(line)}\n`);
    const item = /^\s*- (?:\[([ x-])\] )?(.*)$/.exec(line);
    if (item && !list) out.push("<ul>");
    if (!item && list) out.push("</ul>");
    list = item !== null;
    const heading = /^(#+) (.*)$/.exec(line);
    if (item) out.push(`<li>${item[1] === undefined ? "" : `<input type="checkbox" aria-label="${inline(item[2] ?? "").replaceAll(/<[^>]+>/g, "")}" data-line="${at}" ${item[1] === "x" ? "checked" : ""}>`} ${inline(item[2] ?? "")}</li>`);
    else if (heading) out.push(`<h${heading[1]?.length}>${inline(heading[2] ?? "")}</h${heading[1]?.length}>`);
    else if (line.trim() !== "") out.push(`<p>${inline(line)}</p>`);
  });
  if (list) out.push("</ul>");
  return out.join("");
}

export function toggle_box(text: string, line: number): string {
  return text.split("\n").map((l, at) => (at === line ? (l.includes("[x]") ? l.replace("[x]", "[ ]") : l.replace("[ ]", "[x]")) : l)).join("\n");
}

export function with_title(text: string, title: string): string {
  return text.replace(/^# .*$/m, `# ${title}`);
}

export function unified(before: string, after: string): string {
  const a = before.split("\n");
  const b = after.split("\n");
  return `@@ -1,${a.length} +1,${b.length} @@\n${a.filter((l) => !b.includes(l)).map((l) => `-${l}\n`).join("")}${b.map((l) => `${a.includes(l) ? " " : "+"}${l}\n`).join("")}`;
}
