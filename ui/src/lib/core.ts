// The contract with the optimistic core: which events go in, which effects and changed keys come out. No behaviour.
import type { Command, Key } from "./generated/types";

/** What a tab says to the hub. */
export type ToHub = { type: "join"; offset: string } | { type: "leave" } | { type: "reopen" };

/** What the hub says to a tab. */
export type FromHub =
  | { type: "frames"; frames: string[] }
  | { type: "connected" }
  | { type: "lost" }
  | { type: "behind" }
  | { type: "logged_out" }
  | { type: "alive" };

export type JournalEntry = { key: string; value: string };

export type PanelEvent =
  | { type: "boot"; now: number; journal: JournalEntry[]; cached: string | null }
  | { type: "hub"; message: FromHub; now: number }
  | { type: "snapshot_failed"; status: number; now: number }
  | { type: "reply"; mid: string; status: number; body: string; now: number }
  | { type: "send_failed"; mid: string; now: number }
  | { type: "storage"; key: string; value: string | null; now: number }
  | { type: "journal_refused"; key: string }
  | { type: "document"; task: string; version: string; text: string }
  | { type: "dismiss"; id: string }
  | { type: "retry"; id: string; now: number }
  | { type: "logged_in"; now: number }
  | { type: "tick"; now: number };

export type Effect =
  | { type: "journal"; key: string; value: string }
  | { type: "unjournal"; key: string }
  | { type: "send"; mid: string; body: string }
  | { type: "fetch_snapshot"; mids: string[] }
  | { type: "hub"; message: ToHub }
  | { type: "replace_hub" }
  | { type: "login" }
  | { type: "wake"; at: number };

/** What one commit led to. */
export type Output = { effects: Effect[]; changed: Key[]; all: boolean; chrome: boolean; mid: string | null };

export type HubEvent =
  | { type: "port"; port: number; message: ToHub; now: number }
  | { type: "opened"; stream: number; now: number }
  | { type: "frame"; stream: number; data: string; id: string | null; now: number }
  | { type: "closed"; stream: number; status: number; now: number }
  | { type: "tick"; now: number };

export type HubEffect =
  | { type: "open"; stream: number; offset: string }
  | { type: "close" }
  | { type: "say"; port: number; message: FromHub }
  | { type: "wake"; at: number };

/** A command whose own ids were minted by the caller. */
export type Act = Command;
