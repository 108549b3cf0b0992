import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunVariant } from "../../src/contracts/decision.ts";
import type { Store } from "../../src/store/store.ts";
import { decision, LATER, OCCURRED_AT } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const RUN = { transactionId: "u:w", distinctId: "ada" };
const said = (variant: string): RunVariant => ({ variant, source: "posthog" });
const byDefault = (variant: string): RunVariant => ({ variant, source: "default" });

/** What every engine promises about the variants that runs show. */
export function storeVariants(name: string, createEngine: () => Engine): void {
  describe(`the store's variants: ${name}`, () => {
    let engine: Engine;
    let store: Store;

    beforeEach(async () => {
      engine = createEngine();
      store = await engine.open(() => Date.parse(OCCURRED_AT));
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    it("are what was drawn first, for each run and flag", async () => {
      expect(await store.decisions.findVariants("u:w")).toEqual({});
      expect(await store.decisions.saveVariants(RUN, { subject: byDefault("control") })).toEqual({
        subject: byDefault("control"),
      });
      const again = { subject: said("benefit"), offer: said("big") };
      const kept = { subject: byDefault("control"), offer: said("big") };
      expect(await store.decisions.saveVariants(RUN, again)).toEqual(kept);
      expect(await store.decisions.findVariants("u:w")).toEqual(kept);
      expect(await store.decisions.saveVariants({ ...RUN, transactionId: "v:w" }, again)).toEqual(again);
    });

    it("are the same for all who draw at once", async () => {
      const draws = ["a", "b", "c", "d", "e"].map((variant, index) => {
        const [one, other] = [
          ["subject", said(variant)],
          ["offer", said(variant)],
        ] as const;
        return store.decisions.saveVariants(RUN, Object.fromEntries(index % 2 === 0 ? [one, other] : [other, one]));
      });
      const [first, ...rest] = await Promise.all(draws);
      for (const one of rest) expect(one).toEqual(first);
      expect(await store.decisions.findVariants("u:w")).toEqual(first);
    });

    it("are told of once in a run, with the first message that shows them", async () => {
      await store.decisions.saveVariants(RUN, { subject: said("benefit") });
      const shows = { variants: { subject: "benefit", "no-offers": false }, exposures: ["subject", "no-offers"] };
      const exposures = async (step: string, transactionId = "u:w") =>
        (await store.decisions.record(decision({ transactionId, step, ...shows }))).decision.exposures.toSorted();
      expect(await exposures("first")).toEqual(["no-offers", "subject"]);
      expect(await exposures("second")).toEqual([]);
      expect(await exposures("first")).toEqual(["no-offers", "subject"]);
      expect(await exposures("first", "v:w")).toEqual(["no-offers", "subject"]);
      expect(await store.decisions.findVariants("u:w")).toMatchObject({ subject: said("benefit") });
    });

    it("are the person's, and go with what is old", async () => {
      await store.decisions.saveVariants(RUN, { subject: said("benefit") });
      await store.decisions.saveVariants({ transactionId: "v:w", distinctId: "grace" }, { subject: said("control") });
      expect((await store.people.listRecords("ada")).variants).toMatchObject([{ flag: "subject", variant: "benefit" }]);
      expect(await store.people.delete("ada")).toMatchObject({ variants: 1 });
      expect([await store.decisions.findVariants("u:w"), await store.decisions.findVariants("v:w")]).toEqual([
        {},
        { subject: said("control") },
      ]);
      expect(await store.prune(Date.parse(OCCURRED_AT), 10)).toBe(0);
      expect(await store.prune(Date.parse(LATER), 10)).toBe(1);
      expect(await store.decisions.findVariants("v:w")).toEqual({});
    });
  });
}
