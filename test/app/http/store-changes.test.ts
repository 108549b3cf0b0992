import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { commandSecret } from "../../../src/contracts/store-change.ts";
import { keyOf, sign } from "../../../src/lib/verify-webhook.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import { testSandbox } from "../../support/sandbox.ts";

const key = keyOf(commandSecret(LOCAL_KEYS.linkSigning));

it("a change of the store is made for a signed call only", async () => {
  await using sandbox = await testSandbox();
  const call = (change: object, proof: Record<string, string>) =>
    fetch(`${sandbox.app.url}/commands`, { method: "POST", headers: proof, body: JSON.stringify(change) });
  const signed = (change: object, nowMs = Date.now(), with_ = key) => {
    const body = JSON.stringify(change);
    return call(change, { ...sign({ id: randomUUID(), body, key: with_, nowMs }) });
  };
  const redrive = { change: "redrive", which: "all" };

  expect(await (await signed(redrive)).json()).toEqual({ count: 0 });
  expect((await call(redrive, {})).status).toBe(401);
  expect((await call(redrive, { "x-webhook-secret": LOCAL_KEYS.linkSigning })).status).toBe(401);
  expect((await signed(redrive, Date.now() - 10 * 60_000)).status).toBe(401);
  expect((await signed(redrive, Date.now(), keyOf(LOCAL_KEYS.signingSecret))).status).toBe(401);
  expect(await (await signed({ change: "drop everything" })).json()).toEqual({
    failed: "the app has another version, which does not support this change",
  });
});
