import { expect, it } from "vitest";
import { cohort } from "../../../src/engine/event.ts";
import { campaign, happen } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";

const entering = campaign({ id: "entering", on: [cohort(42)] });

it("has the people who are put into it on their page, and the exported story does the same", async () => {
  await using sandbox = await testSandbox({ workflows: [entering] });
  const here = visitor(`${sandbox.app.url}/studio`);
  await sandbox.settled();
  happen(sandbox, "app_opened");
  expect(await here.text("/people/ada")).toContain("Put into cohort 42");
  await here.post("/people/cohort", { person: "ada", cohort: "42", enter: "yes" });
  expect(await here.text("/people/ada")).toContain("Take out of cohort 42");
  await sandbox.travel({ days: 1 });
  expect((await sandbox.app.store.runs.history({ distinctId: "ada" })).runs).toHaveLength(1);
  await here.post("/people/cohort", { person: "ada", cohort: "42", enter: "no" });
  await here.post("/people/cohort", { person: "ada", cohort: "43", enter: "yes" });
  const { story } = (await (await here.get("/api/story")).json()) as { story: string };
  expect(story).toContain('story.entersCohort("ada", 42);');
  expect(story).toContain('story.leavesCohort("ada", 42);');
  expect(story).not.toContain("43");
});
