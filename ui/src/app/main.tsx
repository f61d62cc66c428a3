// The page's beginning: trades the token for a key, boots the core, draws.
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { logIn } from "../lib/api";
import { listenToKeys } from "../lib/keys";
import { watchTheme } from "../lib/prefs";
import { Shell } from "../lib/shell";
import { ShellContext } from "../lib/use";
import "../styles.css";
import { makeRouter } from "./router";

declare global {
  interface Window {
    /** Taken out of the address by first.js. */
    qdToken?: string;
  }
}

async function begin(place: HTMLElement): Promise<void> {
  const token = window.qdToken;
  delete window.qdToken;
  if (token !== undefined) await logIn(token).catch(() => false);
  const shell = await Shell.boot();
  listenToKeys();
  watchTheme();
  createRoot(place).render(
    <ShellContext value={shell}>
      <RouterProvider router={makeRouter()} />
    </ShellContext>,
  );
}

const place = document.getElementById("page");
if (place) {
  begin(place).catch((cause: unknown) => {
    place.setAttribute("role", "alert");
    place.textContent = `Quarterdeck could not start: ${cause instanceof Error ? cause.message : String(cause)}. Reload the page to try again.`;
  });
}
