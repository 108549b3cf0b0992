import { expect, it } from "vitest";
import { testProduct } from "../../support/product/product.ts";
import { playFortnight } from "../../support/random-fortnight.ts";
import { verifySandbox } from "../../support/rehearsal.ts";
import { testSamples } from "../../support/samples.ts";
import { testSandbox } from "../../support/sandbox.ts";

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

it.each(SEEDS)(
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
