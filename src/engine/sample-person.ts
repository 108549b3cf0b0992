import type { Person } from "../contracts/person.ts";

/** Who previews are made for: nobody is asked, and nobody real is shown. */
export const samplePerson: Person = {
  distinctId: "sample",
  source: "sample",
  unreadable: [],
  properties: {
    email: "ada@example.com",
    name: "Ada Lovelace",
    first_name: undefined,
    last_name: undefined,
    phone: undefined,
    avatar: undefined,
    locale: "en-US",
    plan: "trial",
    unsubscribed_from: undefined,
    push_enabled: undefined,
    chat_connected: undefined,
    preferred_channel: undefined,
    onboarding_completed: false,
    onboarding_step: "connect_data",
    features_used: [],
    last_active_at: undefined,
    last_purchase_at: undefined,
    $timezone: "Europe/Berlin",
    $geoip_time_zone: "Europe/Berlin",
  },
};
