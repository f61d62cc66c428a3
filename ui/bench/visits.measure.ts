// How long a visit takes until the list can be used, what it loads, and what an open page costs at rest.
import { afterAll, test } from "vitest";
import type { BrowserContext, Page } from "playwright-core";
import { closeBrowser } from "../e2e/support/browser";
import { baseIsKept, cpu, found, profile, Relay, resident, stage, wants } from "./stage";

const VISITS = 7;

afterAll(closeBrowser);

/** Runs in the page from its first moment on: when the list has rows and was painted. */
function watchForList(): void {
  const listed = new Promise<number>((resolve) => {
    const look = () => {
      if (document.querySelector("[data-task-id]") !== null) resolve(performance.now());
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  Object.assign(window, { qdListed: listed });
}

async function timed(page: Page, url: string): Promise<number> {
  await page.goto(url);
  return page.evaluate(() => (window as unknown as { qdListed: Promise<number> }).qdListed);
}

async function watched(): Promise<BrowserContext> {
  const context = await profile();
  await context.addInitScript(watchForList);
  return context;
}

test.runIf(wants("page"))("visits", async () => {
  const withToken = `${stage.url}/?token=${stage.token}`;
  // The browser process is warm; the first profile is thrown away.
  const first: number[] = [];
  const hosts = new Set<string>();
  for (let n = 0; n <= VISITS; n++) {
    const context = await watched();
    context.on("request", (request) => hosts.add(new URL(request.url()).host));
    const time = await timed(await context.newPage(), withToken);
    if (n > 0) first.push(time);
    await context.close();
  }
  found("page.first.time", { samples: first });
  hosts.delete(new URL(stage.url).host);
  found("page.other_hosts", { value: hosts.size, note: [...hosts].join(", ") || "none seen" });

  const context = await watched();
  const page = await context.newPage();
  await timed(page, withToken);
  await baseIsKept(page);
  const cached: number[] = [];
  for (let n = 0; n <= VISITS; n++) {
    const time = await timed(page, `${stage.url}/`);
    if (n > 0) cached.push(time);
  }
  found("page.cached.time", { samples: cached });
  await context.close();
});

test.runIf(wants("page") || wants("idle"))("bytes, and an open page at rest", async () => {
  const relay = await Relay.start();
  const context = await profile();
  try {
    const page = await context.newPage();
    await page.goto(`${relay.url}/?token=${stage.token}`);
    await page.locator("[data-task-id]").first().waitFor();
    await page.waitForTimeout(1500);
    found("page.first.bytes", { value: relay.toBrowser / 1000 });
    await baseIsKept(page);
    const before = relay.toBrowser;
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).pathname));
    await page.goto(`${relay.url}/`);
    await page.locator("[data-task-id]").first().waitFor();
    await page.waitForTimeout(1500);
    found("page.cached.bytes", { value: (relay.toBrowser - before) / 1000, note: [...asked].filter((path) => path.startsWith("/api/")).join(", ") });

    // Until the base was kept again and nothing is left to do.
    await page.waitForTimeout(stage.idleSeconds > 5 ? 25_000 : 2000);
    const said = relay.toServer;
    const [used, began] = [cpu(), performance.now()];
    await page.waitForTimeout(stage.idleSeconds * 1000);
    const share = (100 * (cpu() - used)) / (performance.now() - began);
    found("idle.cpu", { value: share, note: `over ${stage.idleSeconds} s, of one core` });
    found("idle.rss", { value: resident() });
    found("idle.requests", { value: relay.toServer - said, note: "bytes from browser to server meanwhile" });
  } finally {
    await context.close();
    relay.stop();
  }
});
