import type { Product } from "../../../src/contracts/product.ts";
import type { LifecycleWorkflow } from "../../../src/engine/lifecycle.ts";
import { BRAND, COLOURS } from "./brand.ts";
import { dropOff } from "./drop-off.tsx";
import { LOCALES, UNSUBSCRIBE_TEXTS } from "./locales.ts";
import { onboarding } from "./onboarding.tsx";
import { reEngagement } from "./re-engagement.tsx";
import { sessionDropOff } from "./session-drop-off.tsx";
import { TOPICS } from "./topics.ts";
import { upgrade } from "./upgrade.tsx";

/**
 * The workflows and the brand of the engine's tests. They are separate from the fork's own, so a change of
 * src/workflows, emails or the brand breaks no test of the engine.
 */
export const testProduct: Product<LifecycleWorkflow> = {
  workflows: [onboarding, dropOff, sessionDropOff, reEngagement, upgrade],
  brand: BRAND,
  colours: COLOURS,
  topics: TOPICS,
  locales: LOCALES,
  unsubscribeTexts: UNSUBSCRIBE_TEXTS,
  segmentNames: new Map([
    ["User Registered", "user_signed_up"],
    ["Onboarding Completed", "onboarding_completed"],
    ["Checkout Started", "checkout_started"],
    ["Order Completed", "checkout_completed"],
    ["Session Ended", "session_ended"],
    ["Application Opened", "session_started"],
    ["Viewed Pricing Page", "pricing_page_viewed"],
  ]),
  samplePerson: { email: "ada@example.com", name: "Ada Lovelace", $timezone: "Europe/Berlin" },
};

/** The same with other workflows. */
export function productOf(workflows: LifecycleWorkflow[]): Product<LifecycleWorkflow> {
  return { ...testProduct, workflows };
}
