// The page's beginning: trades the token for a key, boots the core, draws.
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { currentKey, logIn } from "../lib/api";
import { listenToKeys } from "../lib/keys";
import { watchTheme } from "../lib/prefs";
import { Shell } from "../lib/shell";
import { ShellContext } from "../lib/use";
import "../styles.css";
import { prepareParts } from "./parts";
import { makeRouter } from "./router";

declare global {
  interface Window {
    /** Taken out of the address by first.js. */
    qdToken?: string;
  }
}

const AGAIN_MS = 1000;

/** The token is in no other place by now: where the server does not answer, it is asked until it does. */
async function enter(token: string, place: HTMLElement): Promise<void> {
  for (;;) {
    try {
      // Where it is the wrong one, the page asks for another.
      // oxlint-disable-next-line no-await-in-loop
      await logIn(token);
      return;
    } catch {
      // Who was here before needs no token to see what is kept.
      if (currentKey() !== null) return;
      place.setAttribute("role", "status");
      place.textContent = "The server does not answer. It is asked again until it does…";
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

async function begin(place: HTMLElement): Promise<void> {
  const token = window.qdToken;
  delete window.qdToken;
  if (token !== undefined) await enter(token, place);
  place.removeAttribute("role");
  place.textContent = "";
  const shell = await Shell.boot();
  listenToKeys();
  watchTheme();
  createRoot(place).render(
    <ShellContext value={shell}>
      <RouterProvider router={makeRouter()} />
    </ShellContext>,
  );
  // Safari has no idle callback.
  if ("requestIdleCallback" in window) requestIdleCallback(prepareParts);
  else setTimeout(prepareParts, 1000);
}

const place = document.getElementById("page");
if (place) {
  begin(place).catch((cause: unknown) => {
    place.setAttribute("role", "alert");
    place.textContent = `Quarterdeck could not start: ${cause instanceof Error ? cause.message : String(cause)}. Reload the page to try again.`;
  });
}
