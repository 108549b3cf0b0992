import { COHORT_ENTERED, USER_INACTIVE } from "../../contracts/event.ts";
import { UsageError } from "../../lib/command.ts";
import type { CheckoutFacts, Skip } from "./checkout-facts.ts";
import { type Message, messagesOf } from "./messages.ts";
import { type Names, namesOf } from "./names.ts";

/** A workflow to write. */
export interface Order {
  names: Names;
  on: string[];
  exitOn: string[];
  /** Null for a transactional workflow. */
  topic: string | null;
  messages: Message[];
  /** The locales of the texts, the fallback first. */
  locales: string[];
  /** The condition that shows how a message is skipped; null if the fork declares no property for it. */
  skip: Skip | null;
}

interface Options {
  on: string[];
  "exit-on": string[];
  channels: string;
  topic: string | undefined;
  transactional: boolean;
}

/** The functions for the events of the app's own daily sweeps. */
const SWEPT: Record<string, string> = {
  [COHORT_ENTERED]: "cohort(42)",
  [USER_INACTIVE]: "inactivity({ days: 30 })",
};

/** Throws a UsageError for options that make no workflow. */
export function orderOf(id: string, options: Options, { topics, locales, skip }: CheckoutFacts): Order {
  const names = namesOf(id);
  const { on, "exit-on": exitOn } = options;
  if (on.length === 0) throw new UsageError(`${id} needs the event that starts it: --on EVENT`);
  for (const name of [...on, ...exitOn]) assertEvent(name);
  const both = on.find((name) => exitOn.includes(name));
  if (both !== undefined) throw new UsageError(`"${both}" cannot both start ${id} and end it`);
  const topic = topicOf(options, topics);
  return {
    ...{ names, locales, topic, skip: topic === null ? null : skip },
    on: [...new Set(on)],
    exitOn: [...new Set(exitOn)],
    messages: messagesOf(options.channels, { names, isMarketing: topic !== null }),
  };
}

function assertEvent(name: string): void {
  if (name.trim() === "") throw new UsageError("the name of an event is empty");
  const instead = SWEPT[name];
  if (instead !== undefined)
    throw new UsageError(`${name} is an event of a daily sweep: name another event, and write ${instead} in the file`);
}

function topicOf({ topic, transactional }: Options, topics: string[]): string | null {
  if (transactional && topic !== undefined)
    throw new UsageError("a transactional workflow has no topic: leave --topic or --transactional out");
  if (transactional) return null;
  const wanted = topic ?? topics[0];
  if (wanted !== undefined && topics.includes(wanted)) return wanted;
  const missing = wanted === undefined ? "there is no topic" : `there is no topic "${wanted}"`;
  throw new UsageError(
    `${missing}: --topic with one of ${topics.join(", ")} (src/workflows/topics.ts), or --transactional`,
  );
}
