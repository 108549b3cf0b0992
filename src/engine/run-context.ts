import { z } from "zod";
import type { CallFacts } from "../contracts/call.ts";
import type { Channel, EmailProvider } from "../contracts/channel.ts";
import type { Decision, RunVariant } from "../contracts/decision.ts";
import type { Locale, Locales } from "../contracts/locale.ts";
import { type Person, readPerson } from "../contracts/person.ts";
import { Run, type RunKey } from "../contracts/run.ts";
import type { GuardResult, MessageLink, Send } from "../contracts/send.ts";
import type { Experiment, Experiments } from "./experiment.ts";
import type { NovuInput } from "./guarded-step.ts";
import type { NovuSchema } from "./novu-schema.ts";

/**
 * The rule for a person who cannot be read now: send with the event's snapshot, or let Novu retry the step and, after
 * the last retry, send or skip.
 */
export type WhenPersonUnavailable = "send" | { hold: "then send" | "then skip" };

/** The rules for all messages of a workflow. */
export interface Rules extends Pick<Send, "topic" | "holdout"> {
  workflow: string;
  whenPersonUnavailable: WhenPersonUnavailable;
  /** The channels that the workflow's own preferences have off; a subscriber may turn them on, unless `isLocked`. */
  off: { channels: Channel[]; isLocked: boolean };
  experiments: Experiments;
  /** The names of the waits for events. */
  waits: string[];
  /** The published controls of each step that was called. */
  published: Map<string, NovuSchema>;
}

export type EarlierDecision = Pick<Decision, "step" | "outcome" | "reason">;

/** One run of a workflow in one bridge call, as its steps see it. */
export interface RunContext {
  run: CurrentRun;
  rules: Rules;
  deps: StepDependencies;
  payload: Record<string, unknown>;
  /** The subscriber's time zone at Novu. */
  novuTimeZone: string | undefined;
  /** The subscriber's locale at Novu. */
  novuLocale: string | undefined;
  /** The subscriber's addresses at Novu. */
  addresses: Send["addresses"];
  /** Read once per bridge call. */
  person(): Promise<Person | null>;
  facts: CallFacts;
  /** The decisions about the run's earlier messages; read once per bridge call. */
  earlier(): Promise<EarlierDecision[]>;
  /** Why a wait has ended the run, so that no later message is sent; null while the run goes on. */
  ended: string | null;
  /** The person's other runs that a digest has put into this one, with the exit event that has ended the run. */
  digested: Array<Run & { exit: string | null }>;
}

/** The run in the published payload schema: any object, or none. The app adds the run to each trigger. */
export const RunInPayload = z.looseObject({}).optional().meta({ description: "Filled in by the bridge" });

/** The run of a bridge call. `isTest`: a colleague triggered it in Novu's dashboard, so the payload has no run. */
type CurrentRun = Run & { workflow: string; isTest: boolean };

export function runOf(
  { payload, subscriber }: NovuInput,
  { workflow, now }: { workflow: string; now: number },
): CurrentRun {
  const facts = RunInPayload.parse(payload.run);
  // A run that cannot be parsed throws. If it counted as a test, its messages would be sent without guards.
  if (facts?.transactionId !== undefined) {
    const run = Run.parse(facts);
    // An earlier version of the code, with other property types, may have made the snapshot.
    return { ...run, snapshot: readPerson({ ...run.snapshot }).properties, workflow, isTest: false };
  }

  const distinctId = subscriber?.subscriberId ?? "";
  return {
    workflow,
    isTest: true,
    transactionId: "",
    eventUuid: "",
    eventName: "",
    source: "posthog",
    distinctId,
    occurredAt: new Date(now).toISOString(),
    snapshot: readPerson({ email: subscriber?.email, name: subscriber?.firstName }).properties,
  };
}

/** The fields of a call's subscriber that the engine reads. Novu sends more fields than the framework's type has. */
export function novuSubscriber(subscriber: object | undefined): {
  addresses: Send["addresses"];
  timeZone: string | undefined;
  locale: string | undefined;
} {
  const { email, phone, channels, timezone, locale } = (subscriber ?? {}) as Pick<
    Send["addresses"],
    "email" | "phone"
  > & {
    channels?: unknown;
    timezone?: unknown;
    locale?: unknown;
  };
  return {
    addresses: {
      email,
      phone,
      channels: Array.isArray(channels) ? channels.filter((one) => typeof one === "object" && one !== null) : undefined,
    },
    timeZone: typeof timezone === "string" ? timezone : undefined,
    locale: typeof locale === "string" ? locale : undefined,
  };
}

/** The functions and settings that steps need from the app. Previews have sample functions. */
export interface StepDependencies {
  /** The longest single delay that the Novu plan accepts, in milliseconds. */
  longestDelayMs: number;
  /** The providers that send Novu's emails. */
  emailProviders: EmailProvider[];
  /** Whether a person without an address at the source is reached at the address that Novu has. */
  usesNovuAddresses: boolean;
  locales: Locales;
  now(): number;
  /** The person at this moment; null where the source has none. Throws only where a retry may help. */
  person(run: RunKey & Pick<Run, "snapshot">): Promise<Person | null>;
  /** The reason why a person counts as internal by the address; null for a customer. */
  whyInternal(person: Pick<Person, "properties">): string | null;
  /** The exit event by which this person has exited the workflow since the run's event; null if there is none. */
  exitedBy(run: RunKey & { occurredAt: string; workflow: string }): Promise<string | null>;
  /** The guards' objection to this message. */
  guard(send: Send): Promise<GuardResult>;
  /** The variant of each experiment for this run, by flag, the same in every call. An absent flag has the default. */
  variants(run: RunKey & { isTest: boolean }, experiments: Experiment[]): Promise<Record<string, RunVariant>>;
  /** The page on which the reader of a message opts out of its topic, in the locale of the message. */
  unsubscribeUrl(
    message: Pick<Send, "transactionId" | "workflow" | "step" | "distinctId"> & { topic: string; locale: Locale },
  ): string;
  /** The text of a link to that page, for an email whose template has none. */
  unsubscribeText(locale: Locale): string;
  /** Milliseconds until the person's sending hours; 0 during them. `novuTimeZone` is the subscriber's time zone. */
  untilHoursMs(person: Person["properties"], novuTimeZone: string | undefined): number;
  /** The link for a message, with `utm_…` and a redirect that reports clicks. */
  link(url: string, message: MessageLink): string;
  /** Counts one more attempt at a message whose person could not be read, and returns the count. */
  countAttempt(send: Pick<Send, "transactionId" | "step" | "distinctId">): Promise<number>;
  /**
   * Sends Novu the person's present address, phone and locale shortly before a wait ends. `isWrong`: a step has seen
   * that Novu has a wrong address.
   */
  refreshSubscriber(
    run: RunKey & Pick<Run, "source" | "occurredAt" | "timeZone">,
    when: { waitMs: number; isWrong: boolean },
  ): Promise<void>;
  /** Expects Novu's next call for this run after `waitMs`. `mayBeRefused`: Novu may refuse the wait and end the run. */
  expectCallAfter(run: RunKey, wait: { waitMs: number; mayBeRefused: boolean }): Promise<void>;
  /** Whether the subscriber has turned this channel of the workflow on at Novu. */
  isTurnedOn(message: Pick<Send, "workflow" | "distinctId" | "channel">): Promise<boolean>;
  /** The decisions about the run's messages. */
  decisionsOf(transactionId: string): Promise<EarlierDecision[]>;
  /** The values that steps of the run have saved, by step. */
  savedValues(transactionId: string): Promise<Record<string, unknown>>;
  /** Saves a value for a step, and returns the first value that was saved for it. */
  saveValue(step: RunKey & { step: string }, value: unknown): Promise<unknown>;
  /** Records that Novu may end this run at a throttle, which Novu does not report. */
  mayEndAtThrottle(run: RunKey & { workflow: string }): Promise<void>;
}
