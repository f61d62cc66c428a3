// Makes short recordings of a page: what the browser paints, with a pointer, as an animated WebP.
import sharp from "sharp";
import type { CDPSession, Page } from "playwright-core";

type Shot = { image: Buffer; at: number };

/** Two pictures that follow each other faster than this are one. */
const SHORTEST_MS = 60;
/** How long the last picture stays before it begins again. */
const LAST_MS = 2500;

/** Draws the pointer, which a recording would lack. Handed to `addInitScript`. */
export function drawPointer(): void {
  addEventListener("DOMContentLoaded", () => {
    const pointer = document.createElement("div");
    pointer.setAttribute("aria-hidden", "true");
    pointer.style.cssText = "position:fixed;z-index:99;left:-40px;top:-40px;width:18px;height:18px;margin:-9px 0 0 -9px;border-radius:50%;background:#2563eb66;border:2px solid #2563eb;pointer-events:none;transition:transform 120ms";
    document.documentElement.append(pointer);
    addEventListener("mousemove", (event) => {
      pointer.style.left = `${event.clientX}px`;
      pointer.style.top = `${event.clientY}px`;
    });
    addEventListener("mousedown", () => (pointer.style.transform = "scale(0.6)"), true);
    addEventListener("mouseup", () => (pointer.style.transform = ""), true);
  });
}

export class Film {
  #shots: Shot[] = [];

  private constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
  ) {}

  static async start(page: Page): Promise<Film> {
    const session = await page.context().newCDPSession(page);
    const film = new Film(page, session);
    session.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
      film.#shots.push({ image: Buffer.from(data, "base64"), at: (metadata.timestamp ?? 0) * 1000 });
      void session.send("Page.screencastFrameAck", { sessionId });
    });
    await session.send("Page.startScreencast", { format: "png", everyNthFrame: 1 });
    return film;
  }

  /** Ends it and writes it, `width` pixels wide. */
  async keep(file: string, width: number): Promise<number> {
    await this.session.send("Page.stopScreencast");
    // A busy browser leaves the last pictures out; how it ended must be seen.
    this.#shots.push({ image: await this.page.screenshot(), at: Date.now() });
    const taken = this.#shots.toSorted((a, b) => a.at - b.at);
    const shots = taken.filter((shot, n) => (taken[n + 1]?.at ?? Infinity) - shot.at >= SHORTEST_MS);
    const images = await Promise.all(shots.map((shot) => sharp(shot.image).resize({ width }).png().toBuffer()));
    const delay = shots.map((shot, n) => Math.round((shots[n + 1]?.at ?? shot.at + LAST_MS) - shot.at));
    const { size } = await sharp(images, { join: { animated: true } }).webp({ quality: 70, effort: 4, minSize: true, loop: 0, delay }).toFile(file);
    return size;
  }
}
