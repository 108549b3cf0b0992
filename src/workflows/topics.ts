import type { Text } from "../contracts/locale.ts";

/** The topics that people can opt out of, with the names that people see. Yours to change. */
export const TOPICS = {
  getting_started: { en: "Getting started", de: "Erste Schritte" },
  product_tips: { en: "Tips and features", de: "Tipps und Funktionen" },
  reminders: { en: "Reminders of what you left open", de: "Erinnerungen an Offenes" },
  offers: { en: "Plans and offers", de: "Tarife und Angebote" },
} as const satisfies Record<string, Text>;

export type Topic = keyof typeof TOPICS;
