import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import { addressHash } from "../../../src/contracts/opt-out.ts";
import { explain } from "../../../src/explain/explain.ts";
import { campaign, happen, mail } from "../../support/campaign.ts";
import { runCommand } from "../../support/command.ts";
import { decision } from "../../support/facts.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";

const AFTER_A_DAY = campaign({
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("call", mail, { atAnyHour: true });
  },
});
const HASH = "5f2b".repeat(16);

describe("a decision has how the address was sent, and which properties could not be read", () => {
  it.each<[Partial<Decision>, string | null]>([
    [{}, null],
    [{ address: { via: "subscriber", hash: HASH } }, "The address was the one of the Novu subscriber."],
    [
      { address: { via: "event", hash: HASH } },
      "The address was the one in the event, because the person had no other.",
    ],
    [
      { address: { via: "provider", hash: HASH } },
      "The address was sent with the message, because the Novu subscriber did not have it.",
    ],
    [{ outcome: "skipped", unreadable: ["phone", "plan"] }, "Could not be read: phone, plan."],
    [
      { address: { via: "subscriber", hash: HASH }, unreadable: ["plan"] },
      "The address was the one of the Novu subscriber. Could not be read: plan.",
    ],
  ])("%j", (changes, note) => {
    const about = { optOuts: [], withdrawals: [], subscriberAsOf: null, hasOtherRuns: false };
    const history = { runs: [], events: [], exits: [], jobs: [], ignored: [], ...about };
    const { links } = explain({ ...history, decisions: [decision(changes)] }, { person: "ada" });
    expect(links.map((link) => link.note)).toEqual([note]);
    expect(JSON.stringify(links)).not.toContain(HASH);
  });

  it("on the page of its run and of its message, and on the command line, and nowhere the hash", async () => {
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    const here = visitor(`${sandbox.app.url}/studio`);
    const uuid = happen(sandbox, "called", { plan: { name: "pro" } });
    // Too late for the job that reads persons before they are due.
    await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
    sandbox.posthog.setPerson("ada", { email: "new@example.com" });
    await sandbox.travel({ minutes: 1 });

    const [sent] = sandbox.novu.state.messages;
    expect(sent).toMatchObject({ to: "new@example.com" });
    const run = `/runs/${encodeURIComponent(`${uuid}:campaign`)}`;
    const message = `/messages/${encodeURIComponent(sent!.id)}`;
    const printed = await runCommand(sandbox, "why", ["--person", "ada"]);
    const texts = await Promise.all([run, message].flatMap((page) => [here.text(page), here.text(`/api${page}`)]));
    for (const text of [printed.stdout, ...texts]) {
      const plain = text.replaceAll("&#x27;", "'");
      expect(plain).toMatch(
        /sent with the message, because the Novu subscriber did not have it\. Could not be read: plan\./,
      );
      for (const address of ["ada@example.com", "new@example.com"]) expect(text).not.toContain(addressHash(address));
    }
  });
});
