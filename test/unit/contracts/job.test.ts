import { expect, it } from "vitest";
import { keyOf, START_KEY } from "../../../src/contracts/job.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { onboarding } from "../../support/product/onboarding.tsx";

it("the key of a start is made of the transaction id alone, so that its run finds it", () => {
  const event = {
    source: "posthog",
    uuid: "u",
    name: "user_signed_up",
    distinctId: "ada",
    properties: {},
    personProperties: null,
  } as const;
  const [body] = createRoute([onboarding])({ ...event, occurredAt: "2026-03-02T09:00:00.000Z" }).starts;
  if (body === undefined) throw new Error("the event starts no run");
  expect(keyOf({ kind: "start", body })).toBe(START_KEY + body.run.transactionId);
});
