import { expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createEventHours } from "../../src/sources/event-hours.ts";
import { campaign } from "../support/campaign.ts";
import { testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const HOUR_MS = 60 * 60 * 1000;

it("an event that stops for longer than its rhythm is in the metrics and in the log, once a day", async () => {
  const lines: Array<Record<string, unknown>> = [];
  const log = createLog({ level: "warn", destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  await using sandbox = await testSandbox({ workflows: [campaign()], log });
  const { url } = sandbox.app;
  const silences = () => lines.filter(({ outcome }) => outcome === "stopped arriving");
  const metric = async () => /^bridge_event_silent.*$/gm[Symbol.match](await (await fetch(`${url}/metrics`)).text());

  expect(await metric()).toBeNull();
  let last = 0;
  for (let hour = 0; hour < 8; hour += 1) {
    // Also an event of a visitor, which the app ignores.
    const properties = hour % 2 === 0 ? { $process_person_profile: false } : {};
    for (const event of ["called", "called", "unknown"]) await post(url, delivery({ event, properties }));
    last = sandbox.clock.now();
    await sandbox.travel({ hours: 1 });
  }
  expect(await metric()).toEqual(['bridge_event_silent{event="called"} 0']);
  expect(Object.fromEntries(await sandbox.app.store.events.listHours(["called", "unknown"], 0))).toEqual({
    called: Array.from({ length: 8 }, (_, index) => Math.floor(last / HOUR_MS - 7 + index) * HOUR_MS),
  });

  await sandbox.travel({ hours: 25 });
  expect(await metric()).toEqual(['bridge_event_silent{event="called"} 1']);
  await sandbox.travel({ days: 2 });
  expect(silences()).toEqual(
    Array.from({ length: 2 }, () =>
      expect.objectContaining({
        ...{ component: "sources", event: "called", longestPauseMs: HOUR_MS },
        lastArrival: new Date(Math.floor(last / HOUR_MS) * HOUR_MS).toISOString(),
      }),
    ),
  );

  await post(url, delivery({ event: "called", uuid: "again" }));
  await sandbox.travel({ minutes: 5 });
  expect(await metric()).toEqual(['bridge_event_silent{event="called"} 0']);
});

it("an hour that cannot be saved stops no event, and is saved with the next one", async () => {
  const saved: Array<[string, number]> = [];
  let isDown = true;
  let now = 90 * 60_000;
  const onArrival = createEventHours({
    names: ["called"],
    save: async (...hour) => {
      if (isDown) throw new Error("the disk is full");
      saved.push(hour);
    },
    now: () => now,
    log: createLog({ level: "silent" }),
  });
  await onArrival("called");
  isDown = false;
  for (const name of ["called", "called", "other"]) await onArrival(name);
  now += HOUR_MS;
  await onArrival("called");
  expect(saved).toEqual([
    ["called", HOUR_MS],
    ["called", 2 * HOUR_MS],
  ]);
});
