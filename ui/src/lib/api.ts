// HTTP towards the own server: the key in a header, nothing else. Reads that are not part of the live rows.
const KEY = "qd:key";

let key: string | null = readKey();

function readKey(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** The session's key, for the worker that owns the streams. */
export function currentKey(): string | null {
  return key;
}

export function keepKey(next: string | null): void {
  key = next;
  try {
    if (next === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Without storage the key lives as long as the page; the cookie does the rest.
  }
}

export function headers(more?: Record<string, string>): Record<string, string> {
  return key === null ? { ...more } : { "X-Qd-Key": key, ...more };
}

export function request(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`/api/v1${path}`, {
    ...init,
    headers: headers(init.headers as Record<string, string> | undefined),
    credentials: "same-origin",
    referrerPolicy: "no-referrer",
  });
}

/** Posts what is JSON already. */
export function postJson(path: string, body: string): Promise<Response> {
  return request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

/** What a failed read tells: one sentence for people. */
export class Failed extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await request(path, signal ? { signal } : {});
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Failed(0, "The server does not answer. It is tried again when the connection is back.");
  }
  if (!answer.ok) throw new Failed(answer.status, await messageOf(answer));
  return (await answer.json()) as T;
}

/** Asks for something to be done that is no change of the rows. */
export async function send(path: string, body: unknown): Promise<void> {
  let answer: Response;
  try {
    answer = await postJson(path, JSON.stringify(body));
  } catch {
    throw new Failed(0, "The server does not answer. Try it again when the connection is back.");
  }
  if (!answer.ok) throw new Failed(answer.status, await messageOf(answer));
}

async function messageOf(answer: Response): Promise<string> {
  try {
    const body = (await answer.json()) as { message?: string };
    if (body.message) return body.message;
  } catch {
    // Not one of ours.
  }
  return `The server answered ${answer.status}.`;
}

/** Trades the token for a key. False where the token is not the right one; throws where the server does not say. */
export async function logIn(token: string): Promise<boolean> {
  const answer = await fetch("/api/v1/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
    credentials: "same-origin",
  });
  if (answer.status === 401) return false;
  if (!answer.ok) throw new Failed(answer.status, await messageOf(answer));
  keepKey(((await answer.json()) as { key: string }).key);
  return true;
}
