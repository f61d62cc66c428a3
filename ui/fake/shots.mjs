// Screenshots of the page over the stand-in: node fake/shots.mjs OUT [name…]. Expects `QD_FAKE=1 vite preview` on PORT (4399).
import { chromium } from "playwright-core";
import { mkdir } from "node:fs/promises";

const [out = "/tmp/shots", ...only] = process.argv.slice(2);
const base = `http://127.0.0.1:${process.env.PORT ?? 4399}`;
const sizes = { l: [1440, 900], m: [1024, 768], s: [390, 844] };
const go = (path) => async (page) => void (await page.goto(base + path));
const shots = {
  task: async (page) => { await go("/")(page); await page.locator("[data-task-id] a").first().click({ force: true }).catch(async () => { await page.getByRole("button", { name: "Tasks" }).click(); await page.locator("[data-task-id] a").first().click(); }); },
  create: go("/"),
  changes: async (page) => { await shots.task(page); await page.getByRole("tab", { name: /Changes/ }).click(); await page.waitForTimeout(200); },
  session: async (page) => { await shots.task(page); if (page.viewportSize().width < 1000) await page.getByRole("button", { name: "Sessions", exact: true }).click(); await page.locator("article a").first().click({ force: true }); await page.waitForTimeout(300); },
  inbox: go("/inbox"),
  settings: go("/settings"),
  empty: go("/?empty&plain"),
  stale: go("/?stale"),
  login: go("/?login"),
  loading: go("/?loading"),
  trouble: go("/?trouble"),
  tasks: async (page) => { await go("/?tasks=10000")(page); if (page.viewportSize().width < 1000) await page.getByRole("button", { name: "Tasks" }).click(); },
  palette: async (page) => { await shots.task(page); await page.keyboard.press("Control+k"); },
  help: async (page) => { await shots.task(page); await page.keyboard.press("?"); },
  dialog: async (page) => { await shots.task(page); await page.keyboard.press("Shift+I"); },
  edit: async (page) => { await shots.task(page); await page.keyboard.press("e"); await page.waitForTimeout(500); },
  start: async (page) => { await shots.task(page); await page.keyboard.press("i"); await page.waitForTimeout(60); },
  refused: async (page) => { await go("/?refuse")(page); await page.locator("[data-task-id] a").first().click({ force: true }); await page.keyboard.press("i"); await page.waitForTimeout(1600); },
};
await mkdir(out, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const wanted = (process.env.SIZES ?? "l").split(",");
for (const size of wanted) {
  for (const scheme of (process.env.SCHEMES ?? "light").split(",")) {
    const [width, height] = sizes[size];
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "no-preference" });
    for (const [name, run] of Object.entries(shots)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const page = await context.newPage();
      page.on("console", (m) => m.type() === "error" && console.log(name, size, m.text()));
      page.on("pageerror", (e) => console.log(name, size, e.stack));
      try { await run(page); await page.waitForTimeout(250); } catch (e) { console.log(name, size, String(e).split("\n")[0]); }
      await page.screenshot({ path: `${out}/${name}-${size}-${scheme}.png` });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
