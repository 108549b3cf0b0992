import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { fromBackend } from "../support/backend.ts";
import { campaign, happen } from "../support/campaign.ts";
import { metric } from "../support/metrics.ts";
import { testSandbox } from "../support/sandbox.ts";

const logged: string[] = [];
let sandbox: Sandbox;
beforeAll(async () => {
  const log = createLog({ level: "trace", destination: { write: (line: string) => void logged.push(line) } });
  sandbox = await testSandbox({ workflows: [campaign()], log });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

it.each(["ada", "ada@example.com", "Ümlaut 1"])("is the hash that Novu checks: %s", async (distinct_id) => {
  const hash = createHmac("sha256", sandbox.config.novu.secretKey).update(distinct_id, "utf8").digest("hex");
  const answer = await ask({ distinct_id });
  expect(answer).toEqual([200, { subscriber_id: distinct_id, subscriber_hash: hash }]);

  const session = await fetch(`${sandbox.novu.url}/v1/inbox/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      applicationIdentifier: "local",
      subscriber: { subscriberId: distinct_id },
      subscriberHash: hash,
    }),
  });
  expect(session.status).toBe(201);
});

it("is of the id that was asked for, also after a merge into another person", async () => {
  happen(sandbox, "called", { distinctId: "victim" });
  const before = await ask({ distinct_id: "mallory" });
  sandbox.posthog.capture({ event: "$merge_dangerously", distinctId: "victim", properties: { alias: "mallory" } });
  await sandbox.travel({ minutes: 1 });
  const merged = await sandbox.app.store.runs.findMergedIds(["mallory"]);
  expect(merged.get("mallory")?.toSorted()).toEqual(["mallory", "victim"]);
  expect(await ask({ distinct_id: "mallory" })).toEqual(before);
});

it.each<[object | string, string]>([
  ["{", "the body: "],
  [{}, "distinct_id: "],
  [{ distinct_id: 7 }, "distinct_id: "],
  [{ distinct_id: "" }, "distinct_id: "],
  [{ distinct_id: "undefined" }, "distinct_id: the distinct id is a placeholder"],
  [{ distinct_id: "ada", more: 1 }, "the body has other fields than distinct_id"],
])("is not given for %j", async (body, error) => {
  expect(await ask(body)).toEqual([400, { error: expect.stringContaining(error) }]);
});

it("is given only with the key, is counted, and is in no log line", async () => {
  const body = { distinct_id: "logged-person" };
  for (const headers of [{}, { authorization: "Bearer another-key-of-24-characters" }])
    expect(await ask(body, headers)).toEqual([401, { error: "send BACKEND_KEY as a bearer token" }]);
  const [, { subscriber_hash }] = await ask(body);
  expect(await metric(sandbox.app.url, "bridge_backend_answers_total")).toMatchObject({
    'route="POST /inbox/hash",status="401"': 2,
  });
  expect(logged.join("")).not.toMatch(new RegExp(`${subscriber_hash}|logged-person`));

  sandbox.config.backendKey = undefined;
  await sandbox.restartApp();
  expect(await ask(body)).toEqual([404, { error: "not found" }]);
});

async function ask(body: object | string, headers?: Record<string, string>): Promise<[number, Answer]> {
  const response = await fromBackend(sandbox, "POST /inbox/hash", body, headers);
  return [response.status, (await response.json()) as Answer];
}

interface Answer {
  subscriber_hash?: string;
}
