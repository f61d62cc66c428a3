// What the bench was started on, and where its results go.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo, type Server } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { theBrowser } from "../e2e/support/browser";
import type { Row } from "../src/lib/generated/types";

export type Stage = {
  url: string;
  token: string;
  pid: number;
  relay: number;
  tasks: string[];
  long: string;
  clicks: number;
  idleSeconds: number;
  wanted: string[];
  file: string;
  /** Tasks with many changed files, and with few, one of which has a long diff. */
  review?: { many: string; few: string; long: string };
};

const given = process.env.QD_BENCH;
if (given === undefined) throw new Error("Started by `cargo xtask bench` only");
export const stage = JSON.parse(given) as Stage;

/** Whether any result is wanted whose id begins so. */
export const wants = (prefix: string): boolean => stage.wanted.some((id) => id === prefix || id.startsWith(`${prefix}.`));

type Found = { samples?: number[]; value?: number; note?: string };

/** Keeps a result: many samples or one value. */
export function found(id: string, result: Found): void {
  const all = existsSync(stage.file) ? (JSON.parse(readFileSync(stage.file, "utf8")) as Record<string, Found>) : {};
  writeFileSync(stage.file, JSON.stringify({ ...all, [id]: result }));
}

export async function api<T>(path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`${stage.url}/api/v1${path}`, { ...init, headers: { Authorization: `Bearer ${stage.token}`, "Content-Type": "application/json" } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

export const rows = async (): Promise<Row[]> => (await api<{ rows: Row[] }>("/snapshot")).rows;

/** A UUIDv7 of now. */
export function mint(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

export async function mutate(name: string, args: unknown): Promise<void> {
  const { ok, err } = await api<{ ok: boolean; err?: { message: string } }>("/mutations", { mid: mint(), name, args });
  if (!ok) throw new Error(`${name}: ${err?.message}`);
}

/** A profile of its own. */
export async function profile(): Promise<BrowserContext> {
  const context = await (await theBrowser()).newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(60_000);
  return context;
}

/** Opens the page with its token and waits for the list. */
export async function visit(context: BrowserContext, path = "/"): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${stage.url}${path}?token=${stage.token}`);
  await page.locator("[data-task-id]").first().waitFor();
  return page;
}

/** Goes to another place without loading the page again. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState({}, "", to);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  }, path);
}

/** Waits until the base is kept for the next visit. */
export async function baseIsKept(page: Page): Promise<void> {
  for (let looks = 0; looks < 120; looks++) {
    const kept = await page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const asked = indexedDB.open("qd", 1);
          asked.onupgradeneeded = () => asked.result.createObjectStore("base");
          asked.onerror = () => resolve(false);
          asked.onsuccess = () => {
            const read = asked.result.transaction("base").objectStore("base").count();
            read.onsuccess = () => {
              asked.result.close();
              resolve(read.result > 0);
            };
          };
        }),
    );
    if (kept) return;
    await page.waitForTimeout(500);
  }
  throw new Error("the base was never kept");
}

/** Passes connections on and counts what goes through. */
export class Relay {
  toBrowser = 0;
  toServer = 0;
  readonly #server: Server;

  private constructor() {
    const port = Number(new URL(stage.url).port);
    this.#server = createServer((browser) => {
      const server = connect(port, "127.0.0.1");
      server.on("data", (data) => (this.toBrowser += data.length));
      browser.on("data", (data) => (this.toServer += data.length));
      browser.pipe(server).pipe(browser);
      browser.on("error", () => server.destroy());
      server.on("error", () => browser.destroy());
    });
  }

  static async start(): Promise<Relay> {
    const relay = new Relay();
    await new Promise<void>((resolve) => relay.#server.listen(stage.relay, "127.0.0.1", resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
  }
}

/** Milliseconds of CPU that the server has used. */
export function cpu(): number {
  // After the name, which may hold blanks: utime and stime are the 12th and 13th, in ticks of 10 ms.
  const fields = readFileSync(`/proc/${stage.pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory of the server in MB. */
export function resident(): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${stage.pid}/status`, "utf8"));
  if (!line) throw new Error("the server is gone");
  return Number(line[1]) / 1024;
}
