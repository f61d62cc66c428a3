// Times for people, and the one clock that everything relative reads.
import { useSyncExternalStore } from "react";

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** "just now", "4 min", "3 h", then the date. */
export function relative(at: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return (now - at < 300 * 86_400_000 ? day : dayOfYear).format(at);
}

export function exact(at: number): string {
  return full.format(at);
}

/** "14:02" */
export function hourMinute(at: number): string {
  return clockTime.format(at);
}

/** "14:02" of today, else "24 Nov, 14:02". */
export function moment(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? hourMinute(at) : `${day.format(at)}, ${hourMinute(at)}`;
}

/** "0:07", "4:12", "1:02:33" */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const rest = String(seconds % 60).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** "320 ms", "4.2 s", "3 min" */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return elapsed(ms);
}

/** Silence is told from here on: agents think and wait, and that is no failure. */
const SILENT_MS = 30_000;

/** "no word for 30 s", "no word for 4 min"; null where there was one lately. */
export function silence(ms: number): string | null {
  if (ms < SILENT_MS) return null;
  const minutes = Math.floor(ms / 60_000);
  return `no word for ${minutes === 0 ? "30 s" : minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`}`;
}

let now = Date.now();
const told = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;

function tick(): void {
  if (document.visibilityState === "hidden") return;
  now = Date.now();
  for (const listener of told) listener();
}

function subscribe(listener: () => void): () => void {
  told.add(listener);
  if (timer === null) {
    now = Date.now();
    timer = setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    told.delete(listener);
    if (told.size === 0 && timer !== null) {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
      timer = null;
    }
  };
}

const none = () => () => undefined;

/** The age of `at` in words; drawn again only when the words change. */
export function useRelative(at: number): string {
  return useSyncExternalStore(subscribe, () => relative(at, now));
}

/** The time `at` in words as of now, and whether it has passed. */
export function useMoment(at: number): { words: string; past: boolean } {
  const past = useSyncExternalStore(subscribe, () => at <= now);
  const words = useSyncExternalStore(subscribe, () => moment(at, now));
  return { words, past };
}

/** The silence since `heard` in words; null where nothing is expected (`heard` is null) or it is short. */
export function useSilenceSince(heard: number | null): string | null {
  return useSyncExternalStore(heard === null ? none : subscribe, () => (heard === null ? null : silence(now - heard)));
}

/** The elapsed time since `from`, ticking while `running`. */
export function useElapsed(from: number, until: number | null): string {
  return useSyncExternalStore(until === null ? subscribe : none, () => elapsed((until ?? Math.max(now, from)) - from));
}
