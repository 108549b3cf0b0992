import { brand } from "../../../emails/_components/brand.ts";
import type { DemoStory, ExpectedDecision, Scene } from "../../sandbox/demo/demo-story.ts";
import { demoPerson } from "./people.ts";

const REDELIVERED_SIGN_UP = "5f9c4b9e-7a44-4f0c-9d0e-3f8f1f0f6a01";
/** Fixed, so that the URL of Katherine's run never changes. */
const INVITED_SIGN_UP = "0c3f6a52-5a1e-4d39-9b55-8f1f6f0e2d03";
const SEGMENT_SIGN_UP = "node-next-1772449200000-dorothy";
const VISITOR = "01953f2a-7c11-7d0e-9a66-3a1de2f7b001";

const scenes: Scene[] = [
  { workflow: "onboarding", day: 0, text: "Grace signs up", play: signsUp("grace") },
  { workflow: "onboarding", day: 0, text: "Linus signs up", play: signsUp("linus", REDELIVERED_SIGN_UP) },
  {
    workflow: "onboarding",
    day: 0,
    hour: 1,
    text: "PostHog delivers Linus's sign-up again",
    play: ({ posthog }) => posthog.resend(REDELIVERED_SIGN_UP),
  },
  {
    workflow: "onboarding",
    day: 0,
    hour: 2,
    text: "Katherine signs up, invited by Grace",
    play: signsUp("katherine", INVITED_SIGN_UP, { invited_by: "Grace" }),
  },
  {
    workflow: "onboarding",
    day: 0,
    hour: 3,
    text: "Dorothy registers, reported by Segment",
    play: ({ segment }) =>
      void segment.sendBatch([
        { type: "identify", userId: "dorothy", traits: { firstName: "Dorothy", email: "dorothy@example.com" } },
        { type: "track", userId: "dorothy", messageId: SEGMENT_SIGN_UP, event: "User Registered" },
      ]),
  },
  {
    workflow: "onboarding",
    day: 0,
    hour: 4,
    text: "Segment delivers Dorothy's sign-up again",
    play: ({ segment }) => segment.resend(SEGMENT_SIGN_UP),
  },
  { workflow: "drop-off", day: 1, text: "Ada starts a checkout", play: startsCheckout("ada", 120) },
  {
    workflow: "drop-off",
    day: 1,
    hour: 1,
    text: "Margaret starts a checkout",
    play: startsCheckout("margaret", 80),
  },
  {
    workflow: "drop-off",
    day: 1,
    hour: 2,
    text: "An anonymous visitor starts a checkout",
    play: ({ posthog }) => {
      const properties = {
        checkout_url: `${brand.appUrl}/checkout/c_9`,
        $process_person_profile: false,
        $is_identified: false,
        $device_id: VISITOR,
      };
      posthog.capture({ event: "checkout_started", distinctId: VISITOR, properties });
    },
  },
  {
    workflow: "drop-off",
    day: 1,
    hour: 20,
    text: "Ada completes her checkout",
    play: ({ posthog }) => void posthog.capture({ event: "checkout_completed", distinctId: "ada" }),
  },
  {
    workflow: "onboarding",
    day: 3,
    text: "Grace completes onboarding",
    play: ({ posthog }) =>
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
    text: "Alan has been away for 30 days",
    play: goesQuiet("alan", ["alerts"]),
  },
  {
    workflow: "re-engagement",
    day: 4,
    text: "Joan has been away for 30 days",
    play: goesQuiet("joan", []),
  },
  {
    workflow: "onboarding",
    day: 4,
    hour: 1,
    text: "Dorothy completes onboarding, reported by Segment",
    play: ({ segment }) => void segment.send({ type: "track", userId: "dorothy", event: "Onboarding Completed" }),
  },
  {
    workflow: "re-engagement",
    day: 5,
    hour: 1,
    text: "Joan is back",
    play: ({ posthog }) => void posthog.capture({ event: "session_started", distinctId: "joan" }),
  },
  {
    workflow: "onboarding",
    day: 6,
    text: "An import completes Katherine's onboarding in PostHog, without an event",
    play: ({ posthog }) => posthog.setPerson("katherine", { onboarding_completed: true }),
  },
];

const expected: ExpectedDecision[] = [
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

/** A few people, each with a different course of a workflow. */
export const story: DemoStory = {
  // This day is a Monday.
  startsAt: Date.parse("2026-03-02T09:00:00.000Z"),
  days: 14,
  scenes,
  expected,
  surprise: { distinctId: "katherine", workflow: "onboarding", step: "check-in" },
};

function signsUp(distinctId: string, uuid?: string, properties: Record<string, unknown> = {}): Scene["play"] {
  return ({ posthog }) => {
    posthog.capture({
      event: "user_signed_up",
      distinctId,
      ...(uuid !== undefined && { uuid }),
      properties: { ...properties, $set: demoPerson(distinctId) },
    });
  };
}

function startsCheckout(distinctId: string, value: number): Scene["play"] {
  return ({ posthog }) => {
    const { email, name } = demoPerson(distinctId);
    const properties = {
      checkout_url: `${brand.appUrl}/checkout/c_${value}?step=payment&from=email`,
      cart_value: value,
      $set: { email, name },
    };
    posthog.capture({ event: "checkout_started", distinctId, properties });
  };
}

function goesQuiet(distinctId: string, featuresUsed: string[]): Scene["play"] {
  return ({ posthog }) => {
    const { email, name } = demoPerson(distinctId);
    posthog.capture({
      event: "user_inactive",
      distinctId,
      properties: { days_inactive: 30, $set: { email, name, features_used: featuresUsed } },
    });
  };
}
