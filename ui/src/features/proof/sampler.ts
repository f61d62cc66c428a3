// Looks at the session sidebar on every animation frame after a click and tells what was really drawn: in which frame
// the card came, whether it was ever missing, whether id and node stayed, whether a refusal left the sidebar as it was.

export type Report = {
  session: string;
  /** The first frame after the click that had the card, from 1; null while none had. */
  frame: number | null;
  /** Milliseconds from the click to the server's confirmation; null before it. */
  confirmed: number | null;
  /** The card went away unconfirmed: refused. */
  refused: boolean;
  sameNode: boolean;
  sameId: boolean;
  /** Frames without the card between its first frame and its confirmation or refusal. */
  missing: number;
  /** After a refusal: whether the sidebar is byte for byte what it was before the click. Clocks are left out. */
  restored: boolean | null;
};

export type Tell = (report: Report) => void;

const GIVE_UP_MS = 60_000;

/** What the sidebar is, without the times that tick. */
export function picture(sidebar: Element | null): string {
  if (sidebar === null) return "";
  const copy = sidebar.cloneNode(true) as Element;
  for (const time of copy.querySelectorAll("time")) time.textContent = "";
  return copy.outerHTML;
}

export const sidebarOf = (): Element | null => document.querySelector('aside[aria-label="Sessions"]');

/** Watches one start from its click on. `before` is the picture from just before it; `settled` tells how the server decided. */
export class Watch {
  #report: Report;
  #node: Element | null = null;
  #frames = 0;
  #began = performance.now();
  #handle: number;

  constructor(
    session: string,
    private readonly before: string,
    private readonly verdict: () => "open" | "accepted" | "refused",
    private readonly tell: Tell,
  ) {
    this.#report = { session, frame: null, confirmed: null, refused: false, sameNode: true, sameId: true, missing: 0, restored: null };
    this.#handle = requestAnimationFrame(this.#sample);
  }

  stop(): void {
    cancelAnimationFrame(this.#handle);
  }

  #sample = (): void => {
    this.#frames += 1;
    const report = this.#report;
    const sidebar = sidebarOf();
    const cards = sidebar?.querySelectorAll(`[data-session-id="${report.session}"]`) ?? [];
    const card = cards[0] ?? null;
    const verdict = this.verdict();
    if (card !== null) {
      report.frame ??= this.#frames;
      if (this.#node !== null && this.#node !== card) report.sameNode = false;
      if (cards.length > 1) report.sameId = false;
      this.#node = card;
    } else if (report.frame !== null && verdict !== "refused") {
      report.missing += 1;
    }
    const spent = performance.now() - this.#began;
    if (verdict === "accepted") report.confirmed = spent;
    if (verdict === "refused") {
      report.refused = true;
      report.confirmed = spent;
      report.restored = picture(sidebar) === this.before;
    }
    this.tell({ ...report });
    if (verdict === "open" && spent < GIVE_UP_MS) this.#handle = requestAnimationFrame(this.#sample);
  };
}

/** The live line. */
export function line(report: Report): string {
  const parts = [
    report.frame === null ? "card: not yet" : `card: frame ${report.frame}`,
    report.confirmed === null ? "not confirmed yet" : `${report.refused ? "refused" : "confirmed"} after ${(report.confirmed / 1000).toFixed(1)} s`,
    report.refused ? null : `${report.sameId ? "same id" : "doubled"}, ${report.sameNode ? "same node" : "another node"}`,
    `frames missing: ${report.missing}`,
    report.restored === null ? null : `sidebar restored: ${report.restored ? "byte-equal" : "not equal"}`,
  ];
  return parts.filter((part) => part !== null).join(" · ");
}
