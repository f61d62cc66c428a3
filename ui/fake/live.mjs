import { chromium } from "playwright-core";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"] });
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: process.env.SCHEME ?? "light" })).newPage();
page.on("console", (m) => console.log("console", m.type(), m.text())); page.on("pageerror", (e) => console.log("ERR", e.stack));
page.on("response", (r) => r.status() >= 400 && console.log(r.status(), r.url()));
const shot = (n) => page.screenshot({ path: `/tmp/shots/live-${n}.png` });
const cards = () => page.locator("aside article").evaluateAll((a) => a.map((x) => `${x.dataset.kind} ${x.dataset.status} ${x.dataset.pending === "" ? "pending" : ""} | ${x.innerText.replaceAll("\n", " / ").slice(0, 140)}`));
await page.goto((process.env.BASE ?? "http://127.0.0.1:4376") + "/?token=tok"); await page.waitForTimeout(1500); await shot("index");
console.log(page.url(), await page.locator("[data-task-id]").count(), await page.locator("[data-connection]").getAttribute("data-connection"));
await page.locator("[data-task-id] a").first().click(); await page.waitForTimeout(800); await shot("task");
await page.locator("main").getByRole("button", { name: "Implement", exact: true }).click(); await page.waitForTimeout(60); console.log(await cards()); 
for (let i = 0; i < 6; i++) { await page.waitForTimeout(1000); console.log(await cards(), await page.locator("[data-proof]").textContent()); if (i === 2) await shot("running"); }
await shot("approve");
await page.keyboard.press("a"); await page.waitForTimeout(2500); console.log(await cards()); await shot("after");
await page.waitForTimeout(3000); console.log(await cards());
await page.getByRole("tab", { name: /Changes/ }).click(); await page.waitForTimeout(800); await shot("changes");
await page.locator("aside article a").first().click(); await page.waitForTimeout(800); await shot("session");
await browser.close();
