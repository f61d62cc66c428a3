// What was being written to an agent when what it asked was answered elsewhere or withdrawn: said, and kept to be copied.
import { X } from "lucide-react";
import { useState } from "react";
import { dropKept, useKept, type Kept } from "../features/sessions/fields";
import { copyText } from "../lib/clipboard";
import { Button, IconButton } from "../ui/Button";
import { Coded } from "../ui/Coded";

export function KeptNotices() {
  return useKept().map((kept) => <KeptNotice key={kept.request} kept={kept} />);
}

function KeptNotice({ kept }: { kept: Kept }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <div role="alert" data-kept="" className="pointer-events-auto flex items-start gap-2 rounded border border-line bg-raised py-2 ps-3 pe-1.5 shadow-float">
      <div className="min-w-0 flex-1 py-0.5">
        <p className="font-medium">It was answered or withdrawn meanwhile</p>
        <p dir="auto" className="truncate text-start text-meta text-ink-3">
          <Coded text={kept.title} />
        </p>
        <p dir="auto" className="line-clamp-6 wrap-anywhere whitespace-pre-wrap text-ink-2 select-text">
          {kept.text}
        </p>
        <div className="mt-2">
          <Button small onClick={() => void copyText(kept.text).then(setCopied)}>
            {copied === null ? "Copy what you wrote" : copied ? "Copied" : "The browser refused to copy it"}
          </Button>
        </div>
      </div>
      <IconButton label="Dismiss" onClick={() => dropKept(kept.request)}>
        <X className="size-4" />
      </IconButton>
    </div>
  );
}
