/** The topics that people can opt out of, with the names that people see. Yours to change. */
export const TOPICS = {
  getting_started: "Getting started",
  product_tips: "Tips and features",
  reminders: "Reminders of what you left open",
  offers: "Plans and offers",
} as const;

export type Topic = keyof typeof TOPICS;
