import type { Samples } from "../../src/sandbox/samples.ts";

/** For the workflows of the tests. */
export const testSamples: Samples = {
  properties: {
    checkout_started: { cart_value: 120, currency: "USD" },
    session_ended: { key_action: "build_report", key_action_completed: false },
    subscription_upgraded: { plan: "pro" },
    user_inactive: { days_inactive: 30 },
  },
  person: (distinctId) => ({
    email: `${distinctId.replace(/[^\w.-]/g, "").slice(0, 64)}@example.com`,
    name: `${distinctId.charAt(0).toUpperCase()}${distinctId.slice(1)} Example`,
  }),
};
