import { describe, expect, it } from "vitest";
import type { NovuJobRecord, NovuMessageRecord } from "../../../src/contracts/novu.ts";
import { resultOfJobs, resultOfMessages, resultOfProvider, resultOfUnnamed } from "../../../src/outbox/novu-result.ts";

const EMAIL = { step: "welcome", channel: "email" } as const;
const SENT = { outcome: "sent", reason: null, detail: null };
const failed = (detail: string) => ({ outcome: "failed", reason: "provider failed", detail });
const lost = (detail: string) => ({ outcome: "failed", reason: "lost at Novu", detail });
const skipped = (reason: string, detail: string | null) => ({ outcome: "skipped", reason, detail });

function message(changes: Partial<NovuMessageRecord> = {}): NovuMessageRecord {
  return { transactionId: "u:w", stepId: "welcome", channel: "email", status: "sent", ...changes };
}

function job(status: string, ...details: Array<string | [detail: string, raw: string]>): NovuJobRecord {
  const all = details.map((one) => (typeof one === "string" ? { detail: one } : { detail: one[0], raw: one[1] }));
  return { id: "1", step: "welcome", type: "email", status, details: all };
}

describe("Novu's messages say of a step", () => {
  it.each([
    ["that it was sent", [message()], SENT],
    ["that one of several was sent", [message({ status: "error", errorText: "gone" }), message()], SENT],
    ["the provider's word", [message({ status: "error", errorText: "451 try later" })], failed("451 try later")],
    ["that the provider gave none", [message({ status: "error" })], failed("the provider gave no reason")],
    [
      "that there was no address",
      [message({ status: "warning", errorText: "Subscriber does not have an email address" })],
      skipped("unreachable", "Subscriber does not have an email address"),
    ],
    [
      "that there is no provider",
      [message({ status: "warning", errorText: "Subscriber does not have an active email integration not found" })],
      failed("Subscriber does not have an active email integration not found"),
    ],
    ["nothing: there is none", [], null],
    ["nothing: of another step", [message({ stepId: "another" })], null],
    ["nothing: an older Novu names no step", [message({ stepId: undefined })], null],
    ["nothing: of another channel", [message({ channel: "push" })], null],
    ["nothing: in a word that is not known", [message({ status: "queued" })], null],
  ])("%s", (_what, messages, expected) => {
    expect(resultOfMessages(EMAIL, messages)).toEqual(expected);
  });
});

it("an older Novu's messages, which name no step, say it of their channel", () => {
  expect(resultOfUnnamed(EMAIL, [message(), message({ stepId: undefined })])).toEqual(SENT);
  expect(resultOfUnnamed(EMAIL, [message(), message({ stepId: undefined, channel: "push" })])).toBeNull();
});

describe("Novu's job of a step says", () => {
  it.each<[NovuJobRecord[], object | null]>([
    ...["pending", "queued", "running", "delayed", "merged"].map((status): [NovuJobRecord[], null] => [
      [job(status)],
      null,
    ]),
    [[], null],
    [[{ ...job("failed"), step: "another" }], null],
    [[job("completed", "Message sent")], SENT],
    [
      [job("canceled", "Step queued", "Step filtered by subscriber workflow preferences")],
      skipped("opted out at Novu", "by the subscriber"),
    ],
    [
      [job("canceled", "Step filtered by subscriber global preferences")],
      skipped("opted out at Novu", "by the subscriber"),
    ],
    [[job("canceled", "Step filtered by workflow preferences")], skipped("opted out at Novu", "by the workflow")],
    [[job("canceled", "Step filtered by user preferences")], skipped("opted out at Novu", "by the workflow")],
    [[job("canceled", "Step filtered by subscriber preferences")], skipped("opted out at Novu", "by the subscriber")],
    [
      [job("canceled", "The step was skipped as it fell outside the subscriber's schedule")],
      skipped("outside the schedule", null),
    ],
    ...[
      "Subscriber missing recipient details",
      "Subscriber does not have a configured channel",
      "Subscriber is missing a phone number",
      "Subscriber credentials is missing the tokens for sending a push notification message",
      "Webhook URL for the chat channel is missing",
      "missing_push_token",
    ].map((detail): [NovuJobRecord[], object] => [[job("canceled", detail)], skipped("unreachable", detail)]),
    [
      [job("failed", "Subscriber does not have an active integration")],
      failed("Subscriber does not have an active integration"),
    ],
    [[job("failed", "Start sending message", ["Unexpected provider error", '{"message":"550 no"}'])], failed("550 no")],
    [[job("failed", ["Unexpected provider error", "not JSON"])], failed("Unexpected provider error")],
    ...[
      "sms_no_active_integration",
      "Integration with identifier twilio-1 was not found",
      "Novu's provider limit has been reached",
      "Unexpected SMS error",
      "connect ETIMEDOUT 10.0.0.1",
    ].map((detail): [NovuJobRecord[], object] => [[job("failed", detail)], failed(detail)]),
    [[job("failed", "twilio provider was selected", "Layout not found ")], lost("Layout not found ")],
    [
      [job("failed", "Step queued", ["Bridge execution failed", '{"statusCode":502,"message":"Bad Gateway"}'])],
      lost("Bridge execution failed: Bad Gateway"),
    ],
    [[job("failed", "Something that nobody has heard of")], lost("Something that nobody has heard of")],
    [[job("failed", "Step queued")], lost("the step is failed")],
    [[job("canceled")], lost("the step is canceled")],
  ])("%j: %j", (jobs, expected) => {
    expect(resultOfJobs(EMAIL, jobs)).toEqual(expected);
  });

  it("by the one that asked for the message, of several runs with one transaction id", () => {
    const jobs = [
      { ...job("canceled", "Step skipped"), id: "other" },
      { ...job("failed", "Unexpected provider error"), id: "mine" },
    ];
    expect(resultOfJobs({ ...EMAIL, jobId: "mine" }, jobs)).toEqual(failed("Unexpected provider error"));
    expect(resultOfJobs(EMAIL, [...jobs, { ...job("completed"), id: "third" }])).toEqual(SENT);
  });
});

it("keeps no address, phone number or key of what a provider says, and not all of it", () => {
  const said = `550 <ada@example.com> or +49 151 2345678 or 0151/2345678 with Bearer abc.def ${"x".repeat(300)}`;
  const { detail } = resultOfProvider(said);
  expect(detail).toMatch(/^550 <\[redacted\]> or \[redacted\] or \[redacted\] with \[redacted\] x+$/);
  expect(detail).toHaveLength(200);
});
