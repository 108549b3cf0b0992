import type { Product } from "../contracts/product.ts";

/** The person in the previews of Novu's dashboard. */
export const samplePerson: Product<never>["samplePerson"] = {
  email: "ada@example.com",
  name: "Ada Lovelace",
  plan: "trial",
  onboarding_completed: false,
  onboarding_step: "connect_data",
  features_used: [],
  $timezone: "Europe/Berlin",
  $geoip_time_zone: "Europe/Berlin",
};
