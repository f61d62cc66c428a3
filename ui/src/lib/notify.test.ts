import { expect, test } from "vitest";
import type { Request, SessionView, Status } from "./generated/types";
import { newsOf, stateOf } from "./notify";

const asked = (id: string): Request => ({ id, title: `Run ${id}`, detail: null, tool: null, options: [], question: false, takes_note: false });

function view(status: Status, requests: Request[] = [], confirmed = true): SessionView {
  return { row: { id: "s", kind: "verify", attempt: 1, status, requests }, confirmed, task_title: "The parser", line: "All is well." } as unknown as SessionView;
}

test("task_phase_and_result_are_told", () => {
  expect(newsOf(view("completed"), stateOf(view("running")))).toMatchObject({ title: "Verify is done: The parser", body: "All is well.", needs: false });
  expect(newsOf(view("needs-approval", [asked("a")]), stateOf(view("running")))).toMatchObject({ title: "Verify needs approval: The parser", body: "Run a", needs: true });
});

test("each_request_is_told_and_none_twice", () => {
  const first = view("needs-approval", [asked("a")]);
  expect(newsOf(first, stateOf(first))).toBeNull();
  expect(newsOf(view("needs-approval", [asked("b")]), stateOf(first))?.body).toBe("Run b");
});

test("what_runs_was_cancelled_or_is_not_confirmed_is_no_news", () => {
  for (const status of ["starting", "running", "cancelling", "cancelled"] as const) expect(newsOf(view(status), undefined)).toBeNull();
  expect(newsOf(view("completed", [], false), undefined)).toBeNull();
});
