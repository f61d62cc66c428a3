// Chromium, one for all tests, and pages of a panel in profiles of their own.
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import type { Panel } from "./panel";
import { install } from "./sampler";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Chromium where it is named, else where Debian and others put it. */
export function chromiumPath(): string {
  const named = process.env.QD_CHROMIUM;
  if (named) return named;
  const folders = (process.env.PATH ?? "").split(":");
  const found = NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`)).find((path) => existsSync(path));
  if (!found) throw new Error("Chromium is missing: install it, or name a Chrome in QD_CHROMIUM");
  return found;
}

let browser: Promise<Browser> | null = null;

export function theBrowser(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: chromiumPath(), args: FLAGS, chromiumSandbox: false });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  const running = browser;
  browser = null;
  await (await running)?.close();
}

export type Look = { width?: number; height?: number; dark?: boolean };

/** A profile of its own: storage, cookies, workers. */
export async function profile(look: Look = {}): Promise<BrowserContext> {
  const context = await (await theBrowser()).newContext({
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    colorScheme: look.dark ? "dark" : "light",
  });
  context.setDefaultTimeout(15_000);
  await context.addInitScript(install);
  return context;
}

/** Opens the panel with its token and waits for the task list. */
export async function open(panel: Panel, context: BrowserContext, path = "/"): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${panel.address}${path}?token=${panel.token}`);
  await page.locator("[data-task-id]").first().waitFor();
  return page;
}

/** Opens the panel in a second window beside `page`: of two tabs in one window only one is drawn. */
export async function openBeside(panel: Panel, page: Page): Promise<Page> {
  const opened = page.context().waitForEvent("page");
  await page.evaluate((url) => window.open(url, "_blank", "popup,noopener,width=1440,height=900"), `${panel.address}/?token=${panel.token}`);
  const beside = await opened;
  await beside.locator("[data-task-id]").first().waitFor();
  return beside;
}

/** Opens a task by its row in the list. */
export async function openTask(page: Page, title: string): Promise<void> {
  await page.locator("[data-task-id]", { hasText: title }).locator("a").click();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  await action(page, "Implement").waitFor();
  // Away from the list: rows under the pointer hold their places.
  await page.mouse.move(720, 600);
}

/** A button of the task's page, not of its row in the list. */
export function action(page: Page, name: string): Locator {
  return page.getByRole("main").getByRole("button", { name, exact: true });
}
