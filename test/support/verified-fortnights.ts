import { expect, it } from "vitest";
import { testProduct } from "./product/product.ts";
import { playFortnight } from "./random-fortnight.ts";
import { verifySandbox } from "./rehearsal.ts";
import { testSamples } from "./samples.ts";
import { testSandbox } from "./sandbox.ts";

/**
 * A test for each seed, in several files because each file has a process of its own. The seeds are those of 1 to 20
 * that run code in src that the others do not run.
 */
export function verifyFortnights(...seeds: number[]): void {
  it.each(seeds)(
    "repeats each decision of the recorded fortnight %i, or explains it",
    { tags: ["long"] },
    async (seed) => {
      await using sandbox = await testSandbox({ plan: "team", novuWebhooks: true });
      const startsAt = sandbox.clock.now();
      await playFortnight(sandbox, seed);
      const { runs, decisions, differences } = await verifySandbox(sandbox, startsAt, {
        product: testProduct,
        samples: testSamples,
        settings: { plan: "team" },
      });
      expect(differences.filter(({ why }) => why === null)).toEqual([]);
      // The fortnight is not empty, and most of it is repeated.
      expect(runs).toBeGreaterThan(5);
      expect(decisions).toBeGreaterThan(2 * differences.length);
    },
  );
}
