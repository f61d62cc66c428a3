// What a person writes beside an answer: open while the request is, and kept to be copied where it was answered meanwhile.
import { useSyncExternalStore } from "react";
import type { Request } from "../../lib/generated/types";

/** A reason or an answer in one's own words; the input of the tool. */
export type FieldKind = "note" | "input";
export type Field = { kind: FieldKind; text: string };
export type Kept = { request: string; title: string; text: string };

/** A tool's input that is longer can't be edited in a field. */
const EDITABLE = 4000;

const open = new Map<string, Field>();
let kept: Kept[] = [];
const told = new Set<() => void>();

function tell(): void {
  for (const listener of told) listener();
}

function subscribe(listener: () => void): () => void {
  told.add(listener);
  return () => told.delete(listener);
}

export function setField(request: string, field: Field | null): void {
  if (field === null) open.delete(request);
  else open.set(request, field);
  tell();
}

export function useField(request: string): Field | null {
  return useSyncExternalStore(subscribe, () => open.get(request) ?? null);
}

/** The request is no longer there, and nothing of this was sent. */
export function keepField(request: Request): void {
  const field = open.get(request.id);
  if (!field) return;
  open.delete(request.id);
  if (field.text.trim() !== "" && field.text !== editable(request)) kept = [...kept, { request: request.id, title: request.title, text: field.text }];
  tell();
}

export function dropKept(request: string): void {
  kept = kept.filter((one) => one.request !== request);
  tell();
}

export function useKept(): Kept[] {
  return useSyncExternalStore(subscribe, () => kept);
}

function command(request: Request): string | null {
  const { input } = request;
  return typeof input === "object" && input !== null && "command" in input && typeof input.command === "string" ? input.command : null;
}

/** The text in which a request's input is edited: its command, else small JSON; null where it can't be edited. */
export function editable(request: Request): string | null {
  if (request.input === undefined || request.input === null || request.question) return null;
  const text = command(request) ?? JSON.stringify(request.input, null, 2);
  return text.length > EDITABLE ? null : text;
}

/** Whether its input is edited as a command. */
export function isCommand(request: Request): boolean {
  return command(request) !== null;
}

/** The edited text as the tool's input, or why it can't be that. */
export function edited(request: Request, text: string): { input: unknown } | { problem: string } {
  if (text.trim() === "") return { problem: "Nothing is left of it. Deny it instead." };
  if (command(request) !== null) return { input: { ...(request.input as object), command: text } };
  try {
    return { input: JSON.parse(text) as unknown };
  } catch (cause) {
    return { problem: `This is no JSON: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
}
