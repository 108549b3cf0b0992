import { expect, it } from "vitest";
import { createBearerVerifier } from "../../../src/lib/verify-bearer.ts";

it.each([
  ["the-key", "Bearer the-key", true],
  ["the-key", "bearer  the-key", true],
  ["the-key", "Bearer the-kez", false],
  ["the-key", "Bearer the-key the-key", false],
  ["the-key", "Basic the-key", false],
  ["the-key", "the-key", false],
  ["the-key", "", false],
  ["the-key", undefined, false],
  [undefined, "Bearer undefined", false],
  [undefined, "Bearer ", false],
])("with the key %j, authorization %j is valid: %s", (key, authorization, valid) => {
  const verify = createBearerVerifier({ key, setting: "BACKEND_KEY" });
  expect(verify({ ...(authorization !== undefined && { authorization }) })).toEqual(
    valid ? { valid } : { valid, why: "send BACKEND_KEY as a bearer token" },
  );
});
