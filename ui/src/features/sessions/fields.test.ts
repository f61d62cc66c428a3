import { expect, test } from "vitest";
import type { Request } from "../../lib/generated/types";
import { editable, edited } from "./fields";

const asking = (input: unknown): Request => ({ id: "r", title: "Run it", detail: null, tool: null, options: [], question: false, takes_note: true, input });

test("a_command_is_edited_as_text_and_keeps_what_stands_beside_it", () => {
  const request = asking({ command: "ls", timeout: 5 });
  expect(editable(request)).toBe("ls");
  expect(edited(request, "ls -l")).toEqual({ input: { command: "ls -l", timeout: 5 } });
  expect(edited(request, "  ")).toEqual({ problem: "Nothing is left of it. Deny it instead." });
});

test("another_input_is_edited_as_json_and_what_is_none_is_told", () => {
  const request = asking({ url: "a", depth: 2 });
  expect(edited(request, (editable(request) ?? "").replace("2", "3"))).toEqual({ input: { url: "a", depth: 3 } });
  expect(edited(request, "{")).toMatchObject({ problem: expect.stringContaining("This is no JSON") });
});

test("what_is_too_long_or_not_there_is_not_edited", () => {
  expect(editable(asking(undefined))).toBeNull();
  expect(editable(asking({ text: "x".repeat(5000) }))).toBeNull();
});
