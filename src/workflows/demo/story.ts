import type { Sandbox } from "../../sandbox/sandbox.ts";

/** Monday, nine o'clock. */
export const STORY_STARTS_AT = Date.parse("2026-03-02T09:00:00.000Z");
export const STORY_DAYS = 14;

/** Something that happens in the story. */
export interface Act {
  /** The workflow whose way it shows; without that workflow it is left out. */
  workflow: string;
  day: number;
  hour?: number;
  says: string;
  happens(sandbox: Sandbox): void;
}

const redelivered = "5f9c4b9e-7a44-4f0c-9d0e-3f8f1f0f6a01";
/** So that the address of her run is always the same. */
const invited = "0c3f6a52-5a1e-4d39-9b55-8f1f6f0e2d03";
const registered = "node-next-1772449200000-dorothy";
const visitor = "01953f2a-7c11-7d0e-9a66-3a1de2f7b001";

/** A handful of people, each with one way that a journey can go. */
export const acts: Act[] = [
  { workflow: "onboarding", day: 0, says: "Grace signs up", happens: signsUp("grace", "Grace Hopper") },
  { workflow: "onboarding", day: 0, says: "Linus signs up", happens: signsUp("linus", "Linus Pauling", redelivered) },
  {
    workflow: "onboarding",
    day: 0,
    hour: 1,
    says: "PostHog delivers Linus's sign-up once more",
    happens: ({ posthog }) => posthog.resend(redelivered),
  },
  {
    workflow: "onboarding",
    day: 0,
    hour: 2,
    says: "Katherine signs up, invited by Grace",
    happens: signsUp("katherine", "Katherine Johnson", invited, { invited_by: "Grace" }),
  },
  {
    workflow: "onboarding",
    day: 0,
    hour: 3,
    says: "Dorothy registers, and Segment tells of it",
    happens: ({ segment }) =>
      void segment.sendBatch([
        { type: "identify", userId: "dorothy", traits: { firstName: "Dorothy", email: "dorothy@example.com" } },
        { type: "track", userId: "dorothy", messageId: registered, event: "User Registered" },
      ]),
  },
  {
    workflow: "onboarding",
    day: 0,
    hour: 4,
    says: "Segment delivers that once more",
    happens: ({ segment }) => segment.resend(registered),
  },
  { workflow: "drop-off", day: 1, says: "Ada starts a checkout", happens: startsCheckout("ada", "Ada Lovelace", 120) },
  {
    workflow: "drop-off",
    day: 1,
    hour: 1,
    says: "Margaret starts a checkout",
    happens: startsCheckout("margaret", "Margaret Hamilton", 80),
  },
  {
    workflow: "drop-off",
    day: 1,
    hour: 2,
    says: "A visitor who is nobody yet starts a checkout",
    happens: ({ posthog }) => {
      const properties = {
        checkout_url: "https://app.acme.example/checkout/c_9",
        $process_person_profile: false,
        $is_identified: false,
        $device_id: visitor,
      };
      posthog.capture({ event: "checkout_started", distinctId: visitor, properties });
    },
  },
  {
    workflow: "drop-off",
    day: 1,
    hour: 20,
    says: "Ada completes her checkout",
    happens: ({ posthog }) => void posthog.capture({ event: "checkout_completed", distinctId: "ada" }),
  },
  {
    workflow: "onboarding",
    day: 3,
    says: "Grace completes onboarding",
    happens: ({ posthog }) =>
      void posthog.capture({
        event: "onboarding_completed",
        distinctId: "grace",
        properties: { $set: { onboarding_completed: true } },
      }),
  },
  {
    workflow: "re-engagement",
    day: 3,
    hour: 5,
    says: "Alan has been away for 30 days",
    happens: goesQuiet("alan", "Alan Turing", ["alerts"]),
  },
  {
    workflow: "re-engagement",
    day: 4,
    says: "Joan has been away for 30 days",
    happens: goesQuiet("joan", "Joan Clarke", []),
  },
  {
    workflow: "onboarding",
    day: 4,
    hour: 1,
    says: "Dorothy completes onboarding, Segment says",
    happens: ({ segment }) => void segment.send({ type: "track", userId: "dorothy", event: "Onboarding Completed" }),
  },
  {
    workflow: "re-engagement",
    day: 5,
    hour: 1,
    says: "Joan is back",
    happens: ({ posthog }) => void posthog.capture({ event: "session_started", distinctId: "joan" }),
  },
  {
    workflow: "onboarding",
    day: 6,
    says: "Katherine is set up by an import: PostHog knows, no event says so",
    happens: ({ posthog }) => posthog.setPerson("katherine", { onboarding_completed: true }),
  },
];

/** When, who, which workflow and step, and the outcome. */
type Row = readonly [moment: string, person: string, workflow: string, step: string, outcome: string];

/** What the story must come to: who was sent what when, and why the rest was not. */
export const expected: Row[] = [
  ["day 0 09:00", "grace", "onboarding", "welcome", "sent"],
  ["day 0 09:00", "grace", "onboarding", "welcome-note", "sent"],
  ["day 0 09:00", "linus", "onboarding", "welcome", "sent"],
  ["day 0 09:00", "linus", "onboarding", "welcome-note", "sent"],
  ["day 0 11:00", "katherine", "onboarding", "welcome", "sent"],
  ["day 0 11:00", "katherine", "onboarding", "welcome-note", "sent"],
  ["day 0 12:00", "dorothy", "onboarding", "welcome", "sent"],
  ["day 0 12:00", "dorothy", "onboarding", "welcome-note", "sent"],
  ["day 1 10:00", "ada", "drop-off", "checkout-note", "sent"],
  ["day 1 11:00", "margaret", "drop-off", "checkout-note", "sent"],
  ["day 2 05:00", "ada", "drop-off", "recovery", "not sent: exited: checkout_completed"],
  ["day 2 09:00", "grace", "onboarding", "setup-nudge", "sent"],
  ["day 2 09:00", "linus", "onboarding", "setup-nudge", "sent"],
  ["day 2 10:00", "margaret", "drop-off", "recovery", "sent"],
  ["day 2 11:00", "katherine", "onboarding", "setup-nudge", "sent"],
  ["day 2 12:00", "dorothy", "onboarding", "setup-nudge", "sent"],
  ["day 3 09:00", "grace", "onboarding", "feature-spotlight", "not sent: exited: onboarding_completed"],
  ["day 3 09:00", "grace", "onboarding", "check-in", "not sent: exited: onboarding_completed"],
  ["day 3 14:00", "alan", "re-engagement", "feature-note", "sent"],
  ["day 4 09:00", "joan", "re-engagement", "feature-note", "sent"],
  ["day 4 10:00", "dorothy", "onboarding", "feature-spotlight", "not sent: exited: onboarding_completed"],
  ["day 4 10:00", "dorothy", "onboarding", "check-in", "not sent: exited: onboarding_completed"],
  ["day 5 09:00", "linus", "onboarding", "feature-spotlight", "sent"],
  ["day 5 10:00", "joan", "re-engagement", "feature-email", "not sent: exited: session_started"],
  ["day 5 10:00", "joan", "re-engagement", "last-email", "not sent: exited: session_started"],
  ["day 5 10:00", "joan", "re-engagement", "last-sms", "not sent: exited: session_started"],
  ["day 5 10:00", "joan", "re-engagement", "last-chat", "not sent: exited: session_started"],
  ["day 5 11:00", "katherine", "onboarding", "feature-spotlight", "sent"],
  ["day 5 14:00", "alan", "re-engagement", "feature-email", "sent"],
  ["day 10 09:00", "linus", "onboarding", "check-in", "sent"],
  ["day 10 11:00", "katherine", "onboarding", "check-in", "not sent: not needed: onboarding is completed"],
  ["day 10 14:00", "alan", "re-engagement", "last-email", "sent"],
  ["day 10 14:00", "alan", "re-engagement", "last-sms", "not sent: not needed: has not chosen sms"],
  ["day 10 14:00", "alan", "re-engagement", "last-chat", "not sent: not needed: has not chosen chat"],
];

/** What nobody would guess from the events alone: she finished the set-up, and none of them said so. */
export const surprise = { distinctId: "katherine", workflow: "onboarding", step: "check-in" };

function signsUp(
  person: string,
  name: string,
  uuid?: string,
  properties: Record<string, unknown> = {},
): Act["happens"] {
  return ({ posthog }) => {
    posthog.capture({
      event: "user_signed_up",
      distinctId: person,
      ...(uuid !== undefined && { uuid }),
      properties: { ...properties, $set: { email: `${person}@example.com`, name, plan: "trial" } },
    });
  };
}

function startsCheckout(person: string, name: string, value: number): Act["happens"] {
  return ({ posthog }) => {
    const properties = {
      checkout_url: `https://app.acme.example/checkout/c_${value}?step=payment&from=email`,
      cart_value: value,
      $set: { email: `${person}@example.com`, name },
    };
    posthog.capture({ event: "checkout_started", distinctId: person, properties });
  };
}

function goesQuiet(person: string, name: string, featuresUsed: string[]): Act["happens"] {
  return ({ posthog }) => {
    posthog.capture({
      event: "user_inactive",
      distinctId: person,
      properties: { days_inactive: 30, $set: { email: `${person}@example.com`, name, features_used: featuresUsed } },
    });
  };
}
