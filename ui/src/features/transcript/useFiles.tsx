// The files that fit what is written after an `@`: asked of the server with each key, the newest answer holds.
import { useEffect, useState } from "react";
import { read } from "../../lib/api";
import type { FilesAnswer, FoundFile } from "../../lib/generated/types";
import type { Suggestion } from "./Suggestions";

const NONE: FoundFile[] = [];

/** Those of the last answer while the next one is on its way; none where nothing is asked for. */
export function useFiles(session: string, query: string | null): FoundFile[] {
  const [files, setFiles] = useState(NONE);
  useEffect(() => {
    if (query === null) return;
    const stop = new AbortController();
    void (async () => {
      try {
        const answer = await read<FilesAnswer>(`/sessions/${session}/files?query=${encodeURIComponent(query)}`, stop.signal);
        if (!stop.signal.aborted) setFiles(answer.files);
      } catch {
        // Without an answer there is nothing to suggest; the path can be written out.
        if (!stop.signal.aborted) setFiles(NONE);
      }
    })();
    return () => stop.abort();
  }, [session, query]);
  // The next mention does not begin with the answer to the one before.
  if (query === null && files !== NONE) setFiles(NONE);
  return query === null ? NONE : files;
}

export function suggestFile({ path, changed }: FoundFile): Suggestion {
  const name = path.lastIndexOf("/") + 1;
  return {
    key: path,
    face: (
      <>
        {/* A long path loses its beginning, not its name. */}
        <span dir="rtl" className="min-w-0 truncate font-mono text-code">
          <bdi dir="ltr">
            <span className="text-ink-3">{path.slice(0, name)}</span>
            {path.slice(name)}
          </bdi>
        </span>
        {changed && <span className="ms-auto shrink-0 text-meta text-ink-3">changed</span>}
      </>
    ),
  };
}
