import type { Samples } from "../../sandbox/samples.ts";
import { demoPerson } from "./people.ts";

/**
 * The sandbox fills events and people with this data when you give none. `npm run dev` suggests the first event in this
 * list that starts a workflow.
 */
export const samples: Samples = {
  properties: {
    checkout_started: { cart_value: 120, currency: "USD" },
    user_signed_up: { signup_method: "google" },
    onboarding_stalled: { step: "connect_data" },
    onboarding_step_completed: { step: "connect_data" },
    feature_first_used: { feature_name: "alerts" },
    user_inactive: { days_inactive: 30 },
    session_ended: { key_action: "build_report", key_action_completed: false },
    subscription_upgraded: { plan: "pro" },
  },
  person: demoPerson,
};

/** The event that a fresh `npm run dev` captures. */
export const firstEvent = { event: "user_signed_up", distinctId: "ada" };
