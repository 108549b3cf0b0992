import type { PayloadSchema } from "./local-novu/state.ts";

/** Properties that make a hand-fired event fit its workflow, when nothing else is said. */
const PROPERTIES: Record<string, Record<string, unknown>> = {
  user_signed_up: { signup_method: "google" },
  onboarding_stalled: { step: "connect_data" },
  onboarding_step_completed: { step: "connect_data" },
  feature_first_used: { feature_name: "alerts" },
  checkout_started: { cart_value: 120, currency: "USD" },
  user_inactive: { days_inactive: 30 },
  session_ended: { key_action: "build_report", key_action_completed: false },
  subscription_upgraded: { plan: "pro" },
};

export function sampleProperties(event: string): Record<string, unknown> {
  return PROPERTIES[event] ?? {};
}

/** The part of an address before the @ has no more. */
const LONGEST_LOCAL_PART = 64;

/** A person by first name, with an address that reaches nobody. */
export function samplePersonProperties(distinctId: string): Record<string, unknown> {
  const name = distinctId.charAt(0).toUpperCase() + distinctId.slice(1);
  const local = distinctId.replace(/[^\w.-]/g, "").slice(0, LONGEST_LOCAL_PART);
  return { email: `${local}@example.com`, name: `${name} Example`, plan: "trial" };
}

const BY_TYPE: Record<string, unknown> = {
  string: "text",
  number: 1,
  integer: 1,
  boolean: true,
  array: [],
  object: {},
};

/** Something for every property that a payload needs. */
export function samplePayload({ properties = {}, required = [] }: PayloadSchema): Record<string, unknown> {
  const known: Record<string, unknown> = Object.assign({}, ...Object.values(PROPERTIES));
  return Object.fromEntries(
    required.map((name) => {
      const { type = "string", enum: choices, default: usual } = properties[name] ?? {};
      return [name, usual ?? known[name] ?? choices?.[0] ?? BY_TYPE[type] ?? null];
    }),
  );
}
