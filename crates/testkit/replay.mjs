// Replays a recording of the model test (`model --tape`) in the WebAssembly build of the optimistic core: every answer and
// everything that is drawn must be, byte for byte, what the native build gave. `cargo xtask soak --only replay` runs it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Hub, Panel, initSync } from "../../ui/src/wasm/qd_web.js";

initSync({ module: readFileSync(new URL("../../ui/src/wasm/qd_web_bg.wasm", import.meta.url)) });

const QUERY = JSON.stringify({ show: "all", to: 1000 });
let panels = new Map();
let hubs = new Map();
let schedules = 0;
let events = 0;

/** Everything that a page draws, in the order in which the recording takes it. */
function sight(panel) {
  const lines = panel.task_lines(QUERY);
  const parts = [lines];
  for (const { id } of JSON.parse(lines).lines) {
    const cards = panel.sessions(id);
    parts.push(panel.task(id) ?? "null", cards);
    const { active, ended } = JSON.parse(cards);
    for (const session of [...active, ...ended]) parts.push(panel.session(session) ?? "null");
  }
  parts.push(panel.notices(), panel.connection(), panel.base_json() ?? "");
  return createHash("sha256").update(parts.join("")).digest("hex");
}

function same(what, native, here) {
  if (native === here) return;
  console.error(`schedule ${schedules + 1}, event ${events}: ${what} differ\nnative: ${native}\nhere:   ${here}`);
  process.exit(1);
}

function play(line) {
  const step = JSON.parse(line);
  if (step.panel !== undefined) panels.set(step.panel, new Panel(step.config));
  else if (step.hub !== undefined) hubs.set(step.hub, new Hub(step.jitter));
  else if (step.to !== undefined) {
    events += 1;
    const panel = panels.get(step.to);
    same("outputs", step.output, panel.handle(step.event));
    same("sights", step.sight, sight(panel));
  } else if (step.to_hub !== undefined) {
    events += 1;
    same("effects of the hub", step.output, hubs.get(step.to_hub).handle(step.event));
  } else if (step.end !== undefined) {
    schedules += 1;
    for (const core of [...panels.values(), ...hubs.values()]) core.free();
    panels = new Map();
    hubs = new Map();
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line !== "") play(line);
}
const wanted = Number(process.argv[2] ?? 1);
if (schedules < wanted) {
  console.error(`${schedules} schedules came, ${wanted} were to be replayed`);
  process.exit(1);
}
console.log(`${schedules} schedules with ${events} events are the same in WebAssembly`);
