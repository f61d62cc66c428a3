import react from "@vitejs/plugin-react";
import tailwindcss from "@tailwindcss/vite";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The optimistic core. `QD_FAKE=1` draws the page over a stand-in of it with made-up rows, for work on the drawing alone. */
const core = process.env.QD_FAKE ? "./fake/qd_web.ts" : "./src/wasm/qd_web.js";
const server = process.env.QD_SERVER ?? "http://127.0.0.1:4270";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "#core": fileURLToPath(new URL(core, import.meta.url)) } },
  worker: { format: "es" },
  build: {
    outDir: process.env.QD_FAKE ? "dist-fake" : "dist",
    target: "es2023",
    modulePreload: { polyfill: false },
    // A data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": { target: server } } },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"], environment: "node" },
});
