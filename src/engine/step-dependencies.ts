import type { EmailProvider } from "../contracts/channel.ts";
import type { RunVariant } from "../contracts/decision.ts";
import type { Person } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import type { GuardResult, MessageLink, Send } from "../contracts/send.ts";
import type { Experiment } from "./experiment.ts";

/** The functions and settings that steps need from the rest of the app: real ones for Novu's calls, sample ones for previews. */
export interface StepDependencies {
  /** The longest single delay that the Novu plan accepts, in milliseconds. */
  longestDelayMs: number;
  /** The providers that send Novu's emails. */
  emailProviders: EmailProvider[];
  now(): number;
  /** The person at this moment; null where the source has none. Throws only where a retry may help. */
  person(run: Pick<Run, "transactionId" | "distinctId" | "snapshot">): Promise<Person | null>;
  /** The exit event by which this person has exited the workflow since the run's event. */
  exitedBy(
    run: Pick<Run, "transactionId" | "distinctId" | "occurredAt"> & { workflow: string },
  ): Promise<string | null>;
  /** The guards' objection to this message. */
  objectionTo(send: Send): Promise<GuardResult>;
  /** The variant of each experiment for this run, by flag: the same at every call. A flag that is absent has its default. */
  variants(
    run: Pick<Run, "transactionId" | "distinctId"> & { rehearsal: boolean },
    experiments: Experiment[],
  ): Promise<Record<string, RunVariant>>;
  /** The page on which the reader of a message opts out of its topic. */
  unsubscribeUrl(message: Pick<Send, "transactionId" | "workflow" | "step" | "distinctId"> & { topic: string }): string;
  /** The time until the person's sending hours, in milliseconds; 0 during them. `novuTimeZone` is the subscriber's time zone. */
  untilHoursMs(person: Person["properties"], novuTimeZone: string | undefined): number;
  /** A link as it goes into a message. */
  link(url: string, message: MessageLink): string;
  /** Counts one more attempt at a message whose person could not be read, and returns the count. */
  countAttempt(send: Pick<Send, "transactionId" | "step" | "distinctId">): Promise<number>;
  /**
   * Sends Novu the person's present address, phone and locale shortly before a wait ends; `isWrong` where a step has
   * seen that Novu has another address.
   */
  refreshSubscriber(
    run: Pick<Run, "transactionId" | "distinctId" | "source" | "occurredAt" | "timeZone">,
    when: { waitMs: number; isWrong: boolean },
  ): Promise<void>;
  /** Novu's next call for this run comes after `waitMs`. `mayBeRefused`: Novu may refuse the wait, and then the run ends here. */
  expectCallAfter(
    run: Pick<Run, "transactionId" | "distinctId">,
    wait: { waitMs: number; mayBeRefused: boolean },
  ): Promise<void>;
  /** Whether the subscriber has turned this channel of the workflow on at Novu. */
  isTurnedOn(message: Pick<Send, "workflow" | "distinctId" | "channel">): Promise<boolean>;
  /** Novu may end this run at a throttle, without a call. */
  mayEndAtThrottle(run: Pick<Run, "transactionId" | "distinctId"> & { workflow: string }): Promise<void>;
}
