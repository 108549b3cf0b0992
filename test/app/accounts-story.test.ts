import { expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";
import { campaign } from "../support/campaign.ts";
import { openStory } from "../support/story.ts";

it("an invoice that failed reaches the admins of the account, until somebody pays", async () => {
  const invoice = campaign({
    id: "invoice",
    on: [event("invoice_failed")],
    exitOn: [event("invoice_paid", { same: "account_id", of: "anyone" })],
    payload: z.object({ account_id: z.string() }),
    from: ({ properties }) => ({ account_id: properties.account_id }),
    context: ({ properties }) => ({ account: properties.account_id }),
    recipients: ({ properties }) => properties.admin_ids,
    async workflow({ step, context }) {
      await step.inApp("note", () => ({ body: `The invoice of ${context.account?.id} has failed.` }));
      await step.wait("a-day", { days: 1 });
      await step.inApp("reminder", () => ({ body: "It still has." }));
    },
  });
  const people = { ada: {}, grace: {}, bob: { unsubscribed_from: ["all"] }, eve: {} };
  await using story = await openStory({ workflows: [invoice], people });
  await story.does("ada", "invoice_failed", { account_id: "acme", admin_ids: ["grace", "bob", "peter"] });
  await story.does("ada", "invoice_failed", { account_id: "globex", admin_ids: ["eve"] });
  await story.reads("grace");
  await story.does("eve", "invoice_paid", { account_id: "acme" });
  await story.until("day 2 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  bob  invoice  note  not sent: opted out: all",
    "day 0 09:00  bob  invoice  reminder  not sent: exited: invoice_paid",
    "day 0 09:00  eve  invoice  note  sent",
    "day 0 09:00  grace  invoice  note  sent",
    "day 0 09:00  grace  invoice  reminder  not sent: exited: invoice_paid",
    "day 0 09:00  peter  invoice  note  not sent: person not found",
    "day 0 09:00  peter  invoice  reminder  not sent: exited: invoice_paid",
    "day 1 09:00  eve  invoice  reminder  sent",
  ]);
  expect(story.messages("grace")).toMatchObject([{ read: true, content: { body: "The invoice of acme has failed." } }]);
});
