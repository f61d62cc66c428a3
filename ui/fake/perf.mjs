import { chromium } from "playwright-core";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"] });
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
page.on("pageerror", (e) => console.log("ERR", e.stack));
let t = Date.now(); await page.goto("http://127.0.0.1:4389/?token=tok"); await page.locator("[data-task-id]").first().waitFor(); console.log("first", Date.now() - t);
await page.locator("[data-task-id] a").first().click(); await page.waitForTimeout(500);
const r = await page.evaluate(async () => {
  const out = []; const rows = document.querySelectorAll("[data-task-id]");
  for (let i = 0; i < 12; i++) { rows[i].querySelector("a").click(); await new Promise((r) => setTimeout(r, 400)); const b = [...document.querySelectorAll("main button")].find((x) => x.textContent === "Implement"); const t = performance.now(); b.click(); await Promise.resolve(); const dt = performance.now() - t; const n = document.querySelectorAll("aside article[data-pending]").length; out.push([+dt.toFixed(2), n, location.pathname.slice(-4), b.getAttribute("aria-disabled")]); await new Promise((r) => setTimeout(r, 500)); }
  const sc = document.querySelector("nav[aria-label=Tasks] > div:last-child"); const fr = []; let last = performance.now();
  await new Promise((done) => { let k = 0; const f = (now) => { fr.push(now - last); last = now; sc.scrollTop += 900; if (++k < 120) requestAnimationFrame(f); else done(); }; requestAnimationFrame(f); });
  fr.sort((a, b) => a - b); return { out, p50: fr[60], p95: fr[114], max: fr.at(-1) };
});
console.log(JSON.stringify(r));
const f = page.getByRole("searchbox"); t = Date.now(); await f.fill("Task 77"); await page.waitForTimeout(50); console.log("filter", await page.locator("[data-task-id]").count(), Date.now() - t);
t = Date.now(); await page.reload(); await page.locator("[data-task-id]").first().waitFor(); console.log("reload", Date.now() - t);
await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
await browser.close();
