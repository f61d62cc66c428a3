// Reads that are no part of the live rows, as a component asks for them.
import { useEffect, useState } from "react";
import { read } from "./api";

export type Loaded<T> = { state: "loading" } | { state: "there"; value: T } | { state: "failed"; message: string };

/**
 * Reads a path, and again whenever `stamp` or the path changes. As long as both stand for the same thing, which `of` names,
 * the last value is kept meanwhile. What is not wanted any more is cancelled.
 */
export function useRead<T>(path: string | null, stamp = "", of = path): [Loaded<T>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T> & { of?: string | null }>({ state: "loading" });
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    read<T>(path, abort.signal).then(
      (value) => setLoaded({ state: "there", value, of }),
      (cause: unknown) => {
        if (!abort.signal.aborted) setLoaded({ state: "failed", message: cause instanceof Error ? cause.message : String(cause), of });
      },
    );
    return () => abort.abort();
  }, [path, stamp, of, again]);
  return [loaded.of === of ? loaded : { state: "loading" }, () => setAgain((n) => n + 1)];
}
