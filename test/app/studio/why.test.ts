import { describe, expect, it } from "vitest";
import type { Chain } from "../../../src/explain/explanation.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { runCommand } from "../../support/command.ts";
import { onboarding } from "../../support/product/onboarding.tsx";
import { oneEmail } from "../../support/product/one-email.tsx";
import { testProduct } from "../../support/product/product.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";
import { delivery, post } from "../../support/webhook.ts";

const workflows = [onboarding, oneEmail];

describe("why", () => {
  it("is the same on the page, in the API and in the command", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    await post(sandbox.app.url, delivery({ event: "checkout_started", properties: { checkout_url: "nowhere" } }));
    await post(
      sandbox.app.url,
      delivery({ event: "checkout_started", properties: { checkout_url: "https://a.example" } }),
    );
    await sandbox.travel({ hours: 2 });
    const timestamp = new Date(sandbox.clock.now()).toISOString();
    await post(sandbox.app.url, delivery({ event: "checkout_completed", timestamp }));
    await sandbox.settled();

    const query = "?person=ada&workflow=drop-off";
    const answer = (await (await here.get(`/api/why${query}`)).json()) as { chain: Chain };
    const { chain } = answer;
    expect(chain.links.map(({ kind, label, value }) => [kind, label, value])).toEqual([
      ["event", "checkout_started", expect.any(String)],
      ["ignored", "ignored", "does not fit drop-off: checkout_url: Invalid URL"],
      ["run", "entered", "checkout_started"],
      ["event", "checkout_completed", expect.any(String)],
      ["exit", "exited", "checkout_completed"],
      ["decision", "not sent", "exited: checkout_completed"],
    ]);
    expect(chain.answer).toBe(
      "ada entered Drop-off once. No message was sent. Last message not sent: recovery, because the person had exited by checkout_completed.",
    );

    const page = await here.text(`/why${query}`);
    for (const { sentence } of [...chain.links, { sentence: chain.answer }]) expect(page).toContain(sentence);
    const asJson = await why(sandbox, "--person", "ada", "--workflow", "drop-off", "--json");
    expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([0, chain]);
    const asText = await why(sandbox, "--person", "ada", "--workflow", "drop-off");
    for (const { sentence } of [...chain.links, { sentence: chain.answer }]) expect(asText.stdout).toContain(sentence);
  });

  it("reports an unknown person and wrong options", async () => {
    await using sandbox = await testSandbox({ workflows });
    const nobody = await why(sandbox, "--person", "nobody");
    expect([nobody.code, nobody.stdout]).toEqual([1, expect.stringContaining("Nothing is known about nobody")]);
    expect(await visitor(`${sandbox.app.url}/studio`).text("/why?person=nobody")).toContain(
      "Nothing is known about nobody",
    );
    expect(await why(sandbox)).toMatchObject({ code: 2, stderr: expect.stringContaining("--person is missing") });
    expect(await why(sandbox, "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("--json") });
  });

  it("prints no control characters of names from outside", async () => {
    await using sandbox = await testSandbox({ workflows });
    await post(sandbox.app.url, delivery({ event: "\u001b]0;owned\u0007\u001b[2J" }));
    const { stdout } = await why(sandbox, "--person", "ada");
    expect(stdout).toContain("owned");
    expect(stdout.match(/\p{Cc}/gu)?.filter((control) => control !== "\n")).toEqual([]);
  });

  it("does not name PostHog when there is none", async () => {
    await using sandbox = await testSandbox({ workflows, withoutPostHog: true });
    sandbox.segment.sendBatch([
      { type: "identify", userId: "ada", traits: { email: "ada@example.com" } },
      { type: "track", userId: "ada", event: "User Registered" },
    ]);
    await sandbox.travel({ days: 1 });
    sandbox.segment.deleteProfile("ada");
    await sandbox.travel({ days: 2 });
    const { stdout } = await why(sandbox, "--person", "ada");
    expect(stdout).toContain("setup-nudge (email) was not sent: the person of this Segment event no longer exists.");
    expect(stdout).not.toContain("PostHog");
  });

  it("explains a person whose data could not be sent to Novu", async () => {
    await using sandbox = await testSandbox({ workflows });
    sandbox.novu.injectFault(() => ({ status: 400 }));
    const $set = { email: "ada@example.com" };
    await post(sandbox.app.url, delivery({ event: "$identify", properties: { $set } }));
    await sandbox.settled();
    const { code, stdout } = await why(sandbox, "--person", "ada", "--workflow", "onboarding");
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("The update of the subscriber at Novu is dead after 1 attempt."),
    ]);
    expect(stdout).not.toContain("Nothing is known about");
  });
});

function why(sandbox: Sandbox, ...options: string[]) {
  return runCommand(sandbox, "why", options, { product: { ...testProduct, workflows } });
}
