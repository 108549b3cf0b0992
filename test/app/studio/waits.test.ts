import { expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { happen } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";

const trial = lifecycle({
  ...{ id: "trial", name: "Trial", description: "", category: "transactional" },
  on: [event("trial began")],
  waitFor: { bought: [event("trial bought")] },
  payload: z.object({}),
  from: () => ({}),
  async workflow({ step }) {
    await step.inApp("hello", () => ({ body: "Hello" }));
    const bought = await step.waitFor("bought", { atMost: { days: 3 } });
    await step.wait("an-hour", { hours: 1 });
    await step.inApp("thanks", () => ({ body: "Thanks" }), { skip: () => !bought.came && "has not bought" });
    await step.inApp("reminder", () => ({ body: "Still there" }), { skip: () => bought.came && "has bought" });
  },
});

it("a run that waits for an event: the clock stops at the wait's end, and the page has the steps of all parts", async () => {
  await using sandbox = await testSandbox({ workflows: [trial] });
  const here = visitor(`${sandbox.app.url}/studio`);
  const uuid = happen(sandbox, "trial began");
  await sandbox.settled();
  const { now, nextStepAt } = (await (await here.get("/api/time")).json()) as { now: number; nextStepAt: number };
  expect(nextStepAt - now).toBe(3 * 24 * 60 * 60_000);
  expect(await here.text("/workflows/trial")).toContain("ends a wait");

  happen(sandbox, "trial bought");
  await sandbox.settled();
  const { nextStepAt: after } = (await (await here.get("/api/time")).json()) as { nextStepAt: number };
  expect(after - now).toBe(60 * 60_000);
  await here.post("/time", { to: "step", here: "/studio" });
  const page = await here.text(`/runs/${encodeURIComponent(`${uuid}:trial`)}`);
  expect(page).toContain("trial bought ends the wait bought of Trial.");
  const rows = page.slice(page.indexOf("Its steps at Novu")).matchAll(/<li>.*?<\/li>/gs);
  const words = [...rows].map(([row]) =>
    row
      .replace(/<[^>]+>/g, " ")
      .trim()
      .split(/\s+/),
  );
  expect(words.map(([step, ...rest]) => `${step} ${rest.at(-1)}`)).toEqual([
    ...["hello completed", "bought completed", "an-hour completed"],
    ...["thanks completed", "reminder canceled"],
  ]);
});
