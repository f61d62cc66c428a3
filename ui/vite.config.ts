import react from "@vitejs/plugin-react";
import tailwindcss from "@tailwindcss/vite";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { compressed } from "./build/compressed";

export default defineConfig({
  plugins: [react(), tailwindcss(), compressed()],
  resolve: { alias: { "#core": fileURLToPath(new URL("./src/wasm/qd_web.js", import.meta.url)) } },
  worker: { format: "es" },
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    // A data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  // `npm run dev` beside `qd serve --allow-origin http://127.0.0.1:5173`.
  server: { host: "127.0.0.1", proxy: { "/api": process.env.QD_SERVER ?? "http://127.0.0.1:4270" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
