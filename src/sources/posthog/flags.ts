import { z } from "zod";
import { FLAGS_WITHIN_MS } from "../../contracts/bridge-time.ts";
import type { FlagAnswer, FlagValue } from "../../contracts/flag.ts";
import { SECOND_MS } from "../../lib/durations.ts";
import { describeError, RetryLaterError } from "../../lib/errors.ts";
import { retryAfterMs } from "../../lib/retry-after.ts";

/** Long enough for all that one bridge call asks, too short to miss a flag that someone turns. */
const FRESH_MS = SECOND_MS;
const LARGEST_CACHE = 10_000;
const DEFAULT_PAUSE_MS = 5_000;

const Flags = z.object({
  flags: z.record(
    z.string(),
    z.object({ enabled: z.boolean(), variant: z.string().nullish(), failed: z.boolean().default(false) }),
  ),
  errorsWhileComputingFlags: z.boolean().default(false),
  quotaLimited: z.array(z.string()).nullish(),
});
type Flags = z.infer<typeof Flags>;

interface Asked {
  /** What the call asks for; it grows until the call is made. */
  keys: ReadonlySet<string>;
  flags: Promise<Flags | { why: string }>;
  /** Infinite while the call is in progress. */
  until: number;
}

/**
 * The feature flags of a person at this moment. Never throws: each answer comes within
 * `deadlineMs`, with a value for every key or as unavailable. No event is captured for it. Asks for
 * the same person at once, or soon after, share one call and its outcome, so that a bridge call waits
 * for PostHog once; keys are names in the code, so there are few, and a call asks for all that were
 * ever wanted.
 *
 * Not by posthog-node: for a 500, a 401, a timeout and a refused connection, `evaluateFlags`
 * (5.70.0) resolves to what it also says of a flag that does not exist.
 * Source: https://posthog.com/docs/api/flags
 */
export function createFlagReader({
  posthog,
  now,
  deadlineMs = FLAGS_WITHIN_MS,
  flags = [],
}: {
  posthog: { host: string; projectToken: string };
  now: () => number;
  deadlineMs?: number;
  /** The keys that are known to be wanted. */
  flags?: string[];
}): <Key extends string>(distinctId: string, keys: readonly Key[]) => Promise<FlagAnswer<Key>> {
  const wanted = new Set(flags);
  const cache = new Map<string, Asked>();
  let pausedUntil = 0;

  return async (distinctId, keys) => {
    for (const key of keys) wanted.add(key);
    const cached = cache.get(distinctId);
    const isFresh = cached !== undefined && cached.until > now() && keys.every((key) => cached.keys.has(key));
    return answerTo(keys, await (isFresh ? cached : ask(distinctId)).flags);
  };

  function ask(distinctId: string): Asked {
    const asked: Asked = { keys: wanted, flags: read(), until: Number.POSITIVE_INFINITY };
    if (cache.size >= LARGEST_CACHE) cache.clear();
    cache.set(distinctId, asked);
    return asked;

    async function read() {
      // The turn of the event loop lets the keys of the same moment join.
      await new Promise(setImmediate);
      asked.keys = new Set(wanted);
      const flags = await call(distinctId, [...asked.keys]);
      asked.until = now() + FRESH_MS;
      return flags;
    }
  }

  async function call(distinctId: string, keys: string[]): Promise<Flags | { why: string }> {
    if (pausedUntil > performance.now()) return { why: "PostHog asked for a pause" };
    const signal = AbortSignal.timeout(deadlineMs);
    try {
      return await askPostHog({ ...posthog, distinctId, keys, signal });
    } catch (error) {
      if (error instanceof RetryLaterError) pausedUntil = performance.now() + error.retryAfterMs;
      return { why: signal.aborted ? `PostHog did not answer within ${deadlineMs} ms` : describeError(error) };
    }
  }
}

/** A value that PostHog failed to work out reads as false there, and may be missing; neither is an answer. */
function answerTo<Key extends string>(keys: readonly Key[], flags: Flags | { why: string }): FlagAnswer<Key> {
  if ("why" in flags) return { outcome: "unavailable", why: flags.why };
  const values: Array<[Key, FlagValue]> = [];
  for (const key of keys) {
    const flag = Object.hasOwn(flags.flags, key) ? flags.flags[key] : undefined;
    if (flag?.failed ?? flags.errorsWhileComputingFlags)
      return { outcome: "unavailable", why: `PostHog could not work out the flag "${key}"` };
    values.push([key, flag?.enabled === true && (flag.variant ?? true)]);
  }
  return { outcome: "answered", values: Object.fromEntries(values) as Record<Key, FlagValue> };
}

async function askPostHog({
  host,
  projectToken,
  distinctId,
  keys,
  signal,
}: {
  host: string;
  projectToken: string;
  distinctId: string;
  keys: string[];
  signal: AbortSignal;
}): Promise<Flags> {
  const response = await fetch(`${host}/flags/?v=2`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      api_key: projectToken,
      distinct_id: distinctId,
      flag_keys_to_evaluate: keys,
      // Node's fetch sends sec-fetch-mode, by which PostHog takes the caller for a browser and leaves out server-only flags.
      evaluation_runtime: "server",
      // Otherwise the person is taken to be where this process runs.
      geoip_disable: true,
    }),
    signal,
  });
  if (response.status === 429)
    throw new RetryLaterError("PostHog answered 429", {
      retryAfterMs: retryAfterMs(response.headers) ?? DEFAULT_PAUSE_MS,
      answered: true,
    });
  if (response.status === 401)
    throw new Error("PostHog answered 401; is POSTHOG_PROJECT_TOKEN of a project at POSTHOG_HOST?");
  if (!response.ok) throw new Error(`PostHog answered ${response.status}`);
  const flags = Flags.parse(await response.json());
  // A 200 without any flag.
  if (flags.quotaLimited?.includes("feature_flags"))
    throw new Error("PostHog answers no flags: the quota of flag requests is used up");
  return flags;
}
