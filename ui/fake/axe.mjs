import { chromium } from "playwright-core"; import { readFile } from "node:fs/promises";
const axe = await readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const base = "http://127.0.0.1:4399";
for (const colorScheme of ["light", "dark"]) for (const vp of [[1440, 900], [390, 844]]) {
  const ctx = await browser.newContext({ viewport: { width: vp[0], height: vp[1] }, colorScheme });
  const page = await ctx.newPage();
  const check = async (name) => { await page.waitForTimeout(200); await page.evaluate(axe); const r = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] })); for (const v of r.violations) console.log(name, colorScheme, vp[0], v.id, v.impact, v.nodes.length, v.nodes[0].html.slice(0, 160), v.nodes[0].any[0]?.message?.slice(0, 140) ?? v.nodes[0].failureSummary?.slice(0,140)); };
  const visit = async (path, name) => { await page.goto(base + path); await check(name); };
  await visit("/", "create"); await visit("/inbox", "inbox"); await visit("/settings", "settings"); await visit("/?empty", "empty"); await visit("/?stale", "stale"); await visit("/?login", "login"); await visit("/?loading", "loading"); await visit("/?trouble", "trouble");
  await page.goto(base + "/?refuse"); if (vp[0] < 1000) await page.getByRole("button", { name: "Tasks" }).click(); await page.locator("[data-task-id] a").first().click(); await check("task");
  await page.keyboard.press("i"); await page.waitForTimeout(1300); await check("refused");
  await page.keyboard.press("Control+k"); await check("palette"); await page.keyboard.press("Escape");
  await page.keyboard.press("?"); await check("help"); await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+I"); await check("dialog"); await page.keyboard.press("Escape");
  await page.keyboard.press("e"); await page.waitForTimeout(400); await check("edit"); await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: /Changes/ }).click(); await check("changes");
  await page.locator("article a").first().click({ force: true }); await check("session");
  for (let n = 0; n < 9 && (await page.locator('[role=log] button[aria-expanded="false"]').count()) > 0; n++) await page.locator('[role=log] button[aria-expanded="false"]').first().click(); await check("session-open");
  await page.getByRole("button", { name: "Raw" }).click(); await check("raw");
  await ctx.close();
}
await browser.close();
