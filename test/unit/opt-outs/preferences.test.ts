import fc from "fast-check";
import { expect, it } from "vitest";
import type { OptOuts } from "../../../src/contracts/opt-out.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createSendOptOuts } from "../../../src/opt-outs/preferences.ts";

const AT = "2026-03-02T09:00:00.000Z";

it("ends with the newest opt-outs, in any order in which the jobs of several changes run and are answered", {
  tags: ["long"],
}, async () => {
  const changes = fc.array(fc.subarray(["offers", "reminders", "all"]), { minLength: 1, maxLength: 4 });
  await fc.assert(fc.asyncProperty(fc.scheduler(), changes, ends), { numRuns: 200 });
});

async function ends(scheduler: fc.Scheduler, changes: string[][]): Promise<void> {
  let optOuts: OptOuts = { off: [], on: {}, distinctIds: ["ada"] };
  const atNovu = new Map<string | null, boolean>();
  let atPostHog: string[] = [];
  const send = createSendOptOuts({
    optOutsOf: () => scheduler.schedule(Promise.resolve(optOuts), "optOutsOf"),
    marketing: ["offers", "reminders"].map((topic) => ({ id: `${topic}-workflow`, topic })),
    async setPreference(_subscriber, workflow, isWanted) {
      await scheduler.schedule(Promise.resolve(), "to Novu");
      atNovu.set(workflow, isWanted);
      return scheduler.schedule(Promise.resolve(true), "from Novu");
    },
    async setOptOuts({ optOuts }) {
      await scheduler.schedule(Promise.resolve(), "to PostHog");
      atPostHog = optOuts;
      await scheduler.schedule(Promise.resolve(), "from PostHog");
    },
    personNow: async () => ({
      outcome: "found",
      asOf: 0,
      properties: { unsubscribed_from: atPostHog },
      unreadable: [],
    }),
    pace: async () => {},
    log: createLog({ level: "silent" }),
  });

  await scheduler.waitFor(changeAll());
  const last = changes.at(-1) ?? [];
  expect(atPostHog).toEqual([...last].sort());
  for (const topic of ["offers", "reminders"])
    expect(atNovu.get(`${topic}-workflow`) ?? true).toBe(!last.includes("all") && !last.includes(topic));
  expect(atNovu.get(null) ?? true).toBe(!last.includes("all"));

  async function changeAll(): Promise<void> {
    const work: Array<Promise<void>> = [];
    for (const off of changes) {
      await scheduler.schedule(Promise.resolve(), "a change");
      const topics = ["offers", "reminders", "all"].filter((one) => off.includes(one) !== optOuts.off.includes(one));
      const said = Object.fromEntries(optOuts.off.map((one) => [one, AT]));
      const on = Object.entries({ ...optOuts.on, ...said }).filter(([one]) => !off.includes(one));
      optOuts = { ...optOuts, off, on: Object.fromEntries(on) };
      if (topics.length > 0)
        work.push(...[send.toNovu, send.toPostHog].map((one) => one({ distinctId: "ada", topics, at: AT })));
    }
    await Promise.all(work);
  }
}
