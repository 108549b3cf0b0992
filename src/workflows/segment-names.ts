/**
 * Event names: on the left the name at Segment, on the right the name in the workflows. Yours to change. An event that
 * is not in the list keeps its name. A page or screen call with a name counts as the event "Viewed <name> Page" or
 * "Viewed <name> Screen", as in Segment's destinations.
 * Source: https://www.twilio.com/docs/segment/connections/spec/track#event
 */
const NAMES: Record<string, string> = {
  "User Registered": "user_signed_up",
  "User Signed Up": "user_signed_up",
  "Signed Up": "user_signed_up",
  "Onboarding Stalled": "onboarding_stalled",
  "Onboarding Step Completed": "onboarding_step_completed",
  "Onboarding Completed": "onboarding_completed",
  "Feature First Used": "feature_first_used",
  "Dashboard First Viewed": "dashboard_first_viewed",
  "Checkout Started": "checkout_started",
  "Checkout Completed": "checkout_completed",
  "Order Completed": "checkout_completed",
  "Session Started": "session_started",
  "Application Opened": "session_started",
  "Session Ended": "session_ended",
  "Key Action Completed": "key_action_completed",
  "Pricing Page Viewed": "pricing_page_viewed",
  "Viewed Pricing Page": "pricing_page_viewed",
  "Trial Day 12": "trial_day_12",
  "Subscription Upgraded": "subscription_upgraded",
  "User Inactive": "user_inactive",
};

/** The name in the workflows, by the name at Segment. */
export const SEGMENT_NAMES: ReadonlyMap<string, string> = new Map(Object.entries(NAMES));
