import type { Locale } from "./locale.ts";

/** The texts of the unsubscribe page in one locale. `topic` is the title of a topic. */
export interface UnsubscribeTexts {
  /** The button, and the link in an email whose template has none. */
  unsubscribe: string;
  unsubscribeFrom(topic: string): string;
  unsubscribeFromAll: string;
  question: string;
  belongsTo(topic: string): string;
  /** In place of `belongsTo`, for a topic that no longer exists. */
  isMarketing: string;
  isUnsubscribed: string;
  noMoreOf(topic: string): string;
  noMoreMarketing: string;
  saved: string;
  wishes(brand: string): string;
  save: string;
  stillGet: string;
  failed: string;
  refusals: Record<"unknown link" | "unknown topic" | "not complete" | "store down", string>;
}

/** The languages in which the engine has these texts. */
export type BuiltInLanguage = "en" | "de";

/** The texts for each locale in another language, and those that replace the engine's. */
export type OwnUnsubscribeTexts = Record<
  Exclude<Locale, BuiltInLanguage | `${BuiltInLanguage}-${string}`>,
  UnsubscribeTexts
> &
  Partial<Record<Locale, UnsubscribeTexts>>;
