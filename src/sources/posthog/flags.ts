import { z } from "zod";
import type { FlagAnswer, FlagValue } from "../../contracts/decision.ts";
import { FLAGS_WITHIN_MS } from "../../contracts/novu.ts";
import { SECOND_MS } from "../../lib/durations.ts";
import { describeError, RetryLaterError } from "../../lib/errors.ts";
import { readResponse, request, type Service } from "../../lib/service-client.ts";

/** Flags are cached long enough for all reads of one bridge call, and not much longer, because flags change. */
const FRESH_MS = SECOND_MS;
const LARGEST_CACHE = 10_000;

const Flags = z.object({
  flags: z.record(
    z.string(),
    z.object({ enabled: z.boolean(), variant: z.string().nullish(), failed: z.boolean().default(false) }),
  ),
  errorsWhileComputingFlags: z.boolean().default(false),
  quotaLimited: z.array(z.string()).nullish(),
});
type Flags = z.infer<typeof Flags>;

interface FlagRequest {
  /** The keys of the request; more keys may be added until the request is sent. */
  keys: ReadonlySet<string>;
  flags: Promise<Flags | { why: string }>;
  /** The result is cached until this time; infinite while the call is in progress. */
  until: number;
}

/**
 * Reads the feature flags of a person at this moment. It never throws: within `deadlineMs` it answers a value for
 * each key, or "unavailable". PostHog captures no event for a read. Reads of one person at the same moment, or soon
 * after, share one request and its result, so that a bridge call waits for PostHog once. Each request has all keys that
 * were ever read. They are few, because keys are names in the code.
 *
 * posthog-node is not used: after a 500, a 401, a timeout or a refused connection, `evaluateFlags` (5.70.0) resolves to
 * the same value as for a flag that does not exist.
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
  /** The flags of the workflows. They share one request. */
  flags?: string[];
}): <Key extends string>(distinctId: string, keys: readonly Key[]) => Promise<FlagAnswer<Key>> {
  const allKeys = new Set(flags);
  const cache = new Map<string, FlagRequest>();
  let pausedUntil = 0;

  return async (distinctId, keys) => {
    for (const key of keys) allKeys.add(key);
    const cached = cache.get(distinctId);
    const isFresh = cached !== undefined && cached.until > now() && keys.every((key) => cached.keys.has(key));
    return answerTo(keys, await (isFresh ? cached : begin(distinctId)).flags);
  };

  function begin(distinctId: string): FlagRequest {
    const request: FlagRequest = { keys: allKeys, flags: read(), until: Number.POSITIVE_INFINITY };
    if (cache.size >= LARGEST_CACHE) cache.clear();
    cache.set(distinctId, request);
    return request;

    async function read() {
      // The request is sent after this turn of the event loop, so that it has all keys of this moment.
      await new Promise(setImmediate);
      request.keys = new Set(allKeys);
      const flags = await evaluateInTime(distinctId, [...request.keys]);
      request.until = now() + FRESH_MS;
      return flags;
    }
  }

  async function evaluateInTime(distinctId: string, keys: string[]): Promise<Flags | { why: string }> {
    if (pausedUntil > performance.now()) return { why: "PostHog asked for a pause" };
    const signal = AbortSignal.timeout(deadlineMs);
    try {
      return await evaluate(posthog, { distinctId, keys, signal });
    } catch (error) {
      if (error instanceof RetryLaterError) pausedUntil = performance.now() + error.retryAfterMs;
      return { why: signal.aborted ? `PostHog did not answer within ${deadlineMs} ms` : describeError(error) };
    }
  }
}

/** A flag that PostHog failed to evaluate is false or missing in PostHog's answer. Neither is the value of the flag. */
function answerTo<Key extends string>(keys: readonly Key[], flags: Flags | { why: string }): FlagAnswer<Key> {
  if ("why" in flags) return { outcome: "unavailable", why: flags.why };
  const values: Array<[Key, FlagValue]> = [];
  for (const key of keys) {
    const flag = Object.hasOwn(flags.flags, key) ? flags.flags[key] : undefined;
    if (flag?.failed ?? flags.errorsWhileComputingFlags)
      return { outcome: "unavailable", why: `PostHog could not evaluate the flag "${key}"` };
    values.push([key, flag?.enabled === true && (flag.variant ?? true)]);
  }
  return { outcome: "answered", values: Object.fromEntries(values) as Record<Key, FlagValue> };
}

/** Calls the public API, which needs only the project token. */
async function evaluate(
  { host, projectToken }: { host: string; projectToken: string },
  { distinctId, keys, signal }: { distinctId: string; keys: string[]; signal: AbortSignal },
): Promise<Flags> {
  const hint = "; is POSTHOG_PROJECT_TOKEN of a project at POSTHOG_HOST?";
  const service: Service = { name: "PostHog", host, hintOf: (status) => (status === 401 ? hint : "") };
  const response = await request(service, {
    method: "POST",
    path: "/flags/?v=2",
    body: {
      api_key: projectToken,
      distinct_id: distinctId,
      flag_keys_to_evaluate: keys,
      // Node's fetch sends sec-fetch-mode, so PostHog treats the caller as a browser and leaves out server-only flags.
      evaluation_runtime: "server",
      // Otherwise PostHog uses the location of this process as the person's.
      geoip_disable: true,
    },
    signal,
  });
  const flags = readResponse(service, response, {
    answer: Flags,
    unreadable: (error) => `has no flags to read: ${error.issues[0]?.message}`,
  });
  // Above the quota, PostHog answers 200 without any flag.
  if (flags.quotaLimited?.includes("feature_flags"))
    throw new Error("PostHog answers no flags: the quota of flag requests is used up");
  return flags;
}
