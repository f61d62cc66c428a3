// Work as a pull request: pushed to a real repository in a folder; `gh` is a script that remembers what it is asked.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import type { Page } from "playwright-core";
import { violations } from "./support/axe";
import { action, openTask } from "./support/browser";
import { frames } from "./support/judge";
import type { Panel } from "./support/panel";
import { MUTATIONS } from "./support/proxy";
import { testOn } from "./support/test";

const GH = `#!/bin/sh
cd "$HOME" || exit 9
printf '%s\\n' "$*" >> gh.log
case "$1 $2" in
"auth status") test -e gh.in ;;
"pr list") cat gh.open 2>/dev/null || echo '[]' ;;
"pr create")
  cat > gh.body
  echo '[{"number":7,"url":"https://github.com/ada/deck/pull/7"}]' > gh.open
  echo https://github.com/ada/deck/pull/7 ;;
"pr view") cat gh.view ;;
"api --hostname") cat gh.lines ;;
*) exit 2 ;;
esac
`;

const view = (state: string) => ({
  state,
  number: 7,
  url: "https://github.com/ada/deck/pull/7",
  mergeCommit: state === "MERGED" ? { oid: "0123456789" } : null,
  statusCheckRollup: [
    { name: "build", conclusion: "SUCCESS" },
    { name: "lint", conclusion: "FAILURE" },
    { context: "slow", state: "PENDING" },
  ],
  reviews: [{ id: "R1", author: { login: "bob" }, body: "Not yet: see what I wrote to the notes.", state: "CHANGES_REQUESTED", submittedAt: "2026-02-01T10:00:00Z" }],
  comments: [{ id: "C1", author: { login: "cat" }, body: "Who needs this?", createdAt: "2026-02-01T09:00:00Z", url: "https://github.com/ada/deck/pull/7#1" }],
});
const LINES = [{ id: 5, user: { login: "bob" }, body: "Say what it is for.", path: "demo-notes/alpha.md", line: 1, html_url: "https://github.com/ada/deck/pull/7#5", created_at: "2026-02-01T10:00:01Z" }];

const BIN = mkdtempSync(join(tmpdir(), "qd-e2e-bin-"));
writeFileSync(join(BIN, "gh"), GH);
chmodSync(join(BIN, "gh"), 0o755);
afterAll(() => rmSync(BIN, { recursive: true }));

const test = testOn({ env: { PATH: `${BIN}:${process.env.PATH ?? "/usr/bin:/bin"}` } });
const proposed = (page: Page) => page.getByRole("region", { name: "Pull request" });
const tell = (panel: Panel, name: string, value: unknown) => writeFileSync(join(panel.dir, name), JSON.stringify(value));

/** A repository that is said to lie on GitHub and lies in a folder, and work that is done. */
async function done(panel: Panel, page: Page): Promise<void> {
  const remote = join(panel.dir, "origin.git");
  execFileSync("git", ["init", "-q", "--bare", remote], { env: panel.env });
  panel.git(panel.repo, "remote", "add", "origin", "git@github.com:ada/deck.git");
  panel.git(panel.repo, "remote", "set-url", "--push", "origin", remote);
  panel.git(panel.repo, "push", "-q", "origin", "main");
  tell(panel, "gh.view", view("OPEN"));
  tell(panel, "gh.lines", LINES);
  await openTask(page, "Alpha");
  await action(page, "Implement").click();
  await page.locator('aside [data-status="completed"]').waitFor();
  await page.getByRole("main").getByText("Ready for review", { exact: true }).waitFor();
}

async function propose(page: Page): Promise<void> {
  await action(page, "Keep with…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: "Pull request" }).check();
  await dialog.getByLabel("Message").fill("Write alpha's notes\n\nThey were missing.");
  await dialog.getByRole("button", { name: "Pull request", exact: true }).click();
}

test("work_is_pushed_reviewed_there_worked_on_merged_and_judged", async ({ panel, page }) => {
  await done(panel, page);
  tell(panel, "gh.in", "");
  const main = panel.git(panel.repo, "rev-parse", "main");
  await action(page, "Keep with…").click();
  await page.getByRole("dialog").getByRole("radio", { name: "Pull request" }).check();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  const held = await panel.proxy.rule({ ...MUTATIONS, contains: '"propose_work"', fault: { do: "hold_request" } });
  await propose(page);
  await frames(page, 2);
  expect(await action(page, "Keep").getAttribute("aria-disabled"), "it is under way in the same frame").toBe("true");
  await held.release();
  await proposed(page).getByRole("link", { name: "Pull request #7" }).waitFor();
  const branch = (await panel.task("Alpha")).branch?.name ?? "";
  expect(panel.git(join(panel.dir, "origin.git"), "log", "-1", "--format=%s", branch)).toBe("Write alpha's notes");
  expect(readFileSync(join(panel.dir, "gh.body"), "utf8")).toBe("They were missing.");
  expect(panel.git(panel.repo, "rev-parse", "main"), "nothing landed").toBe(main);
  await proposed(page).getByText("1 check failed").waitFor();
  await proposed(page).getByText("3 comments", { exact: true }).click();
  expect(await violations(page)).toEqual([]);
  // What was written goes to an agent, once.
  await proposed(page).getByRole("button", { name: "Have 3 comments worked on" }).click();
  await frames(page, 2);
  expect(await page.locator('aside [data-kind="comment"]').count(), "its card is there at once").toBe(1);
  expect(await proposed(page).getByText("sent", { exact: true }).count()).toBe(3);
  await page.locator('aside [data-kind="comment"][data-status="completed"]').waitFor();
  // More work goes to the same one.
  execFileSync("sh", ["-c", "echo more > more.txt"], { cwd: (await panel.task("Alpha")).branch?.path ?? "" });
  await page.getByRole("tab", { name: /Changes/ }).click();
  await page.getByRole("tab", { name: "Document" }).click();
  await proposed(page).getByRole("button", { name: "Push again" }).click();
  await proposed(page).getByText("The work has changed since it was pushed.").waitFor({ state: "detached" });
  expect(panel.git(join(panel.dir, "origin.git"), "show", `${branch}:more.txt`)).toBe("more");
  expect(readFileSync(join(panel.dir, "gh.log"), "utf8").match(/^pr create/gm)?.length).toBe(1);
  // Merged there, judged here.
  tell(panel, "gh.view", view("MERGED"));
  await proposed(page).getByRole("button", { name: "Refresh" }).click();
  await proposed(page).getByText("Nothing was put onto your own main").waitFor();
  await page.getByRole("main").getByText("merged", { exact: true }).first().waitFor();
  expect(await violations(page)).toEqual([]);
  await proposed(page).getByRole("button", { name: "Pass" }).click();
  await page.getByRole("main").getByText("Passed QA", { exact: true }).waitFor();
  expect(panel.git(panel.repo, "rev-parse", "main")).toBe(main);
  expect(panel.qd("pr", "Alpha", "--status")).toContain("https://github.com/ada/deck/pull/7\nmerged, checks passed: 1");
});

test("without_a_login_there_is_the_link_and_what_the_other_side_refuses_is_told", async ({ panel, page }) => {
  await done(panel, page);
  const hook = join(panel.dir, "origin.git/hooks/pre-receive");
  writeFileSync(hook, "#!/bin/sh\necho 'no work on Sundays' >&2\nexit 1\n");
  chmodSync(hook, 0o755);
  await propose(page);
  await page.getByRole("alert").getByText("no work on Sundays").waitFor();
  expect(await violations(page)).toEqual([]);
  writeFileSync(hook, "#!/bin/sh\necho 'come in'\n");
  await page.getByRole("alert").getByRole("button", { name: "Retry" }).click();
  const link = proposed(page).getByRole("link", { name: "Open a pull request there" });
  await link.waitFor();
  const branch = (await panel.task("Alpha")).branch?.name ?? "";
  expect(await link.getAttribute("href")).toBe(`https://github.com/ada/deck/compare/main...${branch}?expand=1`);
  await proposed(page).getByText("gh auth login --hostname github.com").waitFor();
  expect(await violations(page)).toEqual([]);
  tell(panel, "gh.in", "");
  await proposed(page).getByRole("button", { name: "Try again" }).click();
  await proposed(page).getByRole("link", { name: "Pull request #7" }).waitFor();
});

const SHOTS = process.env["QD_SHOTS"];
test.skipIf(SHOTS === undefined)("it_looks_like_this", async ({ panel, page }) => {
  await done(panel, page);
  const shoot = async (what: string) => {
    for (const [name, width, dark] of [["l-light", 1440, false], ["l-dark", 1440, true], ["s-light", 390, false], ["s-dark", 390, true]] as const) {
      await page.setViewportSize({ width, height: 860 });
      await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
      await frames(page, 5);
      await page.screenshot({ path: join(SHOTS ?? "", `${what}-${name}.png`) });
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  };
  await action(page, "Keep with…").click();
  await page.getByRole("dialog").getByRole("radio", { name: "Pull request" }).check();
  await shoot("dialog");
  await page.keyboard.press("Escape");
  await propose(page);
  await proposed(page).getByText("gh auth login").waitFor();
  await shoot("link");
  tell(panel, "gh.in", "");
  await proposed(page).getByRole("button", { name: "Try again" }).click();
  await proposed(page).getByText("3 comments", { exact: true }).click();
  await shoot("open");
  tell(panel, "gh.view", view("MERGED"));
  await proposed(page).getByRole("button", { name: "Refresh" }).click();
  await proposed(page).getByText("Nothing was put onto your own main").waitFor();
  await shoot("merged");
});
