import { expect, it } from "vitest";
import { isoTime } from "../../../src/sources/event-fields.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

const NOW = "2026-03-02T09:00:00.000Z";

it.each([
  ["2026-03-02T08:59:59.000Z", "2026-03-02T08:59:59.000Z"],
  ["2026-03-02T09:00:00.001Z", NOW],
  ["2026-03-02T09:30:00.000Z", NOW],
  ["2026-03-02T11:00:00.000Z", NOW],
  ["9999-12-31T23:59:59.000Z", NOW],
  ["+275760-09-13T00:00:00.000Z", NOW],
  ["0000-01-01T00:00:00.000Z", NOW],
  ["yesterday", NOW],
  ["", NOW],
  [null, NOW],
])("the time %j is %s", (timestamp, time) => {
  expect(isoTime(timestamp, Date.parse(NOW))).toBe(time);
});

it("an event that is dated in the far future starts its run now", async () => {
  await using sandbox = await testSandbox();
  expect((await post(sandbox.app.url, delivery({ timestamp: "9999-12-31T23:59:59.000Z" }))).status).toBe(202);
  await sandbox.settled();
  expect(sandbox.novu.triggers).toHaveLength(1);
  expect((await sandbox.app.store.jobs.count()).dead).toBe(0);
});
