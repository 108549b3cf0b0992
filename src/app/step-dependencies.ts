import type { Config } from "../config.ts";
import type { FlagValue } from "../contracts/decision.ts";
import { CALL_WITHIN_MS } from "../contracts/job.ts";
import { NOVU_PLANS } from "../contracts/novu.ts";
import { readPerson } from "../contracts/person.ts";
import type { Product } from "../contracts/product.ts";
import type { MessageLink } from "../contracts/send.ts";
import { createRunVariants } from "../engine/experiment.ts";
import { createPersonNow, type Persons } from "../engine/person-now.ts";
import type { StepDependencies } from "../engine/run-context.ts";
import { createGuards } from "../guards/guards.ts";
import { timeZoneOf, untilWindow } from "../guards/hours.ts";
import { valueWithin } from "../lib/clock.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../lib/durations.ts";
import type { Links } from "../links/links.ts";
import { whyInternal } from "../routing/recipients.ts";
import { createFlagReader } from "../sources/posthog/flags.ts";
import type { Context } from "./context.ts";
import type { Novu } from "./novu.ts";
import type { OptOuts } from "./opt-outs.ts";

/** The longest read of a preference at Novu: a part of the time that Novu waits for a step. */
const PREFERENCES_WITHIN_MS = SECOND_MS;
/** Novu retries a step for 7 s at most, so a run without a call within this time has ended at the throttle. */
const THROTTLED_WITHIN_MS = 10 * MINUTE_MS;
/** Within this time Novu has accepted or refused a wait. */
const REFUSED_WITHIN_MS = 5 * MINUTE_MS;
/** A person is read this long before the next message, in one call with many others. */
const REFRESH_BEFORE_MS = MINUTE_MS;
/** The refresh of a person who cannot be read ends this long after the message. */
const REFRESH_AFTER_MS = HOUR_MS;
/** Persons that are due within this time are read in one call. */
export const TOGETHER_MS = 15 * SECOND_MS;
/** The wait for the sending hours in a preview. */
const SAMPLE_WAIT_MS = HOUR_MS;

/** The dependencies of the steps that Novu calls. */
export function liveDependencies(
  { config, product, store, metrics, now, log }: Context,
  {
    persons,
    links,
    optOuts,
    novu: { isTurnedOn },
  }: {
    persons: Persons;
    links: Pick<Links, "link">;
    optOuts: Pick<OptOuts, "unsubscribeUrl" | "unsubscribeText">;
    novu: Novu;
  },
): StepDependencies {
  const { marketing, novu, posthog, emailProviders, usesNovuAddresses, internalUsers } = config;
  const { topics } = product;
  const flags = product.workflows.flatMap((workflow) => workflow.flags);
  const flagsOf =
    posthog === null ? noFlags : createFlagReader({ posthog, now, flags: [marketing.holdout ?? [], flags].flat() });
  return {
    longestDelayMs: NOVU_PLANS[novu.plan].longestDelayMs,
    now,
    emailProviders,
    usesNovuAddresses,
    locales: product.locales,
    unsubscribeUrl: optOuts.unsubscribeUrl,
    unsubscribeText: optOuts.unsubscribeText,
    person: createPersonNow({ persons, onUnreadable: metrics.unreadable, log }),
    whyInternal: ({ properties: { email } }) => (email === undefined ? null : whyInternal([email], internalUsers)),
    exitedBy: ({ workflow, distinctId, transactionId, occurredAt: since }) =>
      store.runs.findExitSince({ workflow, distinctId, transactionId, since }),
    guard: createGuards({
      topics,
      cap: marketing.cap,
      holdout: marketing.holdout,
      optOutsOf: store.people.findOptOuts,
      bouncesOf: store.people.listBounces,
      flagsOf,
      reserveSend: store.limits.reserveSend,
      countSends: store.limits.countSends,
      usesNovuAddresses,
    }),
    variants: createRunVariants({
      flagsOf,
      variantsOf: store.decisions.findVariants,
      saveVariants: store.decisions.saveVariants,
      log,
    }),
    untilHoursMs({ $timezone, $geoip_time_zone }, novuTimeZone) {
      const candidates = [$timezone, $geoip_time_zone, novuTimeZone];
      const timeZone = timeZoneOf(candidates, marketing.timeZone, metrics.invalidTimeZone);
      return untilWindow({ now: now(), hours: marketing.hours, timeZone });
    },
    link: links.link,
    countAttempt: store.limits.postponeSend,
    decisionsOf: (transactionId) => store.decisions.listOfRuns([transactionId]),
    savedValues: store.decisions.findCustomValues,
    saveValue: ({ transactionId, distinctId, step }, value) =>
      store.decisions.saveCustomValue({ transactionId, distinctId, step }, value),
    async mayEndAtThrottle({ transactionId, distinctId, workflow }) {
      const body = { transactionId, distinctId, workflow };
      await store.jobs.schedule({ kind: "throttle", body }, now() + THROTTLED_WITHIN_MS);
    },
    async expectCallAfter({ transactionId, distinctId }, { waitMs, mayBeRefused }) {
      if ((await store.runs.findState(transactionId)) === null) return;
      const endsAt = now() + waitMs;
      const body = { transactionId, distinctId, waitEndsAt: new Date(endsAt).toISOString() };
      const at = mayBeRefused ? now() + REFUSED_WITHIN_MS : endsAt + CALL_WITHIN_MS;
      await store.jobs.schedule({ kind: "overdue", body }, at, { replace: true });
    },
    // Without an answer in time the decision is to send. Novu reads preferences itself before it sends, and the receipt
    // corrects the decision.
    isTurnedOn: async ({ distinctId, workflow, channel }) =>
      (await valueWithin(isTurnedOn(distinctId, workflow, channel), PREFERENCES_WITHIN_MS)) ?? true,
    async refreshSubscriber({ transactionId, distinctId, source, occurredAt, timeZone }, { waitMs, isWrong }) {
      const leadMs = waitMs - REFRESH_BEFORE_MS;
      // After such a short wait, Novu still has a recent address from the trigger or from the last refresh.
      if (leadMs <= 0 && !isWrong) return;
      // A person who was deleted here is not stored again, although Novu continues the run.
      if ((await store.runs.findState(transactionId)) === null) return;
      const until = new Date(now() + waitMs + REFRESH_AFTER_MS).toISOString();
      const body = { transactionId, distinctId, source, occurredAt, timeZone, isWrong, until };
      const at = isWrong ? now() : Math.floor((now() + leadMs) / TOGETHER_MS) * TOGETHER_MS;
      await store.jobs.schedule({ kind: "refresh subscriber", body }, at, { replace: true });
    },
  };
}

/** The dependencies of steps in previews and discovery. They call no service and store nothing. */
export function sampleDependencies({
  config,
  locales,
  unsubscribeText = () => "",
  samplePerson = {},
  link,
  now,
}: {
  config: Partial<Pick<Config, "publicUrl">> & { novu: Pick<Config["novu"], "plan"> };
  locales: Product<never>["locales"];
  /** Discovery needs none. */
  unsubscribeText?: StepDependencies["unsubscribeText"];
  /** The person of previews; discovery needs no person. */
  samplePerson?: Product<never>["samplePerson"];
  link(url: string, message: MessageLink): string;
  now: () => number;
}): StepDependencies {
  return {
    longestDelayMs: NOVU_PLANS[config.novu.plan].longestDelayMs,
    now,
    // For a preview, Novu's framework generates sample data for each provider. This takes half a second of CPU, and the
    // data is not shown.
    emailProviders: [],
    usesNovuAddresses: false,
    locales,
    unsubscribeUrl: () => `${config.publicUrl ?? "https://bridge.example"}/u/example`,
    unsubscribeText,
    person: async () => ({ ...readPerson(samplePerson), distinctId: "sample", source: "sample" }),
    whyInternal: () => null,
    exitedBy: async () => null,
    guard: async () => ({ objection: null, holdouts: {} }),
    variants: async () => ({}),
    untilHoursMs: () => SAMPLE_WAIT_MS,
    link: (url, message) => link(url, { ...message, track: false }),
    countAttempt: async () => 0,
    decisionsOf: async () => [],
    savedValues: async () => ({}),
    saveValue: async (_step, value) => value,
    mayEndAtThrottle: async () => {},
    expectCallAfter: async () => {},
    isTurnedOn: async () => true,
    refreshSubscriber: async () => {},
  };
}

/** Without PostHog no one is held out, and experiments have their defaults. */
const noFlags: ReturnType<typeof createFlagReader> = async (_distinctId, keys) => ({
  outcome: "answered",
  values: Object.fromEntries(keys.map((key) => [key, false])) as Record<(typeof keys)[number], FlagValue>,
});
