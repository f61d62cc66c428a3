// The browser's part of `cargo xtask bench`: started by it, on a server that it started.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  resolve: { alias: { "#core": fileURLToPath(new URL("../src/wasm/qd_web.js", import.meta.url)) } },
  test: {
    root: fileURLToPath(new URL(".", import.meta.url)),
    include: ["*.measure.ts"],
    environment: "node",
    fileParallelism: false,
    isolate: false,
    pool: "threads",
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
