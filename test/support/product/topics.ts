import type { Topic } from "../../../src/workflows/topics.ts";
import { texts } from "./locales.ts";

/** The topics that people of the tests' product can turn off. */
export const TOPICS = {
  getting_started: "Getting started",
  product_tips: "Tips and features",
  reminders: "Reminders of what you left open",
  offers: texts({ en: "Plans and offers", he: "תוכניות והצעות" }),
} as const;

export type TestTopic = keyof typeof TOPICS;

/** A topic of the tests' product, where a workflow asks for one of src/workflows/topics.ts. */
export function topicOf(topic: TestTopic): Topic {
  return topic as string as Topic;
}
