import { expect, test } from "vitest";
import { completed, mentionAt } from "./mention";

test("a_mention_begins_with_an_at_after_a_space", () => {
  expect(mentionAt("see @src/a", 10)).toEqual({ from: 4, query: "src/a" });
  expect(mentionAt("@", 1)).toEqual({ from: 0, query: "" });
  expect(mentionAt('see @"my fi', 11)).toEqual({ from: 4, query: "my fi" });
  expect(mentionAt("line\n@x", 7)).toEqual({ from: 5, query: "x" });
  expect(mentionAt("mail me@example.com", 19)).toBeNull();
  expect(mentionAt("see @src/a and", 14)).toBeNull();
  expect(mentionAt('see @"my file" and', 18)).toBeNull();
});

test("what_was_begun_gives_way_to_the_path_in_quotes_where_it_has_spaces", () => {
  const begun = { from: 4, query: "re" };
  expect(completed("see @re", 7, begun, "README.md")).toEqual({ text: "see @README.md ", caret: 15 });
  expect(completed("see @re now", 7, begun, "my notes.md")).toEqual({ text: 'see @"my notes.md" now', caret: 19 });
  expect(completed("see @rexyz now", 7, begun, "a.md")).toEqual({ text: "see @a.md now", caret: 10 });
});
