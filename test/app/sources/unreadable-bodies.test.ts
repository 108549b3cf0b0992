import { expect, it } from "vitest";
import { withoutValues } from "../../../src/sources/ignored-events.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

it.each([
  ["no id", { event: { event: "e", properties: { email: "ada@example.com", "ada@example.com": { age: 36 } } } }],
  ["an id that is too long", delivery({ distinctId: `ada@example.com${"!".repeat(200)}` })],
  ["no JSON", '{"email": "ada@example.com"'],
])("a body with %s is kept without its values", async (_what, body) => {
  await using sandbox = await testSandbox();
  expect((await post(sandbox.app.url, body)).status).toBe(202);
  const [kept] = await sandbox.app.store.events.listIgnored({ limit: 10 });
  expect(kept).toMatchObject({ distinctId: null });
  expect(JSON.stringify(kept)).not.toMatch(/ada|example\.com|Lovelace/);
});

it("a body whose person can be read is kept as it came, and goes with the person", async () => {
  await using sandbox = await testSandbox();
  const body = JSON.stringify(delivery({ event: "nobody_listens" }));
  await post(sandbox.app.url, body);
  expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toMatchObject([{ distinctId: "ada", body }]);
  await sandbox.app.store.people.delete("ada");
  expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toEqual([]);
});

it.each([
  [
    '{"a":"x","n":1,"b":true,"z":null,"l":["x",""]}',
    '{"a":"text of 1","n":"number","b":"boolean","z":null,"l":["text of 1",""]}',
  ],
  ['{"ada@example.com":1,"+49151":2,"$set":{}}', '{"key 1":"number","key 2":"number","$set":{}}'],
  ["[[[[[[[1]]]]]]]", '[[[[[["…"]]]]]]'],
  ["{", "not JSON, 1 characters"],
  ['{"__proto__":{"ada":1}}', '{"__proto__":{"ada":"number"}}'],
])("the shape of %s", (body, shape) => {
  expect(withoutValues(body)).toBe(shape);
});
