// The browser tests: the real binary, the real page, Chromium. One after the other: each run samples every frame.
import { defineConfig } from "vitest/config";
import { ProofTable } from "./support/table.ts";

export default defineConfig({
  test: {
    root: new URL(".", import.meta.url).pathname,
    include: [process.env.QD_RECORD ? "record.ts" : "*.e2e.ts"],
    // It needs a build of its own: `cargo xtask test walk`.
    exclude: process.env.QD_WALK ? [] : ["walk.e2e.ts"],
    environment: "node",
    fileParallelism: false,
    isolate: false,
    pool: "threads",
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A machine that showed too few frames has proved nothing: only that is tried again.
    retry: { count: 3, condition: /^sampled \d+ of \d+ frames/ },
    expect: { poll: { timeout: 15_000 } },
    reporters: process.env.QD_PROVE ? [new ProofTable()] : ["verbose"],
  },
});
