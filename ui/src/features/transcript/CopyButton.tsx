// Copies a message or an output. Quiet: it shows while its `group/copy` is pointed at, or while it has the focus.
import { Check, Copy, X } from "lucide-react";
import { useEffect, useState } from "react";
import { copyText } from "../../lib/clipboard";
import { IconButton } from "../../ui/Button";

const SAID_MS = 1600;

export function CopyButton({ what, text }: { what: string; text: string }) {
  const [said, setSaid] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const Icon = said === "copied" ? Check : said === "refused" ? X : Copy;
  return (
    <span className={`absolute end-1 top-1 rounded bg-panel pointer-coarse:hidden ${said === null ? "opacity-0 group-hover/copy:opacity-100 has-focus-visible:opacity-100" : ""}`}>
      <IconButton label={`Copy ${what}`} className="size-6!" onClick={() => void copyText(text).then((copied) => setSaid(copied ? "copied" : "refused"))}>
        <Icon className={`size-3.5 ${said === "copied" ? "text-success" : said === "refused" ? "text-danger" : ""}`} aria-hidden="true" />
      </IconButton>
      <span role="status" className="sr-only">
        {said === "copied" ? "Copied" : said === "refused" ? "The browser refused to copy it" : ""}
      </span>
    </span>
  );
}
