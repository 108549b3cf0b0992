import { z } from "zod";
import { type Host, type RetryOptions, request, withRetries } from "../../lib/service-client.ts";
import { keyOf, sign } from "../../lib/verify-webhook.ts";
import type { PageOfHistory, PastEvent } from "../../sources/posthog/queries.ts";

/** The progress of a comparison. It stays correct if the comparison fails. */
export interface Progress {
  compared: number;
  missing: number;
  accepted: number;
  duplicate: number;
  /** Counts by reason. */
  ignored: Record<string, number>;
  refused: number;
  /** All events before this time are compared, and sent if missing; milliseconds since 1970. */
  doneUntil: number;
}

/** A missing event. `fed` is the app's answer; null if the event was not sent. */
export type Missing = Pick<PastEvent, "uuid" | "name" | "distinctId" | "occurredAt"> & { fed: Fed | null };

const AT_ONCE = 10;

export function startAt(since: number): Progress {
  return { compared: 0, missing: 0, accepted: 0, duplicate: 0, ignored: {}, refused: 0, doneUntil: since };
}

/** Finds events that the store does not have, page by page, and sends them to the app, unless `feed` is null. */
export async function compare({
  pages,
  knownEvents,
  feed,
  progress,
  onMissing,
}: {
  pages: AsyncIterable<PageOfHistory>;
  knownEvents(uuids: string[]): Promise<string[]>;
  feed: ((event: PastEvent) => Promise<Fed>) | null;
  progress: Progress;
  onMissing(missing: Missing): void;
}): Promise<void> {
  for await (const { events, readUntil } of pages) {
    const known = new Set(await knownEvents(events.map(({ uuid }) => uuid)));
    progress.compared += events.length;
    // PostHog may return an event twice, until ClickHouse has merged its copies.
    const missing = [...new Map(events.map((event) => [event.uuid, event])).values()].filter(
      ({ uuid }) => !known.has(uuid),
    );
    for (let at = 0; at < missing.length; at += AT_ONCE) await feedAll(missing.slice(at, at + AT_ONCE));
    progress.doneUntil = readUntil;
  }

  async function feedAll(events: PastEvent[]): Promise<void> {
    const results = await Promise.allSettled(
      events.map(async (event) => ({ event, fed: (await feed?.(event)) ?? null })),
    );
    for (const result of results) if (result.status === "fulfilled") record(result.value);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  function record({ event: { uuid, name, distinctId, occurredAt }, fed }: { event: PastEvent; fed: Fed | null }): void {
    progress.missing += 1;
    if (fed?.outcome === "ignored") progress.ignored[fed.reason] = (progress.ignored[fed.reason] ?? 0) + 1;
    else if (fed !== null) progress[fed.outcome] += 1;
    onMissing({ uuid, name, distinctId, occurredAt, fed });
  }
}

/** The app's answer to an event. */
export type Fed =
  | { outcome: "accepted" | "duplicate" }
  | { outcome: "ignored"; reason: string }
  | { outcome: "refused"; status: number };

export type Feed = (event: { uuid: string; body: string }, retries: RetryOptions) => Promise<Fed>;

const ANSWER_WITHIN_MS = 10_000;
const TRY_AGAIN = [429, 502, 503, 504];
const PATH = "/webhooks/posthog";
const NOT_THE_APP = "; does the app listen there? Give its address with --url";

/** Posts events to the app's webhook, signed or with the secret header. Throws if the app would refuse every event. */
export function createFeed(url: string, secrets: string[]): Feed {
  const endpoint = `${url}${PATH}`;
  const app: Host = {
    name: "the app",
    host: url,
    retryLaterOn: TRY_AGAIN,
    redirect: "manual",
    unreachable: `${endpoint} does not answer${NOT_THE_APP}`,
  };
  const signing = secrets.find((secret) => secret.startsWith("whsec_"));

  return async (event, retries) => {
    const { status, json } = await withRetries(() => post(event, retries.signal), retries);
    if (status === 202) return outcomeOf(json);
    if (status === 401)
      throw new Error(
        `${endpoint} does not accept the secret; does the app run with the same POSTHOG_WEBHOOK_SECRETS?`,
      );
    if (status < 400 || status === 404 || status === 405)
      throw new Error(`${endpoint} answered ${status}${NOT_THE_APP}`);
    return { outcome: "refused", status };
  };

  function post({ uuid, body }: { uuid: string; body: string }, signal: AbortSignal) {
    const headers = proof(uuid, body);
    return request(app, { method: "POST", path: PATH, headers, body, signal, withinMs: ANSWER_WITHIN_MS });
  }

  /** A signature is valid for five minutes of real time, so each attempt needs a new signature. */
  function proof(uuid: string, body: string): Record<string, string> {
    if (signing === undefined) return { "x-webhook-secret": secrets[0] ?? "" };
    return { ...sign({ id: `reconcile-${uuid}`, body, key: keyOf(signing), nowMs: Date.now() }) };
  }

  function outcomeOf(json: unknown): Fed {
    const answer = Answer.safeParse(json);
    if (!answer.success) throw new Error(`${endpoint} answered 202, but not as the app does`);
    const { ignored, accepted } = answer.data;
    if (ignored !== undefined) return { outcome: "ignored", reason: ignored };
    return { outcome: accepted === undefined ? "duplicate" : "accepted" };
  }
}

const Answer = z
  .object({ accepted: z.string().optional(), duplicate: z.string().optional(), ignored: z.string().optional() })
  .refine((answer) => Object.keys(answer).length > 0);
