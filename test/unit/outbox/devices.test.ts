import { expect, it } from "vitest";
import { PermanentError, RefusedError } from "../../../src/lib/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createDevices } from "../../../src/outbox/jobs/devices.ts";

const NOT_FOUND = new PermanentError("400");
const DOWN = new RefusedError("500");

it.each<[string, { lists: string[]; refusals?: Error[]; isThere?: boolean }, string[], Error?]>([
  ["sends the list, and reads it again", { lists: ["a b", "a b"] }, ["pace", "set a b"]],
  ["sends an empty list", { lists: ["", ""] }, ["pace", "set "]],
  ["sends a list again that changed meanwhile", { lists: ["a", "", ""] }, ["pace", "set a", "pace", "set "]],
  [
    "creates a subscriber for a device",
    { lists: ["a", "a", "a"], refusals: [NOT_FOUND], isThere: false },
    ["pace", "set a", "look", "pace", "create", "pace", "set a"],
  ],
  [
    "creates none when nothing is left",
    { lists: ["a", "", ""], refusals: [NOT_FOUND, NOT_FOUND], isThere: false },
    ["pace", "set a", "look", "pace", "set ", "look"],
  ],
  [
    "fails for a subscriber that is there",
    { lists: ["a"], refusals: [NOT_FOUND] },
    ["pace", "set a", "look"],
    NOT_FOUND,
  ],
  ["fails when Novu is down", { lists: ["a"], refusals: [DOWN] }, ["pace", "set a"], DOWN],
])("a job of devices %s", async (_name, { lists, refusals = [], isThere = true }, expected, error) => {
  const done: string[] = [];
  const left = [...lists];
  const run = createDevices({
    listTokens: async () => (left.shift() ?? lists.at(-1) ?? "").split(" ").filter(Boolean),
    novu: {
      async setDeviceTokens(_id, _list, tokens) {
        done.push(`set ${tokens.join(" ")}`);
        const refusal = refusals.shift();
        if (refusal !== undefined) throw refusal;
      },
      async hasSubscriber() {
        done.push("look");
        return isThere;
      },
      createEmpty: async () => void done.push("create"),
    },
    pace: async () => void done.push("pace"),
    log: createLog({ level: "silent" }),
  });
  const at = "2026-03-02T09:00:00.000Z";
  const result = run({ distinctId: "ada", provider: "fcm", integration: null, at });
  if (error === undefined) await result;
  else await expect(result).rejects.toBe(error);
  expect(done).toEqual(expected);
});
