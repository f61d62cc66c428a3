// Claims about command lines.
import { expect, test } from "vitest";
import { line, nameOf, words } from "./commandLine";

test("words_are_split_as_a_person_means_them", () => {
  expect(words("my-agent --acp")).toEqual(["my-agent", "--acp"]);
  expect(words(`  "/opt/my agent/run"  'a b' c\\ d "" `)).toEqual(["/opt/my agent/run", "a b", "c d", ""]);
  expect(words(`say "he said \\"no\\"" 'C:\\x'`)).toEqual(["say", 'he said "no"', "C:\\x"]);
  expect(words("")).toEqual([]);
  expect(words(`open 'quote`)).toBeNull();
});

test("what_is_written_is_read_again", () => {
  for (const parts of [["a"], ["/opt/my agent/run", "it's", "", "$(x)", "\"", "\\"]]) expect(words(line(parts))).toEqual(parts);
});

test("a_name_is_made_of_the_program", () => {
  expect(nameOf("/opt/My Agent.sh")).toBe("my-agent");
  expect(nameOf("9lives")).toBe("lives");
  expect(nameOf("")).toBe("");
});
