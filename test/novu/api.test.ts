import { expect, it } from "vitest";
import { UnavailableError } from "../../src/lib/errors.ts";
import { createNovuApi } from "../../src/novu/api.ts";
import { start } from "../support/facts.ts";

it("a call that is not begun, because the process stops, is no answer of Novu's: its key stays", async () => {
  const novu = createNovuApi({ apiUrl: "http://127.0.0.1:9", secretKey: "key", isStopping: () => true });
  const trouble = await novu.trigger(start(), "u:w").catch((error: unknown) => error);
  expect(trouble).toBeInstanceOf(UnavailableError);
  // After an answer the next try goes under another key, by which Novu would not know an earlier try again.
  expect(trouble).toMatchObject({ refused: false });
});
