import { expect, test } from "vitest";
import { chord } from "./keys";

const press = (key: string, held: Partial<{ ctrlKey: boolean; metaKey: boolean; shiftKey: boolean; altKey: boolean }> = {}) =>
  chord({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });

test("chords_are_named_as_the_help_sheet_writes_them", () => {
  expect(press("i")).toBe("i");
  expect(press("I", { shiftKey: true })).toBe("Shift+i");
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press("k", { metaKey: true })).toBe("mod+k");
  expect(press("Enter", { ctrlKey: true, shiftKey: true })).toBe("mod+Shift+Enter");
});
