import type { LocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import type { LocalSegment } from "../../../src/sandbox/local-segment/local-segment.ts";

/** Monday, nine o'clock. */
export const STARTS_AT = Date.parse("2026-03-02T09:00:00.000Z");
export const DAYS = 14;

interface Act {
  day: number;
  hour?: number;
  happens(sources: { posthog: LocalPostHog; segment: LocalSegment }): void;
}

const redelivered = "5f9c4b9e-7a44-4f0c-9d0e-3f8f1f0f6a01";
const registered = "node-next-1772449200000-dorothy";
const visitor = "01953f2a-7c11-7d0e-9a66-3a1de2f7b001";

/** Two weeks of eight people and a visitor, by PostHog and Segment, with redeliveries and exits. */
export const acts: Act[] = [
  { day: 0, happens: does("grace", "user_signed_up") },
  { day: 0, happens: does("linus", "user_signed_up", {}, {}, redelivered) },
  { day: 0, hour: 1, happens: ({ posthog }) => posthog.resend(redelivered) },
  { day: 0, hour: 2, happens: does("katherine", "user_signed_up", { invited_by: "Grace" }) },
  {
    day: 0,
    hour: 3,
    happens: ({ segment }) =>
      void segment.sendBatch([
        { type: "identify", userId: "dorothy", traits: { firstName: "Dorothy", email: "dorothy@example.com" } },
        { type: "track", userId: "dorothy", messageId: registered, event: "User Registered" },
      ]),
  },
  { day: 0, hour: 4, happens: ({ segment }) => segment.resend(registered) },
  { day: 1, happens: does("ada", "checkout_started", checkout(120)) },
  { day: 1, hour: 1, happens: does("margaret", "checkout_started", checkout(80)) },
  {
    day: 1,
    hour: 2,
    happens: ({ posthog }) => {
      const nobody = { $process_person_profile: false, $is_identified: false, $device_id: visitor };
      posthog.capture({ event: "checkout_started", distinctId: visitor, properties: { ...checkout(9), ...nobody } });
    },
  },
  { day: 1, hour: 20, happens: does("ada", "checkout_completed") },
  { day: 3, happens: does("grace", "onboarding_completed", {}, { onboarding_completed: true }) },
  { day: 3, hour: 5, happens: does("alan", "user_inactive", { days_inactive: 30 }) },
  { day: 4, happens: does("joan", "user_inactive", { days_inactive: 30 }) },
  {
    day: 4,
    hour: 1,
    happens: ({ segment }) => void segment.send({ type: "track", userId: "dorothy", event: "Onboarding Completed" }),
  },
  { day: 5, hour: 1, happens: does("joan", "session_started") },
  { day: 6, happens: ({ posthog }) => posthog.setPerson("katherine", { onboarding_completed: true }) },
];

function does(person: string, event: string, properties: object = {}, set: object = {}, uuid?: string): Act["happens"] {
  return ({ posthog }) => {
    posthog.capture({
      event,
      distinctId: person,
      properties: { ...properties, $set: { email: `${person}@example.com`, name: person, ...set } },
      ...(uuid !== undefined && { uuid }),
    });
  };
}

function checkout(value: number) {
  return {
    checkout_url: `https://app.testwerk.example/checkout/c_${value}?step=payment&from=email`,
    cart_value: value,
  };
}
