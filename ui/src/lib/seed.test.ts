import { expect, test } from "vitest";
import { hexSeed, randomId } from "./seed";

test("a_seed_is_64_hexadecimal_digits", () => {
  expect(hexSeed()).toMatch(/^[0-9a-f]{64}$/);
});

test("ids_have_the_form_of_version_4", () => {
  for (let n = 0; n < 64; n++) expect(randomId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
