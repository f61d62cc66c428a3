import { execFileSync } from "node:child_process";
import { test } from "./support/test";
test("end", async ({ panel }) => {
  const t = await panel.task("Alpha");
  panel.qd("implement", t.id);
  for (let i = 0; i < 50; i++) { if ((await panel.sessions())[0]?.status === "completed") break; await new Promise((r) => setTimeout(r, 100)); }
  const [s] = await panel.sessions();
  console.log(JSON.stringify(s));
  try { console.log(execFileSync("curl", ["-s", "-m", "4", "-i", "-H", `Authorization: Bearer ${panel.token}`, `http://${panel.direct}/api/v1/sessions/${s?.id}/output?live=sse`], { encoding: "utf8" }).slice(-1500)); } catch (e) { console.log(String((e as { stdout: string }).stdout).slice(-1500)); }
});
