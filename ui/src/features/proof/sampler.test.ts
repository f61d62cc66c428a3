import { expect, test } from "vitest";
import { line, type Report } from "./sampler";

const REPORT: Report = { session: "s", frame: 1, confirmed: 5012, refused: false, sameNode: true, sameId: true, missing: 0, restored: null };

test("an_accepted_start_is_told_with_its_figures", () => {
  expect(line(REPORT)).toBe("card: frame 1 · confirmed after 5.0 s · same id, same node · frames missing: 0");
});

test("a_refused_start_tells_whether_the_sidebar_is_what_it_was", () => {
  const refused = { ...REPORT, refused: true, confirmed: 230, restored: true };
  expect(line(refused)).toBe("card: frame 1 · refused after 0.2 s · frames missing: 0 · sidebar restored: byte-equal");
  expect(line({ ...refused, restored: false })).toContain("not equal");
});

test("what_is_wrong_is_said", () => {
  expect(line({ ...REPORT, frame: null, confirmed: null })).toBe("card: not yet · not confirmed yet · same id, same node · frames missing: 0");
  expect(line({ ...REPORT, sameNode: false, sameId: false, missing: 3 })).toContain("doubled, another node · frames missing: 3");
});
