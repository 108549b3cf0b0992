import { expect, it } from "vitest";
import { onboarding } from "../../support/product/onboarding.tsx";
import { testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

const UUID = "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44";

it.each([[["ada", "bob"]], [["bob", "ada"]]])(
  "two people whose sign-ups have one uuid are both welcomed, once each, in either order: %j",
  async (people) => {
    await using sandbox = await testSandbox({ workflows: [onboarding] });
    for (const distinctId of people) {
      const $set = { email: `${distinctId}@example.com` };
      sandbox.posthog.capture({ event: "$set", distinctId, properties: { $set } });
    }
    await sandbox.settled();
    const tell = async (distinctId: string) => {
      const person = { email: `${distinctId}@example.com` };
      const answer = await post(sandbox.app.url, delivery({ uuid: UUID, distinctId, person }));
      return [answer.status, await answer.json()];
    };
    const [first = "", second = ""] = people;
    const but = expect.stringMatching(/^another event has the same uuid/);
    expect(await tell(first)).toEqual([202, { accepted: UUID }]);
    expect(await tell(second)).toEqual([202, { accepted: UUID, but }]);
    expect(await tell(second)).toEqual([202, { duplicate: UUID, but }]);
    expect(await tell(first)).toEqual([202, { duplicate: UUID }]);

    await sandbox.settled();
    const welcomes = sandbox.novu.state.messages.filter(({ channel }) => channel === "email");
    expect(welcomes.map(({ subscriberId }) => subscriberId).sort()).toEqual(["ada", "bob"]);
  },
);
