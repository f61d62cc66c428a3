// Starts the WebAssembly of the optimistic core, in the page and in the worker.
import start from "#core";
import address from "../wasm/qd_web_bg.wasm?url";

export async function startCore(): Promise<void> {
  await start({ module_or_path: address });
}
