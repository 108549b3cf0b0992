import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { testProduct } from "../../support/product/product.ts";
import { playFortnight } from "../../support/random-fortnight.ts";
import { rehearse } from "../../support/rehearsal.ts";
import { testSamples } from "../../support/samples.ts";
import { testSandbox } from "../../support/sandbox.ts";

const PARTS = { product: testProduct, samples: testSamples, settings: { plan: "team" } } as const;

it.each([1, 2, 3])(
  "a rehearsal with pseudonyms decides as one with the real people of fortnight %i",
  { tags: ["long"] },
  async (seed) => {
    await using sandbox = await testSandbox({ plan: "team", novuWebhooks: true });
    const { dataDir } = sandbox.config;
    const since = sandbox.clock.now();
    await playFortnight(sandbox, seed);
    const period = { dataDir, since, until: sandbox.clock.now() };
    using real = await rehearse({ ...period, plain: true }, PARTS);
    using hashed = await rehearse({ ...period, plain: false }, PARTS);

    expect(resultsOf(hashed)).toEqual(resultsOf(real));
    expect(real.people.length).toBeGreaterThan(3);
    const text = readFileSync(hashed.history.file, "utf8") + JSON.stringify(hashed.people);
    expect(text).not.toMatch(/person-\d|segment-\d|device-\d|Sam/);
  },
);

/** The results of each person, without ids: of a person with several ids any may stand for the person. */
function resultsOf({ people }: Awaited<ReturnType<typeof rehearse>>): string[][] {
  const results = people.map(({ timeZone, runs }) =>
    runs
      .flatMap(({ workflow, event, at, status, exit, messages }) =>
        messages.map(({ step, outcome, reason, detail }) =>
          [timeZone, workflow, event, new Date(at).toISOString(), status, exit, step, outcome, reason, detail].join(
            " ",
          ),
        ),
      )
      .sort(),
  );
  return results.sort((a, b) => (a.join() < b.join() ? -1 : 1));
}
