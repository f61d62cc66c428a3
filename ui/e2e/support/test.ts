// A test with a panel, a profile and a page of its own, all gone after it.
import { afterAll, afterEach, test as base } from "vitest";
import type { BrowserContext, Page } from "playwright-core";
import { closeBrowser, open, profile } from "./browser";
import { sampledFrames } from "./judge";
import { Panel, type PanelOptions } from "./panel";

type Stage = { options: PanelOptions; panel: Panel; context: BrowserContext; page: Page };

export const test = base.extend<Stage>({
  // oxlint-disable-next-line no-empty-pattern
  options: async ({}, use) => use({}),
  panel: async ({ options }, use) => {
    const panel = await Panel.start(options);
    try {
      await use(panel);
    } finally {
      await panel.stop();
    }
  },
  // oxlint-disable-next-line no-empty-pattern
  context: async ({}, use) => {
    const context = await profile();
    try {
      await use(context);
    } finally {
      await context.close();
    }
  },
  page: async ({ panel, context }, use) => use(await open(panel, context)),
});

/** A test whose panel is made with options of its own. */
export const testOn = (options: PanelOptions) =>
  // oxlint-disable-next-line no-empty-pattern
  test.extend<{ options: PanelOptions }>({ options: async ({}, use) => use(options) });

declare module "vitest" {
  interface TaskMeta {
    /** How many frames were sampled. */
    frames?: number;
  }
}

afterEach(({ task }) => {
  task.meta.frames = sampledFrames();
});
afterAll(closeBrowser);
