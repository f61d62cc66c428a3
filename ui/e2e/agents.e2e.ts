// Agents in the settings: added, changed, removed, installed, each at once; from a registry; and what is refused.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Locator, Page } from "playwright-core";
import { violations } from "./support/axe";
import { frames } from "./support/judge";
import { QD } from "./support/panel";
import { MUTATIONS } from "./support/proxy";
import { test, testOn } from "./support/test";

const box = (page: Page, label: string): Locator => page.getByRole("dialog").getByRole("textbox", { name: new RegExp(`^${label}`) });
const row = (page: Page, name: string): Locator => page.locator(`[data-agent="${name}"]`);

async function settings(page: Page): Promise<void> {
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByRole("heading", { name: "Agents" }).waitFor();
}

test("an_agent_is_added_there_in_the_next_frame_tried_changed_and_removed", async ({ panel, page }) => {
  await settings(page);
  await page.getByRole("button", { name: "Add an agent" }).click();
  await box(page, "Command").fill(`${QD} demo-agent`);
  await box(page, "Name").fill("mine");
  await box(page, "Title").fill("My own");
  expect(await violations(page), "the dialog").toEqual([]);
  const held = await panel.proxy.rule({ ...MUTATIONS, fault: { do: "hold_request" } });
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await frames(page, 2);
  expect(await row(page, "mine").innerText()).toContain("My own");
  expect(await page.getByRole("dialog").count()).toBe(0);
  await held.release();
  await row(page, "mine").getByText("not tried").waitFor();
  await row(page, "mine").getByText("found", { exact: true }).waitFor();

  const task = await panel.task("Alpha");
  panel.qd("implement", task.id, "--agent", "mine", "--permission", "everything");
  await expect.poll(() => row(page, "mine").getByText("not tried").count(), { timeout: 30_000 }).toBe(0);

  await page.getByRole("button", { name: "Change My own" }).click();
  await box(page, "Title").fill("Ours");
  await page.keyboard.press("Enter");
  await frames(page, 2);
  expect(await row(page, "mine").innerText()).toContain("Ours");
  await page.getByRole("button", { name: "Remove Ours" }).click();
  await page.getByRole("button", { name: "Remove?" }).click();
  await frames(page, 2);
  expect(await row(page, "mine").count()).toBe(0);
});

test("a_name_that_is_taken_is_said_before_it_is_sent", async ({ page }) => {
  await settings(page);
  await page.getByRole("button", { name: "Add an agent" }).click();
  await box(page, "Command").fill("/opt/codex --acp");
  await page.getByText("Codex is called codex already.").first().waitFor();
  await page.keyboard.press("Enter");
  expect(await page.getByRole("dialog").count()).toBe(1);
});

const REGISTRY = JSON.stringify({
  agents: [
    { id: "snake", name: "Snake", version: "1.0.0", description: "One by uv.", distribution: { uvx: { package: "snake@1.0.0" } } },
    { id: "zeta", name: "Zeta", version: "9.9.9", description: "One by npm.", distribution: { npx: { package: "@quarterdeck/none@9.9.9" } } },
    { id: "codex", name: "Codex", version: "1.0.0", description: "", distribution: { npx: { package: "x@1.0.0" } } },
  ],
});

// No registry of npm answers here, so what is to be installed fails, and says so.
testOn({ env: { npm_config_registry: "http://127.0.0.1:9", npm_config_fetch_retries: "0" } })("an_agent_of_a_registry_is_added_and_an_installation_that_fails_says_why", async ({ panel, page }) => {
  const file = join(panel.dir, "registry.json");
  writeFileSync(file, REGISTRY);
  await settings(page);
  await page.getByRole("button", { name: "Add an agent" }).click();
  await page.getByRole("tab", { name: "From a registry" }).click();
  const dialog = page.getByRole("dialog");
  await box(page, "Registry").fill("/nowhere/registry.json");
  await dialog.getByRole("button", { name: "Show" }).click();
  await dialog.getByText("can't be read").waitFor();
  await box(page, "Registry").fill(file);
  await dialog.getByRole("button", { name: "Show" }).click();
  await dialog.getByText("One by uv.").waitFor();
  expect(await dialog.getByText("Known already").count()).toBe(1);
  expect(await violations(page), "the registry").toEqual([]);
  await dialog.getByRole("button", { name: "Add and install" }).click();
  await frames(page, 2);
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await page.keyboard.press("Escape");
  await row(page, "snake").waitFor();
  await row(page, "zeta").getByText("npm could not install it").waitFor({ timeout: 60_000 });
  expect(await violations(page), "a failed installation").toEqual([]);
  await row(page, "zeta").getByRole("button", { name: "Try again" }).click();
  await frames(page, 2);
  expect(await row(page, "zeta").innerText()).toContain("Installing @quarterdeck/none@9.9.9");
});
