// Tells of what happens to sessions while nobody looks: a notification of the desktop and a sound, each only where it was
// turned on, once for each event over all tabs.
import { chime } from "./chime";
import type { SessionView, Status } from "./generated/types";
import { readPref, setPref } from "./prefs";
import type { Shell } from "./shell";
import { KIND_LABEL } from "./words";

/** What comes within this time is one notification; what is settled by then, or seen in another tab, is none. */
const GATHER_MS = 1200;
const REMEMBERED = 200;
/** Longer than two tabs may be apart in hearing of the same. */
const HELD_MS = 15_000;

export type News = { session: string; key: string; title: string; body: string; needs: boolean };

const TOLD: Partial<Record<Status, string>> = {
  "needs-approval": "needs approval",
  "needs-answer": "needs an answer",
  paused: "is paused",
  waiting: "waits for quota",
  completed: "is done",
  failed: "failed",
  interrupted: "was interrupted",
};

/** What there is to tell of a session that stood at `before`; null where nothing is. */
export function newsOf(view: SessionView, before: string | undefined): News | null {
  const { row } = view;
  const word = TOLD[row.status];
  const state = stateOf(view);
  if (word === undefined || !view.confirmed || state === before) return null;
  const [request] = row.requests;
  return {
    session: row.id,
    key: `${row.id} ${state}`,
    title: `${KIND_LABEL[row.kind]} ${word}: ${view.task_title}`,
    body: request ? request.title : view.line,
    needs: row.status === "needs-approval" || row.status === "needs-answer",
  };
}

/** Each request is an event of its own, and so is each end of an attempt. */
export function stateOf({ row }: SessionView): string {
  return `${row.attempt} ${row.status} ${row.requests[0]?.id ?? ""}`;
}

/** Whether this page is before somebody's eyes. */
function isSeen(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

/** Watches until the returned function is called. `open` goes to a session, or to the inbox. */
export function watch(shell: Shell, open: (session: string | null) => void): () => void {
  const states = new Map<string, string>();
  let pending: News[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  let live = false;
  const view = (id: string): SessionView | null => JSON.parse(shell.panel.session(id) ?? "null") as SessionView | null;
  const gathered = () => {
    timer = null;
    const still = pending.filter((news) => {
      const now = view(news.session);
      return now !== null && `${news.session} ${stateOf(now)}` === news.key;
    });
    pending = [];
    if (still.length > 0 && !isSeen()) void claim(still.map((news) => news.key)).then((mine) => tell(still.filter((news) => mine.includes(news.key)), open));
  };
  const look = (ids: Iterable<string>) => {
    for (const id of ids) {
      const now = view(id);
      if (now === null) {
        states.delete(id);
        continue;
      }
      const news = live ? newsOf(now, states.get(id)) : null;
      if (now.confirmed) states.set(id, stateOf(now));
      if (news === null) continue;
      if (isSeen()) void claim([news.key]);
      else pending.push(news);
    }
    if (pending.length > 0) timer ??= setTimeout(gathered, GATHER_MS);
  };
  const all = () => look(new Set([...states.keys(), ...(JSON.parse(shell.panel.running()) as string[])]));
  const hear = () => {
    // What was there before this page heard anything is no news.
    if (!live && (JSON.parse(shell.panel.connection()) as { state: string }).state === "live") {
      all();
      live = true;
    }
  };
  const stop = shell.subscribe((changed, every, chrome) => {
    if (every) all();
    else look(new Set(changed.filter((key) => key.kind === "session").map((key) => key.id)));
    if (chrome || every) hear();
  });
  all();
  hear();
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}

/** Those of the keys that no tab has told or seen yet; they are taken by this one. */
async function claim(keys: string[]): Promise<string[]> {
  const mine = await Promise.all(keys.map((key) => ("locks" in navigator ? claimLocked(key) : take(key))));
  return keys.filter((_, at) => mine[at]);
}

/** What one tab writes another may read only a moment later: until then the lock says it. */
function claimLocked(key: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(`qd:notified ${key}`, { ifAvailable: true }, (lock) => {
      const mine = lock !== null && take(key);
      resolve(mine);
      return mine ? new Promise<void>((done) => setTimeout(done, HELD_MS)) : undefined;
    });
  });
}

function take(key: string): boolean {
  let known: string[] = [];
  try {
    known = JSON.parse(localStorage.getItem("qd:notified") ?? "[]") as string[];
  } catch {
    // Begun anew.
  }
  if (known.includes(key)) return false;
  try {
    localStorage.setItem("qd:notified", JSON.stringify([...known, key].slice(-REMEMBERED)));
  } catch {
    // Refused storage: each tab tells for itself.
  }
  return true;
}

function tell(news: News[], open: (session: string | null) => void): void {
  const [first] = news;
  if (!first) return;
  if (readPref("notify.sound", "off") === "on") chime(news.some((one) => one.needs));
  if (readPref("notify", "off") !== "on" || permission() !== "granted") return;
  const several = news.length > 1;
  const notification = new Notification(several ? `${news.length} sessions have news` : first.title, {
    body: several ? news.map((one) => one.title).join("\n") : first.body,
    tag: several ? "several" : first.key,
  });
  notification.addEventListener("click", () => {
    window.focus();
    open(several ? null : first.session);
    notification.close();
  });
}

export type Permission = NotificationPermission | "missing";

export function permission(): Permission {
  return "Notification" in globalThis ? Notification.permission : "missing";
}

/** Turns notifications on, where the person says yes to the browser's question. */
export async function turnOn(): Promise<Permission> {
  const answer = permission() === "default" ? await Notification.requestPermission() : permission();
  setPref("notify", answer === "granted" ? "on" : "off");
  return answer;
}
