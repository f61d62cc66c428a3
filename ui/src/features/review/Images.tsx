// An image before and now, side by side.
import { useEffect, useState } from "react";
import { request } from "../../lib/api";
import { address, type Place } from "./DiffPane";

export function Images({ place }: { place: Place }) {
  const { status } = place.file;
  return (
    <div className="flex min-h-0 flex-1 flex-wrap items-start gap-4 overflow-auto p-4">
      {status !== "added" && <Side place={place} side="old" title="Before" />}
      {status !== "deleted" && <Side place={place} side="new" title="Now" />}
    </div>
  );
}

type Shown = { url: string; size: string } | "failed" | null;

function Side({ place, side, title }: { place: Place; side: "old" | "new"; title: string }) {
  const [shown, setShown] = useState<Shown>(null);
  const path = `${address(place, "image")}&side=${side}`;
  useEffect(() => {
    const abort = new AbortController();
    let url = "";
    request(path, { signal: abort.signal })
      .then(async (answer) => {
        if (!answer.ok) throw new Error();
        const blob = await answer.blob();
        if (abort.signal.aborted) return;
        url = URL.createObjectURL(blob);
        setShown({ url, size: `${Math.ceil(blob.size / 1000)} kB` });
      })
      .catch(() => {
        if (!abort.signal.aborted) setShown("failed");
      });
    return () => {
      abort.abort();
      if (url !== "") URL.revokeObjectURL(url);
    };
  }, [path]);
  return (
    <figure className="flex min-w-40 flex-1 flex-col gap-1">
      <figcaption className="text-meta text-ink-3">
        {title}
        {shown !== null && shown !== "failed" && ` · ${shown.size}`}
      </figcaption>
      {shown === "failed" ? (
        <p className="text-ink-2">It can’t be shown.</p>
      ) : (
        shown !== null && <img src={shown.url} alt={`${place.file.path}, ${title.toLowerCase()}`} className="max-h-[70vh] w-fit max-w-full rounded border border-line bg-[repeating-conic-gradient(var(--hover)_0_25%,transparent_0_50%)] bg-size-[16px_16px] object-contain" />
      )}
    </figure>
  );
}
