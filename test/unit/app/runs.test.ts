import { expect, it } from "vitest";
import { silentWorkflows } from "../../../src/app/runs.ts";

const HOUR_MS = 60 * 60 * 1000;
const NOW = Date.parse("2026-03-12T09:00:00.000Z");

it.each([
  { says: "nobody entered", enteredHoursAgo: [], sent: 0, isSilent: false },
  { says: "the first wait is not over", enteredHoursAgo: [23, 1], sent: 0, isSilent: false },
  { says: "Novu needs a moment after it", enteredHoursAgo: [24], sent: 0, isSilent: false },
  { says: "one has waited for longer", enteredHoursAgo: [25, 1], sent: 0, isSilent: true },
  { says: "another was sent something", enteredHoursAgo: [25, 24], sent: 1, isSilent: false },
  { says: "it was longer than 7 days ago", enteredHoursAgo: [169], sent: 0, isSilent: false },
])("a workflow that waits for a day: $says", async ({ enteredHoursAgo, sent, isSilent }) => {
  const countSince = async (since: number) => {
    const entered = enteredHoursAgo.filter((hours) => NOW - hours * HOUR_MS >= since).length;
    return [{ workflow: "w", entered, sent }];
  };
  const workflows = [{ id: "w", firstMessageMs: 24 * HOUR_MS }];
  expect(await silentWorkflows({ workflows, countSince, now: NOW })).toEqual(isSilent ? ["w"] : []);
});
