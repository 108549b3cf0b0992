import { createHash } from "node:crypto";
import { z } from "zod";
import { parseJson } from "../../lib/json.ts";

const Input = z.looseObject({ value: z.unknown().optional(), secret: z.boolean().optional() });
type Inputs = Record<string, z.infer<typeof Input>>;

/** A destination in PostHog's API, which masks secrets as `{ secret: true }`. */
export const Destination = z.object({
  id: z.string(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  enabled: z.boolean(),
  inputs: z
    .record(z.string(), Input.nullable())
    .nullish()
    .transform((inputs): Inputs => Object.fromEntries(Object.entries(inputs ?? {}).flatMap(given))),
  inputs_schema: z.array(z.looseObject({ key: z.string() })).nullish(),
  filters: z.record(z.string(), z.unknown()).nullish(),
  status: z.object({ state: z.number() }).nullish(),
});
export type Destination = z.infer<typeof Destination>;

export interface Wanted {
  url: string;
  events: string[];
  /** Removes events that no workflow uses. */
  prune: boolean;
  /** POSTHOG_WEBHOOK_SECRETS, newest first. */
  secrets: string[];
  /** New secrets. Each is used if `secrets` has none of the same kind. */
  fresh: { signing: string; header: string };
  /** Replaces the secret at PostHog by the one in `fresh`, if `secrets` has none of the same kind. */
  newSecret: boolean;
}

export interface Difference {
  /** The body of the API call, which is made only if there are changes. */
  body: { enabled: boolean; description: string; inputs: Inputs; filters: Record<string, unknown> };
  /** Sentences for people, without secrets. */
  changes: string[];
  notes: string[];
  /** A new secret, to be printed once. */
  made: string | null;
}

const HEADER = "x-webhook-secret";
const DESCRIPTION = "Sends events to the bridge. Created by npm run connect, which finds it by its URL.";
/** The description holds the fingerprint of the signing secret, because PostHog does not show the secret again. */
const MARK = /\s*\[posthog-novu-bridge signs with ([0-9a-f]{12})\]/;
const BODY = { event: "{event}", person: "{person}" };
/** Fields that PostHog adds to an input. */
const DERIVED = new Set(["bytecode", "transpiled", "order"]);
/** A filter without an id matches every event. */
const EventFilter = z.looseObject({ id: z.string().nullable(), properties: z.array(z.unknown()).nullish() });

/** States in which PostHog delivers nothing. Source: HogWatcherState in PostHog's plugin-server. */
const STOPPED = [3, 4, 12];
export const isStopped = (one: Destination) => STOPPED.includes(one.status?.state ?? 0);
const SLOWED = [2, 11];
const isSlowed = (one: Destination) => SLOWED.includes(one.status?.state ?? 0);

/**
 * The changes that turn the destination `there` into the wanted one; everything else in `there` stays. `there` is null
 * if no destination exists yet.
 */
export function differenceOf(there: Destination | null, wanted: Wanted): Difference {
  const changes: string[] = [];
  const notes: string[] = [];
  let made: string | null = null;
  const inputs = Object.fromEntries(Object.entries(there?.inputs ?? {}).map(([key, input]) => [key, own(input)]));
  let description = there?.description ?? DESCRIPTION;

  const url = inputs.url?.value;
  if (url !== wanted.url) {
    if (there !== null) changes.push(`URL: ${String(url)} becomes ${wanted.url}`);
    inputs.url = { ...inputs.url, value: wanted.url };
  }
  if (inputs.method?.value !== "POST") {
    if (there !== null) changes.push("method: POST");
    inputs.method = { ...inputs.method, value: "POST" };
  }
  const body = asObject(inputs.body?.value);
  if (body.event !== BODY.event || body.person !== BODY.person) {
    if (there !== null) changes.push("body: the event and the person, as in PostHog's default");
    inputs.body = { ...inputs.body, value: { ...body, ...BODY } };
  }
  setSecret();
  const filters = filtersOf();
  if (there?.enabled !== true) changes.push(there === null ? "enabled" : "enabled again");
  else if (isStopped(there)) changes.push("PostHog had disabled it because the bridge was slow; enabled again");
  else if (isSlowed(there))
    notes.push("PostHog has slowed deliveries down because the bridge was slow; PostHog recovers without help");
  return { body: { enabled: true, description, inputs, filters }, changes, notes, made };

  /**
   * Sets the signing secret, or the header with a secret, or both. The header is for a PostHog that cannot sign, and
   * for the time until the app has the new signing secret.
   */
  function setSecret(): void {
    const hasSigning = there?.inputs_schema?.some(({ key }) => key === "signing_secret") ?? there === null;
    const signing = wanted.secrets.find((secret) => secret.startsWith("whsec_"));
    const header = wanted.secrets.find((secret) => !secret.startsWith("whsec_"));
    if (!hasSigning) return setHeader(header, signing);
    if (signing === undefined && inputs.signing_secret !== undefined && !wanted.newSecret) {
      notes.push(
        "PostHog signs with a secret that is not in POSTHOG_WEBHOOK_SECRETS: add it there, or make a new one with --new-secret",
      );
      return;
    }
    const secret = signing ?? wanted.fresh.signing;
    if (signing === undefined) made = secret;
    if (inputs.signing_secret === undefined || MARK.exec(description)?.[1] !== fingerprint(secret)) {
      changes.push(
        `signing secret: ${signing === undefined ? "a new one" : "the first one of POSTHOG_WEBHOOK_SECRETS"}`,
      );
      inputs.signing_secret = { value: secret };
      description = `${description.replace(MARK, "")} [posthog-novu-bridge signs with ${fingerprint(secret)}]`;
    }
    if (signing === undefined && header !== undefined) setHeader(header, signing);
  }

  function setHeader(header: string | undefined, signing: string | undefined): void {
    const headers = asObject(inputs.headers?.value);
    if (header === undefined && headers[HEADER] !== undefined && !wanted.newSecret) {
      notes.push(`the value of the header ${HEADER} at PostHog is not in POSTHOG_WEBHOOK_SECRETS: add it there`);
      return;
    }
    if (header === undefined) made = wanted.fresh.header;
    if (signing !== undefined || header === undefined)
      notes.push(`this PostHog cannot sign, so the secret is sent in the header ${HEADER}`);
    const value = header ?? wanted.fresh.header;
    if (headers[HEADER] === value) return;
    changes.push(`header ${HEADER}: ${headers[HEADER] === undefined ? "added" : "another value"}`);
    inputs.headers = { ...inputs.headers, value: { ...headers, [HEADER]: value } };
  }

  function filtersOf(): Record<string, unknown> {
    const { bytecode: _, transpiled: __, ...filters } = there?.filters ?? {};
    const all = z.array(EventFilter).safeParse(filters.events).data ?? [];
    const listed = all.flatMap(({ id, ...rest }) => (id === null ? [] : [{ ...rest, id }]));
    const missing = wanted.events.filter((event) => !listed.some(({ id }) => id === event));
    const unused = listed.filter(({ id }) => !wanted.events.includes(id));
    const remaining = wanted.prune ? listed.filter(({ id }) => wanted.events.includes(id)) : listed;
    if (there !== null && (all.length === 0 || listed.length < all.length)) changes.push("no longer every event");
    for (const event of missing) changes.push(`+ event ${event}`);
    for (const { id } of unused) {
      if (wanted.prune) changes.push(`- event ${id}`);
      else notes.push(`event ${id} stays, though no workflow uses it; --prune removes it`);
    }
    for (const { id, properties } of remaining)
      if ((properties?.length ?? 0) > 0) notes.push(`event ${id} has a filter at PostHog, which may hold it back`);
    if (there !== null && filters.source !== undefined && filters.source !== "events") changes.push("source: events");
    if (filters.filter_test_accounts !== true) changes.push("without test accounts");
    if (JSON.stringify(filters).includes("$is_identified"))
      notes.push(
        "a filter requires $is_identified; events from servers never have it, so PostHog delivers none of them",
      );
    else if (Array.isArray(filters.properties) && filters.properties.length > 0)
      notes.push("a filter on properties stays");
    const events = [...remaining, ...missing.map((event) => ({ id: event, name: event, type: "events" }))];
    return {
      ...filters,
      source: "events",
      events: events.map((event, order) => ({ ...event, order })),
      filter_test_accounts: true,
    };
  }
}

/** Identifies a secret without revealing it. */
function fingerprint(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 12);
}

function given([key, input]: [string, z.infer<typeof Input> | null]): Array<[string, z.infer<typeof Input>]> {
  return input === null ? [] : [[key, input]];
}

function own(input: Inputs[string]): Inputs[string] {
  if (input.secret === true) return { secret: true };
  return Object.fromEntries(Object.entries(input).filter(([key]) => !DERIVED.has(key)));
}

function asObject(value: unknown): Record<string, unknown> {
  const object = typeof value === "string" ? parseJson(value) : value;
  return z.record(z.string(), z.unknown()).safeParse(object).data ?? {};
}
