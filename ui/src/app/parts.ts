// The parts whose code is fetched when the page stands.
import { lazily } from "./lazily";

export const [SettingsRoute, prepareSettings] = lazily(async () => (await import("./pages/SettingsPage")).SettingsPage, "The settings could not be loaded");
export const [Changes, prepareChanges] = lazily(async () => (await import("../features/review/Changes")).Changes, "The changes could not be loaded");
export const [WorktreesRoute] = lazily(async () => (await import("./pages/WorktreesPage")).WorktreesPage, "The worktrees could not be loaded");

/** Fetches them while nothing else is to be done. */
export function prepareParts(): void {
  prepareSettings();
  prepareChanges();
}
