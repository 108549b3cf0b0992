import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { testSandbox } from "../../support/sandbox.ts";

/** Somebody for each of these signs up; what each is written at once, in the order of the list. */
async function emailsTo(people: Array<{ person?: object; event?: object }>): Promise<string[]> {
  await using sandbox = await testSandbox();
  for (const [index, { person, event }] of people.entries()) {
    const $set = { email: `p${index}@example.com`, ...person };
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: `p${index}`, properties: { ...event, $set } });
  }
  await sandbox.settled();
  return people.map((_, index) => emailTo(sandbox, `p${index}`));
}

function emailTo({ novu }: Sandbox, person: string): string {
  const email = novu.state.messages.find(({ channel, subscriberId }) => channel === "email" && subscriberId === person);
  return String(email?.content.body);
}

const greetingIn = (body: string) => />(Hi[^<]*)</.exec(body)?.[1];
const LURE = "Claim your 500 EUR prize now: https://evil.example/win";

describe("the greeting", () => {
  it("is by a name, whatever a person is called at the source", async () => {
    const greetings: Array<[person: object, greeting: string]> = [
      [{ name: "Ada Lovelace" }, "Hi Ada,"],
      [{ name: "Lovelace, Ada" }, "Hi Ada,"],
      [{ first_name: "Ada" }, "Hi Ada,"],
      [{ first_name: "Mary Ann", name: "Mary Ann Evans" }, "Hi Mary Ann,"],
      [{ name: "null null" }, "Hi,"],
      [{ name: "undefined" }, "Hi,"],
      [{ name: "N/A" }, "Hi,"],
      [{ name: "-" }, "Hi,"],
      [{ name: "ada@example.com" }, "Hi,"],
      [{ name: "https://evil.example/win" }, "Hi,"],
      [{ name: LURE }, "Hi,"],
      [{ first_name: "evil.example", name: "Ada Lovelace" }, "Hi Ada,"],
      [{}, "Hi,"],
    ];
    const bodies = await emailsTo(greetings.map(([person]) => ({ person })));
    expect(bodies.map(greetingIn)).toEqual(greetings.map(([, greeting]) => greeting));
    expect(bodies.join()).not.toContain("evil.example");
  });

  it("is the same from Segment, and the name that Novu is told", async () => {
    await using sandbox = await testSandbox();
    for (const [userId, traits] of Object.entries({ ada: { firstName: "Ada" }, bob: { name: LURE, lastName: LURE } })) {
      sandbox.segment.send({ type: "identify", userId, traits: { ...traits, email: `${userId}@example.com` } });
      sandbox.segment.send({ type: "track", userId, event: "User Registered" });
    }
    await sandbox.settled();
    expect(["ada", "bob"].map((person) => greetingIn(emailTo(sandbox, person)))).toEqual(["Hi Ada,", "Hi,"]);
    expect(["ada", "bob"].map((id) => sandbox.novu.state.subscribers[id]?.firstName)).toEqual(["Ada", undefined]);
    expect(JSON.stringify([sandbox.novu.state.subscribers, sandbox.novu.state.messages])).not.toContain("evil.example");
  });
});

describe("who has invited somebody", () => {
  it("is said when it is a name, and else left out", async () => {
    const invitations: Array<[invited_by: unknown, isShown: boolean]> = [
      ["Grace Hopper", true],
      ["Acme Inc.", true],
      [LURE, false],
      ["evil.example", false],
      ["You have won a prize", false],
      ["null", false],
      [42, false],
      [null, false],
      [{ name: "Grace" }, false],
      [["Grace"], false],
      ["G".repeat(41), false],
    ];
    const bodies = await emailsTo(invitations.map(([invited_by]) => ({ event: { invited_by } })));
    expect(bodies.map((body) => body.includes("has invited you."))).toEqual(invitations.map(([, isShown]) => isShown));
    expect(bodies.join()).not.toMatch(/evil|You have won|null/);
  });
});
