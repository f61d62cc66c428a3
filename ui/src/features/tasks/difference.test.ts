import { expect, test } from "vitest";
import { difference } from "./difference";

const apply = (text: string, { from, to, insert }: ReturnType<typeof difference>) => text.slice(0, from) + insert + text.slice(to);

test("only_the_changed_middle_is_replaced", () => {
  expect(difference("- [ ] one\n- [ ] two\n", "- [ ] one\n- [x] two\n")).toEqual({ from: 13, to: 14, insert: "x" });
});

test("it_leads_from_any_text_to_any_other", () => {
  for (const [a, b] of [["", "x"], ["x", ""], ["aaa", "aa"], ["aa", "aaaa"], ["abcabc", "abc"], ["same", "same"]] as const) {
    expect(apply(a, difference(a, b))).toBe(b);
  }
});
