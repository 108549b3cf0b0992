import { expect, it } from "vitest";
import { campaign, happen } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";

it("a delivery says in words and colour whether it started or ended a run", async () => {
  await using sandbox = await testSandbox({ workflows: [campaign({ entry: "once" })] });
  const here = visitor(`${sandbox.app.url}/studio`);
  for (const name of ["called", "$set", "called", "answered"]) {
    happen(sandbox, name);
    await sandbox.travel({ minutes: 10 });
  }
  const [first] = sandbox.posthog.state.deliveries;
  sandbox.posthog.deliver(first!.body);
  sandbox.posthog.deliver('{ "event": "called" }');
  await sandbox.settled();

  const page = await here.text("/deliveries");
  const rows = [...page.matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map(([row]) => {
    const [, tone, inner = ""] = /<span class="pill (\w+)">(.*?)<\/span>/s.exec(row) ?? [];
    return [tone, inner.replace(/<svg.*?<\/svg>|<[^>]+>/gs, "")];
  });
  expect(rows.toReversed()).toEqual([
    ["good", "started Campaign"],
    ["quiet", "accepted, started nothing"],
    ["warn", "did not start Campaign"],
    ["good", "ended Campaign"],
    ["quiet", "had arrived before"],
    ["warn", "ignored"],
  ]);
  expect(await here.text(`/deliveries/${first!.id}`)).toContain("started Campaign");
});
