// Real agent programs from npm work on a task from the page: their own protocol, their own tools, a scripted model.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { violations } from "./support/axe";
import { action, open, openTask, profile } from "./support/browser";
import { agentProgram, agentsPath, codexConfig, isInstalled, REAL_AGENTS, scriptedModel, type RealAgent } from "./support/agents";
import { card, expectContinuous, frames, judge, newCards, startRecording, take } from "./support/judge";
import { Panel } from "./support/panel";
import { MUTATIONS } from "./support/proxy";
import { test } from "./support/test";

const TITLE = "Greet the reader [[write]]";
const GREETING = "Hello from the script.";

async function panelFor(agent: RealAgent, url: string): Promise<Panel> {
  return Panel.start({
    files: { "README.md": "A repository for tests.\n", "tasks/greet.md": `# ${TITLE}\n\n- [ ] Write greeting.txt\n` },
    home: agent.home ?? {},
    env: { PATH: agentsPath(), ...agent.env(url) },
  });
}

for (const agent of REAL_AGENTS) {
  const installed = isInstalled(agent);
  if (!installed) console.log(`skipped: ${agent.program} is not installed in tests/agents`);

  test.skipIf(!installed)(`${agent.name}_writes_a_file_asks_before_its_command_and_ends`, { timeout: 120_000 }, async ({ onTestFinished }) => {
    const model = await scriptedModel();
    onTestFinished(() => model.stop());
    const panel = await panelFor(agent, model.url);
    onTestFinished(() => panel.stop());
    const context = await profile();
    onTestFinished(() => context.close());
    const page = await open(panel, context);
    await openTask(page, TITLE);
    await startRecording(page);
    await frames(page, 5);
    await action(page, "Implement").click();
    await frames(page, 2);

    const asks = page.locator('aside [data-status="needs-approval"]');
    await asks.waitFor({ timeout: 60_000 });
    const [session] = await panel.sessions();
    expect(session).toMatchObject({ agent: agent.name, status: "needs-approval" });
    await asks.getByText(agent.title).first().waitFor();
    const worktree = (await panel.task(TITLE)).branch?.path ?? "";
    expect(readFileSync(join(worktree, "greeting.txt"), "utf8").trim(), "edits need no permission").toBe(GREETING);
    expect(existsSync(join(worktree, "copy.txt")), "commands do").toBe(false);
    await asks.getByRole("button", { name: /^(Yes|Allow)$/ }).click();

    const done = page.locator(`${card(session?.id ?? "")}[data-status="completed"]:not([data-pending])`);
    await done.waitFor({ timeout: 60_000 });
    const recording = await take(page);
    const click = recording.marks.findLast((mark) => newCards(recording, mark.n).length === 1);
    const verdict = judge(recording, session?.id ?? "", click?.n ?? 0);
    expectContinuous(verdict);
    expect(verdict.statuses).toEqual(expect.arrayContaining(["running", "needs-approval", "completed"]));
    expect(readFileSync(join(worktree, "copy.txt"), "utf8").trim()).toBe(GREETING);

    await page.getByRole("tab", { name: "Changes" }).click();
    const changed = page.getByRole("list", { name: "Changed files" });
    await changed.getByText("greeting.txt").click();
    await page.getByRole("region", { name: "greeting.txt" }).getByText(GREETING).waitFor();
    await changed.getByText("copy.txt").waitFor();
    expect(existsSync(join(panel.repo, "greeting.txt")), "the user's checkout is as it was").toBe(false);
  });
}

const CODEX = agentProgram("@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex");
const LIMITED_S = 6;

test.skipIf(!existsSync(CODEX))("a_session_at_its_limit_goes_on_when_that_ends_because_a_person_said_so", { timeout: 120_000 }, async ({ onTestFinished }) => {
  const model = await scriptedModel();
  onTestFinished(() => model.stop());
  const until = Math.floor(Date.now() / 1000) + LIMITED_S;
  const panel = await Panel.start({
    files: { "tasks/greet.md": `# Greet\n\n- [ ] One [[limit]] until ${until} \n` },
    home: { ".codex/config.toml": codexConfig(model.url) },
    config: `[agents.limited]\ncommand = "${CODEX}"\nargs = ["app-server"]\nprotocol = "codex-app-server"\nlike = "codex"\nenv = { MOCK_API_KEY = "dummy" }\n`,
  });
  onTestFinished(() => panel.stop());
  const context = await profile();
  onTestFinished(() => context.close());
  const page = await open(panel, context);
  await openTask(page, "Greet");
  panel.qd("implement", (await panel.task("Greet")).id, "--agent", "limited", "--instructions", `[[limit]] until ${until} `);
  const failed = page.locator('aside [data-status="failed"]');
  await failed.waitFor({ timeout: 60_000 });
  const [session] = await panel.sessions();
  const held = await panel.proxy.rule({ ...MUTATIONS, fault: { do: "hold_request" } });
  await failed.getByRole("button", { name: /^Go on at/ }).click();
  await frames(page, 2);
  const waits = page.locator(`${card(session?.id ?? "")}[data-status="queued"]`);
  expect(await waits.innerText()).toMatch(/goes on at \d\d:\d\d/i);
  await held.release();
  await page.locator(`${card(session?.id ?? "")}[data-status="completed"]:not([data-pending])`).waitFor({ timeout: 60_000 });
});

test.skipIf(!existsSync(CODEX))("a_conversation_from_outside_is_gone_on_with_in_a_worktree", { timeout: 120_000 }, async ({ onTestFinished }) => {
  const model = await scriptedModel();
  onTestFinished(() => model.stop());
  const panel = await Panel.start({
    files: { "tasks/greet.md": "# Greet\n\n- [ ] One\n" },
    home: { ".codex/config.toml": codexConfig(model.url) },
    config: `[agents.codex]\ncommand = "${CODEX}"\nargs = ["app-server"]\nprotocol = "codex-app-server"\nlike = "codex"\nenv = { MOCK_API_KEY = "dummy" }\n`,
    env: { MOCK_API_KEY: "dummy" },
  });
  onTestFinished(() => panel.stop());
  const said = "Paint the clock [[hello]]";
  execFileSync(CODEX, ["exec", said], { cwd: panel.repo, env: panel.env, stdio: "ignore" });
  const context = await profile();
  onTestFinished(() => context.close());
  const page = await open(panel, context);
  await openTask(page, "Greet");
  await page.getByRole("button", { name: "Implement with…" }).click();
  const dialog = page.getByRole("dialog");
  const conversation = dialog.getByLabel("Conversation");
  await conversation.selectOption({ label: await conversation.locator("option", { hasText: said }).innerText() });
  expect(await dialog.getByLabel("Agent").first().inputValue()).toBe("codex");
  expect(await violations(page)).toEqual([]);
  await dialog.getByLabel("Instructions").fill("Go on. [[recall]]");
  await dialog.getByRole("button", { name: "Implement" }).click();
  await frames(page, 2);
  expect(await page.locator("aside article").count()).toBe(1);
  const done = page.locator('aside [data-status="completed"]:not([data-pending])');
  await done.waitFor({ timeout: 60_000 });
  const [session] = await panel.sessions();
  expect(session?.adopted?.title).toBe(said);
  const told = panel.qd("logs", session?.id ?? "");
  expect(told).toContain(`a copy of the conversation “${said}”`);
  expect(told).toContain("I was asked 1 times before.");
});
