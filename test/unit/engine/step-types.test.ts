import { it } from "vitest";
import { z } from "zod";
import type { GuardedStep } from "../../../src/engine/guarded-step.ts";
import { mail } from "../../support/campaign.ts";

// `npm run typecheck` checks this file: each line below a `@ts-expect-error` has to be wrong.

it("accepts what a workflow may write, and no more", () => {
  const declare = async (step: GuardedStep) => {
    await step.email("all", () => ({
      ...{ ...mail(), from: { name: "Ada" }, replyTo: "a@example.com", preheader: "p" },
      attachments: [{ name: "a.txt", content: new Uint8Array() }],
    }));
    await step.email("either", ({ person }) => (person.plan === "pro" ? mail() : { ...mail(), replyTo: "a@b.c" }));
    await step.email("controls", ({ controls }) => ({ ...mail(), subject: controls.subject }), {
      controlSchema: z.object({ subject: z.string() }),
    });
    await step.chat("text", () => ({ body: "b" }));
    await step.inApp("note", () => ({ subject: "s", body: "b", data: { any: "thing" } }));
    await step.delay("cron", () => ({ type: "timed", cron: "0 9 * * *", extendToSchedule: true }));
    await step.until("date", async () => null, { atMost: { days: 1 }, ifPast: "go on" });
    (await step.custom("all", z.object({ n: z.number() }), () => ({ n: 1 }))).n.toFixed();

    // @ts-expect-error an email has no copies
    await step.email("unknown", () => ({ ...mail(), cc: "x@example.com" }));
    // @ts-expect-error nor has one that comes later
    await step.email("unknown", async () => ({ ...mail(), useProviderDefaults: true }));
    // @ts-expect-error a push message has no image
    await step.push("unknown", () => ({ subject: "s", body: "b", image: "i" }));
    // @ts-expect-error an SMS has no subject
    await step.sms("unknown", () => ({ subject: "s", body: "b" }));
    // @ts-expect-error a note has no icon
    await step.inApp("unknown", () => ({ body: "b", icon: "i" }));
    await step.inApp("kept", () => ({ body: "b" }), { keepAfterExit: true });
    // @ts-expect-error an email cannot be withdrawn
    await step.email("kept", mail, { keepAfterExit: true });
    // @ts-expect-error no such control
    await step.email("control", ({ controls }) => ({ ...mail(), subject: controls.title }), {
      controlSchema: z.object({ subject: z.string() }),
    });
    // @ts-expect-error Novu publishes a JSON schema, and this app makes it from zod
    await step.delay("controls", () => ({ amount: 1, unit: "days" }), { controlSchema: { type: "object" } });
    // @ts-expect-error a provider of another channel
    await step.sms("provider", () => ({ body: "b" }), { providers: { sendgrid: () => ({}) } });
    // @ts-expect-error a length from a function needs its limit
    await step.wait("days", () => ({ days: 1 }));
    // @ts-expect-error a skipped step has no fields
    (await step.custom("n", z.object({ n: z.number() }), () => ({ n: 1 }), { skip: () => true })).n.toFixed();
  };
  return typeof declare;
});
