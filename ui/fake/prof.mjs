import { chromium } from "playwright-core";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"] });
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
await page.goto("http://127.0.0.1:4390/?token=tok"); await page.locator("[data-task-id]").first().waitFor();
await page.locator("[data-task-id] a").first().click(); await page.waitForTimeout(500);
const cdp = await page.context().newCDPSession(page); await cdp.send("Profiler.enable"); await cdp.send("Profiler.setSamplingInterval", { interval: 100 });
const total = new Map(), self = new Map(); 
for (let i = 0; i < 14; i++) {
  await page.evaluate((i) => document.querySelectorAll("[data-task-id]")[i].querySelector("a").click(), i); await page.waitForTimeout(300);
  await cdp.send("Profiler.start");
  await page.evaluate(() => { const b = [...document.querySelectorAll("main button")].find((x) => x.textContent === "Implement"); async function theClick() { b.click(); await Promise.resolve(); await Promise.resolve(); } return theClick(); });
  const { profile } = await cdp.send("Profiler.stop");
  const byId = new Map(profile.nodes.map((n) => [n.id, n])); const parent = new Map(); profile.nodes.forEach((n) => n.children?.forEach((c) => parent.set(c, n.id)));
  profile.samples.forEach((id, k) => { let inside = false; const names = new Set(); for (let x = id; x; x = parent.get(x)) { const f = byId.get(x).callFrame; names.add(f.functionName || "(anon " + f.url.split("/").pop() + ":" + f.lineNumber + ")"); if (f.functionName === "theClick") inside = true; } if (!inside) return; const d = profile.timeDeltas[k] / 1000; const own = byId.get(id).callFrame; const o = own.functionName + ":" + own.lineNumber; self.set(o, (self.get(o) ?? 0) + d); for (const n of names) total.set(n, (total.get(n) ?? 0) + d); });
  await page.waitForTimeout(500);
}
const show = (m, n) => [...m].sort((a, b) => b[1] - a[1]).slice(0, n).map(([k, v]) => (v / 14).toFixed(2) + " " + k).join("\n");
console.log("TOTAL\n" + show(total, 70)); console.log("SELF\n" + show(self, 25));
await browser.close();
