import type { EmailProvider } from "../contracts/email-provider.ts";
import type { Experiment, RunVariant } from "../contracts/experiment.ts";
import type { MessageLink } from "../contracts/link.ts";
import type { Person } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import type { Send, Verdict } from "../contracts/send.ts";

/** What the workflows need of the rest of the house; the app provides it live, the preview as samples. */
export interface Tools {
  /** The longest single delay that the Novu plan takes, in milliseconds. */
  longestDelayMs: number;
  /** Those who send the emails for Novu. */
  emailProviders: EmailProvider[];
  now(): number;
  /** The person at this moment; null when PostHog says there is none. Throws only to be tried again. */
  person(run: Pick<Run, "transactionId" | "distinctId" | "snapshot">): Promise<Person | null>;
  /** The exit event by which this person has left the workflow since the run's event. */
  exitedBy(
    run: Pick<Run, "transactionId" | "distinctId" | "occurredAt"> & { workflow: string },
  ): Promise<string | null>;
  /** Why this message is not to go out, whatever the workflow says. */
  objectionTo(send: Send): Promise<Verdict>;
  /** Which variant this run shows of each, by flag; the same whenever it is asked. One that is not named is the default. */
  variants(
    run: Pick<Run, "transactionId" | "distinctId"> & { rehearsal: boolean },
    experiments: Experiment[],
  ): Promise<Record<string, RunVariant>>;
  /** Where the reader of a message turns its topic off. */
  unsubscribeUrl(message: Pick<Send, "transactionId" | "workflow" | "step" | "distinctId"> & { topic: string }): string;
  /** How long it is until the person's own hours, in milliseconds; 0 during them. `novuTimeZone` is what Novu has of them. */
  untilHours(person: Person["properties"], novuTimeZone: string | undefined): number;
  /** A link as it goes into a message. */
  link(url: string, message: MessageLink): string;
  /** Novu is told to ask again for a message; answers how often it has been told by now. */
  putOff(send: Pick<Send, "transactionId" | "step" | "distinctId">): Promise<number>;
  /**
   * Novu is to have the address, phone and locale that the person has shortly before so long has passed;
   * `isWrong` when a step has seen that it has another address.
   */
  refresh(
    run: Pick<Run, "transactionId" | "distinctId" | "source" | "occurredAt" | "timeZone">,
    when: { waitMs: number; isWrong: boolean },
  ): Promise<void>;
  /**
   * Something is to be heard of this run when so long has passed; `mayBeRefused` where Novu may not take the wait,
   * so that the run ends here.
   */
  expectAfter(run: Pick<Run, "transactionId">, wait: { waitMs: number; mayBeRefused: boolean }): Promise<void>;
  /** Whether the subscriber has turned on, at Novu, what the workflow has off. */
  isTurnedOn(message: Pick<Send, "workflow" | "distinctId" | "channel">): Promise<boolean>;
  /** Novu may end this run here without a word. */
  mayEndUnheard(run: Pick<Run, "transactionId" | "distinctId"> & { workflow: string }): Promise<void>;
}
