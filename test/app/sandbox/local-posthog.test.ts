import type { IncomingHttpHeaders } from "node:http";
import express from "express";
import { PostHog } from "posthog-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { createWebhookVerifier } from "../../../src/lib/verify-webhook.ts";
import { type LocalPostHog, openLocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { createPostHogDefinitions } from "../../../src/sources/posthog/definitions.ts";
import { createPostHogQueries } from "../../../src/sources/posthog/queries.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const KEYS = { projectToken: "phc_1", personalApiKey: "phx_1" };

let posthog: LocalPostHog;
let clock: VirtualClock;
let receiver: Listening;
let received: Array<{ at: number; headers: IncomingHttpHeaders; raw: Buffer }>;
let answers: number[];

beforeEach(async () => {
  received = [];
  answers = [];
  clock = createVirtualClock({ startAt: 0, flowing: false });
  posthog = await openLocalPostHog({ ...KEYS, clock, port: 0 });
  const app = express()
    .use(express.raw({ type: () => true }))
    .post("/", (request, response) => {
      received.push({ at: clock.now(), headers: request.headers, raw: request.body });
      response.status(answers.shift() ?? 202).json({});
    });
  receiver = await serve(app, { port: 0 });
  posthog.connect({ url: receiver.url, signingSecret: SECRET, events: null });
});
afterEach(async () => {
  clock.stop();
  await Promise.all([posthog.close(), receiver.close()]);
});

describe("the local PostHog", () => {
  it("takes events from posthog-node and forwards them in PostHog's shape, signed", async () => {
    const client = new PostHog(KEYS.projectToken, { host: posthog.url, fetchRetryCount: 0 });
    client.capture({
      distinctId: "ada",
      event: "user_signed_up",
      properties: { plan: "trial", $set: { email: "ada@example.com" } },
      timestamp: new Date("2026-03-02T09:00:00Z"),
    });
    await client.shutdown();
    await posthog.idle();

    const [delivery] = received;
    const body = JSON.parse(String(delivery?.raw)) as { event: Record<string, unknown>; person: object };
    expect(Object.keys(body.event)).toEqual([
      "uuid",
      "event",
      "elements_chain",
      "distinct_id",
      "properties",
      "timestamp",
      "captured_at",
      "url",
    ]);
    expect(Object.keys(body.person)).toEqual(["id", "properties", "name", "url"]);
    expect(body).toMatchObject({
      event: {
        event: "user_signed_up",
        distinct_id: "ada",
        timestamp: "2026-03-02T09:00:00.000Z",
        properties: { plan: "trial" },
      },
      person: { properties: { email: "ada@example.com" }, name: "ada@example.com" },
    });
    expect(isSigned(delivery!)).toBe(true);
  });

  it("tries three times in all, with the same id and another signature time", async () => {
    answers = [503, 500, 429, 202];
    posthog.capture({ event: "e", distinctId: "ada" });
    await clock.travelBy(60_000, posthog.idle);
    expect(received.map(({ at }) => at)).toEqual([0, 1_000, 3_000]);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  it.each([401, 404, 413, 501])("never tries %i again", async (status) => {
    answers = [status];
    posthog.capture({ event: "e", distinctId: "ada" });
    await clock.travelBy(60_000, posthog.idle);
    expect(received).toHaveLength(1);
  });

  it("sends the same event again under another id", async () => {
    const uuid = posthog.capture({ event: "e", distinctId: "ada" });
    posthog.resend(uuid);
    await posthog.idle();
    expect(received[0]?.raw.equals(received[1]!.raw)).toBe(true);
    expect(received[0]?.headers["webhook-id"]).not.toBe(received[1]?.headers["webhook-id"]);
  });

  it.each(["$create_alias", "$merge_dangerously"])("makes one person of two by %s", (event) => {
    posthog.capture({ event: "e", distinctId: "old", properties: { $set: { plan: "free", name: "Ada" } } });
    posthog.capture({ event: "e", distinctId: "ada", properties: { $set: { plan: "pro" } } });
    posthog.capture({ event, distinctId: "ada", properties: { alias: "old" } });
    expect(posthog.state.persons).toMatchObject([
      { distinctIds: ["ada", "old"], properties: { plan: "pro", name: "Ada" } },
    ]);
  });

  it("sends what the destination's filter lets through", async () => {
    posthog.connect({ url: receiver.url, signingSecret: SECRET, events: ["wanted"] });
    posthog.capture({ event: "unwanted", distinctId: "ada" });
    posthog.capture({ event: "wanted", distinctId: "ada" });
    await posthog.idle();
    expect(received.map(({ raw }) => (JSON.parse(String(raw)) as { event: { event: string } }).event.event)).toEqual([
      "wanted",
    ]);
  });

  it("reads persons as its API does, with the key only", async () => {
    posthog.capture({
      event: "e",
      distinctId: "ada",
      properties: { $set: { plan: "free" }, $set_once: { plan: "never", first: 1 } },
    });
    posthog.capture({ event: "e", distinctId: "ada", properties: { $set: { plan: "pro" }, $unset: ["first"] } });
    posthog.capture({ event: "$identify", distinctId: "ada", properties: { $anon_distinct_id: "anon-1" } });
    posthog.capture({ event: "e", distinctId: "nobody", properties: { $process_person_profile: false } });

    const read = (key: string, ids: string[]) =>
      fetch(`${posthog.url}/api/projects/1/persons/batch_by_distinct_ids/`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ distinct_ids: ids }),
      });
    const { results } = (await (await read(KEYS.personalApiKey, ["ada", "anon-1", "nobody", "unknown"])).json()) as {
      results: Record<string, { properties: object }>;
    };
    expect(Object.keys(results)).toEqual(["ada", "anon-1"]);
    expect(results.ada?.properties).toEqual({ plan: "pro" });
    expect((await read("phx_other", ["ada"])).status).toBe(401);
    expect((await read(KEYS.personalApiKey, Array(201).fill("x"))).status).toBe(400);
  });

  it("answers posthog-node's questions for flags, and remembers them as plain data", async () => {
    posthog.setFlag("held-out", false);
    posthog.setFlag("held-out", true, ["ada"]);
    posthog.setFlag("subject-line", "short");
    const saved = JSON.parse(JSON.stringify(posthog.state)) as typeof posthog.state;
    await posthog.close();
    posthog = await openLocalPostHog({ ...KEYS, clock, port: 0, state: saved });
    const client = new PostHog(KEYS.projectToken, { host: posthog.url, sendFeatureFlagEvent: false });
    const flagsOf = async (distinctId: string) => {
      const flags = await client.evaluateFlags(distinctId);
      return ["held-out", "subject-line", "another"].map((key) => flags.getFlag(key));
    };
    expect(await flagsOf("ada")).toEqual([true, "short", undefined]);
    expect(await flagsOf("grace")).toEqual([false, "short", undefined]);
    posthog.setFlag("held-out", false);
    expect(await flagsOf("ada")).toEqual([false, "short", undefined]);
    expect((await client.evaluateFlags("ada", { flagKeys: ["held-out"] })).keys).toEqual(["held-out"]);
    await client.shutdown();
  });

  it("refuses events of another project", async () => {
    const response = await fetch(`${posthog.url}/batch/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ api_key: "phc_other", batch: [] }),
    });
    expect(response.status).toBe(401);
  });
});

describe("ids of one person", () => {
  const tell = (event: string, distinctId: string, properties: Record<string, unknown> = {}) =>
    posthog.capture({ event, distinctId, properties });
  const ids = () => posthog.state.persons.map(({ distinctIds }) => distinctIds);
  const identify = (distinctId: string, properties: Record<string, unknown> = {}) =>
    tell("$identify", distinctId, { $is_identified: true, ...properties });

  it.each([
    ["$identify", "$anon_distinct_id"],
    ["$create_alias", "alias"],
  ])("refuses to merge an identified person by %s, and takes the event in all the same", async (event, name) => {
    identify("ada", { $set: { plan: "pro" } });
    identify("bob");
    const uuid = tell(event, "bob", { [name]: "ada", $set: { city: "Berlin" } });
    await posthog.idle();
    expect(posthog.state.persons).toMatchObject([
      { distinctIds: ["ada"], properties: { plan: "pro" } },
      { distinctIds: ["bob"], properties: { city: "Berlin" } },
    ]);
    expect(posthog.state.persons[1]?.properties).not.toHaveProperty("plan");
    expect(posthog.state.warnings).toEqual([
      {
        at: "1970-01-01T00:00:00.000Z",
        type: "cannot_merge_already_identified",
        distinctId: "bob",
        otherDistinctId: "ada",
      },
    ]);
    const { event: forwarded, person } = JSON.parse(String(received.at(-1)?.raw)) as Record<string, object>;
    expect(forwarded).toMatchObject({ uuid, event, distinct_id: "bob", properties: { [name]: "ada" } });
    expect(person).toMatchObject({ id: posthog.state.persons[1]?.uuid, properties: { city: "Berlin" } });
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["an $identify of a server", "$identify", { $set: { plan: "pro" } }],
    ["an $identify with the visitor's id", "$identify", { $anon_distinct_id: "visitor" }],
    ["a $create_alias", "$create_alias", { alias: "visitor" }],
    ["a $merge_dangerously", "$merge_dangerously", { alias: "visitor" }],
    ["an event with $is_identified", "e", { $is_identified: true }],
  ])("knows a person as identified after %s", (_after, event, properties) => {
    tell(event, "ada", properties);
    tell("e", "bob");
    const before = ids();
    tell("$create_alias", "bob", { alias: "ada" });
    expect(ids()).toEqual(before);
  });

  it("joins two identified people by $merge_dangerously only", () => {
    identify("ada", { $set: { plan: "pro" } });
    identify("bob", { $set: { plan: "free", city: "Berlin" } });
    tell("$merge_dangerously", "ada", { alias: "bob" });
    expect(posthog.state.persons).toMatchObject([
      { distinctIds: ["ada", "bob"], properties: { plan: "pro", city: "Berlin" } },
    ]);
    tell("$create_alias", "eve", { alias: "bob" });
    expect(ids()).toEqual([["ada", "bob"], ["eve"]]);
    expect(posthog.state.warnings).toHaveLength(1);
  });

  it("joins an anonymous visitor, with a person or without one, to an identified person", () => {
    identify("ada");
    tell("e", "with a person", { $is_identified: false });
    tell("e", "personless", { $process_person_profile: false });
    for (const $anon_distinct_id of ["with a person", "personless"]) identify("ada", { $anon_distinct_id });
    expect(ids()).toEqual([["ada", "with a person", "personless"]]);
    expect(posthog.state.warnings).toEqual([]);
  });

  it("takes a person that an earlier version saved as not identified", async () => {
    const { warnings, ...saved } = structuredClone(posthog.state);
    const old = { uuid: "1", distinctIds: ["old"], properties: {}, createdAt: "2026-03-02T09:00:00.000Z" };
    await posthog.close();
    posthog = await openLocalPostHog({
      ...{ ...KEYS, clock, port: 0 },
      state: { ...saved, persons: [old] } as typeof posthog.state,
    });
    identify("ada", { $anon_distinct_id: "old" });
    identify("bob", { $anon_distinct_id: "ada" });
    expect(ids()).toEqual([["ada", "old"], ["bob"]]);
    expect([warnings, posthog.state.warnings.length]).toEqual([[], 1]);
  });

  it.each(["", "  ", "Undefined", "null", '"guest"', "'0'"])("never merges by the id %j", (illegal) => {
    tell("e", illegal);
    tell("$create_alias", "ada", { alias: illegal });
    tell("$merge_dangerously", illegal, { alias: "ada" });
    expect(ids()).toEqual([[illegal], ["ada"]]);
    expect(posthog.state.warnings).toMatchObject([
      { type: "cannot_merge_with_illegal_distinct_id", distinctId: "ada", otherDistinctId: illegal },
      { type: "cannot_merge_with_illegal_distinct_id", distinctId: illegal, otherDistinctId: "ada" },
    ]);
  });

  it("applies $set in the order of arrival, not of the timestamps", () => {
    const capture = (timestamp: string, plan: string) =>
      posthog.capture({ event: "e", distinctId: "ada", timestamp, properties: { $set: { plan } } });
    capture("2026-03-02T09:00:00.000Z", "pro");
    capture("2024-01-01T00:00:00.000Z", "free");
    expect(posthog.state.persons).toMatchObject([{ properties: { plan: "free" } }]);
  });

  it("forwards a timestamp of up to 23 h ahead as it is", async () => {
    const timestamp = new Date(clock.now() + 23 * 60 * 60 * 1000).toISOString();
    posthog.capture({ event: "e", distinctId: "ada", timestamp });
    await posthog.idle();
    expect(JSON.parse(String(received[0]?.raw))).toMatchObject({ event: { timestamp } });
  });
});

describe("its query API", () => {
  const TEXT = "select uuid from events where event in {events} limit {limit}";
  const VALUES = { events: ["e"], from: "2026-03-02T09:00:00Z", until: "2026-03-02T10:00:00Z", after: "", limit: 10 };
  const ask = async (
    values: Record<string, unknown>,
    { text = TEXT, name = "posthog-novu-bridge history", key = KEYS.personalApiKey } = {},
  ) => {
    const response = await fetch(`${posthog.url}/api/projects/1/query/`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ query: { kind: "HogQLQuery", query: text, values }, refresh: "force_blocking", name }),
    });
    return { status: response.status, ...((await response.json()) as { detail?: string; results?: unknown[][] }) };
  };

  it("answers pages of events, with microseconds, JSON text and the person as of then", async () => {
    for (const [uuid, timestamp] of [
      ["b", "2026-03-02T09:00:00.001002Z"],
      ["c", "2026-03-02T09:00:00.001002Z"],
      ["a", "2026-03-02T09:00:00.001003Z"],
      ["first", "2026-03-02T09:00:00.000Z"],
      ["too late", "2026-03-02T10:00:00.000Z"],
    ] as const)
      posthog.capture({ event: "e", distinctId: "ada", uuid, timestamp, properties: { $set: { last: uuid } } });
    posthog.capture({ event: "another", distinctId: "ada", timestamp: "2026-03-02T09:30:00.000Z" });

    const uuids = async (changes: object) => (await ask({ ...VALUES, ...changes })).results?.map((row) => row[0]);
    expect(await uuids({})).toEqual(["first", "b", "c", "a"]);
    expect(await uuids({ limit: 2 })).toEqual(["first", "b"]);
    expect(await uuids({ from: "2026-03-02T10:00:00.001002+01:00", after: "b" })).toEqual(["c", "a"]);
    const person = expect.any(String);
    expect((await ask({ ...VALUES, limit: 2 })).results).toEqual([
      ["first", "e", "ada", "2026-03-02T09:00:00Z", '{"$set":{"last":"first"}}', person, '{"last":"first"}'],
      ["b", "e", "ada", "2026-03-02T09:00:00.001002Z", '{"$set":{"last":"b"}}', person, '{"last":"b"}'],
    ]);
  });

  it("refuses what PostHog refuses, and queries and values that it does not have", async () => {
    const refusal = (detail: RegExp) => ({ status: 400, detail: expect.stringMatching(detail) });
    expect(await ask(VALUES, { key: "phx_other" })).toMatchObject({ status: 401 });
    expect(await ask(VALUES, { text: `${TEXT} offset {limit}` })).toMatchObject(refusal(/OFFSET is not supported/));
    expect(await ask({ ...VALUES, limit: undefined })).toMatchObject(refusal(/{limit}/));
    expect(await ask(VALUES, { name: "another" })).toMatchObject(refusal(/no query of this name/));
    expect(await ask({ ...VALUES, more: 1 })).toMatchObject(refusal(/with these values/));
  });
});

describe("its queries about the events of a workflow", () => {
  const signal = new AbortController().signal;
  const day = { since: Date.parse("2026-03-02T00:00:00Z"), until: Date.parse("2026-03-03T00:00:00Z") };

  it("answer the hours of each event, and the newest events of one name", async () => {
    for (const [event, timestamp] of [
      ["a", "2026-03-02T11:59:59.999Z"],
      ["a", "2026-03-02T12:30:00+01:00"],
      ["a", "2026-03-02T09:00:00Z"],
      ["b", "2026-03-02T00:00:00Z"],
      ["b", "2026-03-03T00:00:00Z"],
      ["c", "2026-03-02T09:00:00Z"],
    ] as const)
      posthog.capture({ event, distinctId: "ada", uuid: `${event} ${timestamp}`, timestamp });
    const queries = createPostHogQueries({ ...KEYS, apiHost: posthog.url, projectId: "1" });
    expect([...(await queries.hours({ events: ["a", "b", "d"], ...day }, { signal }))]).toEqual([
      [
        "a",
        [
          { hour: Date.parse("2026-03-02T09:00:00Z"), count: 1 },
          { hour: Date.parse("2026-03-02T11:00:00Z"), count: 2 },
        ],
      ],
      ["b", [{ hour: Date.parse("2026-03-02T00:00:00Z"), count: 1 }]],
    ]);
    const newest = await queries.newest({ event: "a", limit: 2, ...day }, { signal });
    expect(newest.map(({ occurredAt }) => occurredAt)).toEqual([
      "2026-03-02T11:59:59.999Z",
      "2026-03-02T11:30:00.000Z",
    ]);
  });
});

describe("its definitions", () => {
  const signal = new AbortController().signal;
  const definitions = () => createPostHogDefinitions({ ...KEYS, apiHost: posthog.url, projectId: "1" });

  it("have every event, and when it was last seen", async () => {
    posthog.capture({ event: "b", distinctId: "ada" });
    posthog.capture({ event: "a", distinctId: "ada" });
    await clock.travelBy(60_000, async () => {});
    posthog.capture({ event: "b", distinctId: "ada", timestamp: "2020-01-01T00:00:00Z" });
    expect([...(await definitions().events([], { signal }))]).toEqual([
      ["a", 0],
      ["b", 60_000],
    ]);
  });

  it("have the properties of one event, each with the type of its first value, and those of persons", async () => {
    const first = {
      ...{ amount: 1, plan: "pro", is_new: "TRUE", started_at: "2026-03-02 10:00:00", sent_time: 1_900_000_000 },
      ...{ utm_term: 7, items: [1], nothing: null, $set: { seats: 3 }, $set_once: { joined: "2026-03-02" } },
    };
    posthog.capture({ event: "a", distinctId: "ada", properties: first });
    posthog.capture({ event: "a", distinctId: "ada", properties: { amount: "1", nothing: false } });
    posthog.capture({ event: "b", distinctId: "ada", properties: { other: "12" } });
    expect(Object.fromEntries(await definitions().properties({ event: "a" }, { signal }))).toEqual({
      ...{ amount: "Numeric", plan: "String", is_new: "Boolean", started_at: "DateTime", sent_time: "DateTime" },
      ...{ utm_term: "String", items: null, nothing: "Boolean" },
    });
    expect(Object.fromEntries(await definitions().properties("person", { signal }))).toEqual({
      ...{ seats: "Numeric", joined: "DateTime" },
    });
  });

  it("are read page by page, searched by words, and need a scope for each list", async () => {
    const one = {
      distinctId: "ada",
      properties: {},
      timestamp: "2026-03-02T09:00:00Z",
      capturedAt: "2026-03-02T09:00:00Z",
    };
    for (let index = 0; index < 1_001; index += 1)
      posthog.state.events.push({ ...one, uuid: `${index}`, event: `event ${index}` });
    expect((await definitions().events([], { signal })).size).toBe(1_001);
    // More pages than anybody reads: a wanted name is searched.
    const small = createPostHogDefinitions({ ...KEYS, apiHost: posthog.url, projectId: "1" }, { pageSize: 2 });
    const few = await small.events(["event 999", "none"], { signal });
    expect([few.size, few.has("event 999"), few.has("event 998")]).toEqual([41, true, false]);
    const get = async (path: string) => {
      const response = await fetch(`${posthog.url}/api/projects/1/${path}`, {
        headers: { authorization: `Bearer ${KEYS.personalApiKey}` },
      });
      return (await response.json()) as { results?: Array<Record<string, unknown>>; detail?: string };
    };
    const found = await get("event_definitions/?search=EVENT%20100&limit=2");
    expect(found).toMatchObject({ count: 2, next: null, results: [{ name: "event 100" }, { name: "event 1000" }] });
    posthog.state.events = [];
    posthog.capture({ event: "a", distinctId: "ada", properties: { amount: 1 } });
    const amount = async (query: string) => (await get(`property_definitions/?${query}`)).results?.[0];
    expect([
      await amount(""),
      await amount("event_names=[%22a%22]"),
      await amount("event_names=[%22b%22]"),
      await amount("event_names=[%22b%22]&filter_by_event_names=true"),
    ]).toMatchObject([
      { is_seen_on_filtered_events: null, is_numerical: true },
      { is_seen_on_filtered_events: true },
      { is_seen_on_filtered_events: false },
      undefined,
    ]);
    posthog.settings.scopes = ["event_definition:read"];
    expect((await get("event_definitions/")).results).toHaveLength(1);
    expect((await get("property_definitions/")).detail).toContain("'property_definition:read'");
    await expect(definitions().properties("person", { signal })).rejects.toThrow("property_definition:read");
  });
});

describe("its destinations", () => {
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${posthog.url}/api/projects/1/hog_functions/${path}`, {
      method,
      headers: { authorization: "Bearer phx_1", "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: what it answers is what is tested
    return { status: response.status, body: (await response.json()) as any };
  };
  const webhook = {
    ...{ type: "destination", template_id: "template-webhook", name: "bridge", enabled: true },
    filters: { source: "events", events: [{ id: "user_signed_up", type: "events" }] },
  };
  const signed = () => ({ url: { value: receiver.url }, signing_secret: { value: SECRET } });

  it("mask what is secret, replace inputs whole, and are not deleted by DELETE", async () => {
    const made = await ask("POST", "", {
      ...webhook,
      inputs: { ...signed(), debug: { value: true }, odd: { value: 1 } },
    });
    expect(made.status).toBe(201);
    expect(made.body.inputs).toMatchObject({ url: { value: receiver.url }, signing_secret: { secret: true } });
    expect(made.body.inputs).not.toHaveProperty("odd");
    const [listed] = (await ask("GET", "")).body.results;
    expect(listed).toMatchObject({ id: made.body.id, template: { id: "template-webhook" }, status: { state: 1 } });
    expect(listed).not.toHaveProperty("inputs");

    const { url } = signed();
    const kept = await ask("PATCH", `${made.body.id}/`, { inputs: { url, signing_secret: { secret: true } } });
    expect([Object.keys(kept.body.inputs), JSON.stringify(kept)]).toEqual([
      ["url", "signing_secret"],
      expect.not.stringContaining(SECRET),
    ]);
    expect(posthog.state.hogFunctions[0]?.inputs.signing_secret).toEqual({ value: SECRET });
    expect((await ask("PATCH", `${made.body.id}/`, { inputs: {} })).status).toBe(400);
    expect((await ask("DELETE", `${made.body.id}/`)).status).toBe(405);
    await ask("PATCH", `${made.body.id}/`, { deleted: true });
    expect((await ask("GET", `${made.body.id}/`)).status).toBe(404);
  });

  it("take the place of the one that was connected by hand", async () => {
    const { body } = await ask("POST", "", { ...webhook, inputs: signed() });
    posthog.capture({ event: "user_signed_up", distinctId: "ada" });
    posthog.capture({ event: "$pageview", distinctId: "ada" });
    await posthog.idle();
    expect(received).toHaveLength(1);
    const [{ headers, raw }] = received as [(typeof received)[0]];
    expect(isSigned({ headers, raw })).toBe(true);

    posthog.state.hogFunctions[0]!.state = 3;
    posthog.capture({ event: "user_signed_up", distinctId: "ada" });
    await posthog.idle();
    expect(received).toHaveLength(1);
    expect((await ask("PATCH", `${body.id}/`, { enabled: true })).body.status.state).toBe(2);
  });

  it("need a scope", async () => {
    posthog.settings.scopes = ["hog_function:read"];
    expect((await ask("GET", "")).status).toBe(200);
    expect(await ask("POST", "", webhook)).toMatchObject({
      status: 403,
      body: { detail: "API key missing required scope 'hog_function:write'" },
    });
  });
});

function isSigned({ headers, raw }: { headers: IncomingHttpHeaders; raw: Buffer }): boolean {
  const verified = createWebhookVerifier({ secrets: [SECRET], now: Date.now })(headers);
  return typeof verified === "function" && verified(raw).valid;
}
