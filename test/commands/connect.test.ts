import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { connectDestination } from "../../src/commands/connect/destination.ts";
import { createPostHogApi } from "../../src/commands/posthog-api.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { type LocalPostHog, openLocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { createVirtualClock } from "../../src/sandbox/virtual-clock.ts";
import { runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { testProduct } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

const { workflows } = testProduct;

const URL = "https://bridge.acme.example/webhooks/posthog";
const KNOWN = `whsec_${Buffer.from("a secret that the app knows, long enough").toString("base64")}`;
const FRESH = {
  signing: `whsec_${Buffer.from("a secret that was made, and long enough").toString("base64")}`,
  header: "a-header-that-was-made",
};
const WANTED = { url: URL, events: ["a", "b"], prune: false, secrets: [KNOWN], fresh: FRESH, newSecret: false };
const KEYS = { projectToken: "phc_1", personalApiKey: "phx_1", projectId: "1" };

async function localPostHog(): Promise<LocalPostHog & AsyncDisposable> {
  const clock = createVirtualClock({ startAt: 0, flowing: false });
  const posthog = await openLocalPostHog({ ...KEYS, clock, port: 0 });
  return Object.assign(posthog, {
    async [Symbol.asyncDispose]() {
      clock.stop();
      await posthog.close(0);
    },
  });
}

const apiOf = (posthog: LocalPostHog, access: object = {}) =>
  createPostHogApi({ apiHost: posthog.url, ...KEYS, ...access });

const connect = (posthog: LocalPostHog, wanted: Partial<typeof WANTED> = {}, dryRun = false) =>
  connectDestination(apiOf(posthog), { ...WANTED, ...wanted }, dryRun);

describe("the destination", () => {
  it("is made once, and then left alone", async () => {
    await using posthog = await localPostHog();
    const dry = await connect(posthog, {}, true);
    expect([dry.does, posthog.state.hogFunctions]).toEqual(["create", []]);

    expect(await connect(posthog)).toMatchObject({ does: "create", secret: null, notes: [] });
    const [one] = posthog.state.hogFunctions;
    expect(one).toMatchObject({
      ...{ type: "destination", templateId: "template-webhook", enabled: true },
      inputs: {
        url: { value: URL },
        method: { value: "POST" },
        body: { value: { event: "{event}", person: "{person}" } },
        signing_secret: { value: KNOWN },
      },
      filters: {
        source: "events",
        filter_test_accounts: true,
        events: [
          { id: "a", name: "a", type: "events", order: 0 },
          { id: "b", name: "b", type: "events", order: 1 },
        ],
      },
    });
    const before = structuredClone(posthog.state.hogFunctions);
    expect(await connect(posthog)).toMatchObject({ does: "as it is", changes: [], notes: [], secret: null });
    expect(posthog.state.hogFunctions).toEqual(before);
  });

  it("keeps what an operator added, and takes their events away only when it is asked to", async () => {
    await using posthog = await localPostHog();
    await connect(posthog);
    const one = posthog.state.hogFunctions[0]!;
    const narrowed = { id: "a", name: "a", type: "events", order: 0, properties: [{ key: "plan", value: "pro" }] };
    Object.assign(one, {
      description: `Ask Bo. ${one.description}`,
      inputs: { ...one.inputs, headers: { value: { "x-team": "growth" } }, debug: { value: true } },
      filters: { ...one.filters, events: [narrowed, { id: "theirs", name: "theirs", type: "events", order: 1 }] },
    });
    const changed = await connect(posthog, { events: ["a", "b", "c"] });
    expect(changed).toMatchObject({ does: "update", changes: ["+ event b", "+ event c"] });
    expect(changed.notes.join("\n")).toMatch(/event theirs stays[\s\S]*event a has a filter at PostHog/);
    expect(one).toMatchObject({
      description: expect.stringMatching(/^Ask Bo\./),
      inputs: { headers: { value: { "x-team": "growth" } }, debug: { value: true }, signing_secret: { value: KNOWN } },
      filters: { events: [narrowed, { id: "theirs" }, { id: "b" }, { id: "c" }] },
    });
    const pruned = await connect(posthog, { prune: true });
    expect(pruned.changes).toEqual(["- event theirs", "- event c"]);
    expect(one.filters.events).toMatchObject([narrowed, { id: "b" }]);
  });

  it("is brought back where it was changed or stopped", async () => {
    await using posthog = await localPostHog();
    await connect(posthog);
    const one = posthog.state.hogFunctions[0]!;
    const properties = [{ key: "$is_identified", value: true }];
    const every = { id: null, name: "All events", type: "events", order: 0 };
    Object.assign(one, { enabled: false, filters: { properties, events: [every] } });
    Object.assign(one.inputs, { body: { value: { person: "{person}", project: "{project}" } } });
    const back = await connect(posthog, { url: URL.replace("bridge", "new") });
    expect(back.changes).toEqual([
      "URL: https://bridge.acme.example/webhooks/posthog becomes https://new.acme.example/webhooks/posthog",
      "body: the event and the person, as in PostHog's default",
      "no longer every event",
      "+ event a",
      "+ event b",
      "without test accounts",
      "enabled again",
    ]);
    expect(back.notes).toEqual([expect.stringContaining("$is_identified")]);
    expect(one.inputs.body).toEqual({ value: { event: "{event}", person: "{person}", project: "{project}" } });

    one.state = 3;
    const healed = await connect(posthog, { url: URL.replace("bridge", "new") });
    expect(healed.changes).toEqual([expect.stringContaining("PostHog had disabled it")]);
    expect(one.state).toBe(2);
    one.state = 12;
    await expect(connect(posthog)).rejects.toThrow("PostHog left the destination");
  });

  it("signs with the newest secret, and with one that was made until the app has it", async () => {
    await using posthog = await localPostHog();
    const first = await connect(posthog, { secrets: ["the header of before"] });
    expect(first.secret).toBe(FRESH.signing);
    const { inputs } = posthog.state.hogFunctions[0]!;
    // The former secret stays beside the new one until the app has the new one.
    expect(inputs).toMatchObject({ headers: { value: { "x-webhook-secret": "the header of before" } } });
    const again = await connect(posthog, { secrets: ["the header of before"] });
    expect(again).toMatchObject({ does: "as it is", secret: null, notes: [expect.stringContaining("--new-secret")] });
    expect(await connect(posthog, { secrets: [FRESH.signing] })).toMatchObject({ does: "as it is", notes: [] });

    const rotated = await connect(posthog, { secrets: [KNOWN, FRESH.signing] });
    expect(rotated.changes).toEqual(["signing secret: the first one of POSTHOG_WEBHOOK_SECRETS"]);
    expect(posthog.state.hogFunctions[0]!.inputs.signing_secret).toEqual({ value: KNOWN });
    const lost = await connect(posthog, { secrets: [], newSecret: true });
    expect([lost.secret, lost.changes]).toEqual([FRESH.signing, ["signing secret: a new one"]]);
  });

  it("has the secret in a header where PostHog cannot sign", async () => {
    await using posthog = await localPostHog();
    posthog.settings.hasSigning = false;
    const made = await connect(posthog);
    expect(made).toMatchObject({ secret: FRESH.header, notes: [expect.stringContaining("cannot sign")] });
    expect(made.changes.join()).not.toContain("signing");
    const { inputs } = posthog.state.hogFunctions[0]!;
    expect(inputs).toMatchObject({ headers: { value: { "x-webhook-secret": FRESH.header } } });
    expect(inputs).not.toHaveProperty("signing_secret");
    expect(await connect(posthog)).toMatchObject({ does: "as it is", secret: null });
    expect(await connect(posthog, { secrets: [FRESH.header] })).toMatchObject({ does: "as it is", notes: [] });
    const other = await connect(posthog, { secrets: ["another-of-ours-now"] });
    expect(other.changes).toEqual(["header x-webhook-secret: another value"]);
  });

  it("is found on any page, and asked for when there are several", async () => {
    await using posthog = await localPostHog();
    await connect(posthog);
    const own = posthog.state.hogFunctions[0]!;
    const others = Array.from({ length: 150 }, (_, index) => ({
      ...own,
      id: `other-${index}`,
      ...(index < 100 ? { templateId: "template-slack" } : { inputs: { url: { value: "https://acme.example/hook" } } }),
    }));
    posthog.state.hogFunctions = [...others, own];
    expect(await connect(posthog)).toMatchObject({ does: "as it is", id: own.id });
    const staging = { ...own, id: "staging", inputs: { url: { value: URL.replace("bridge", "staging") } } };
    posthog.state.hogFunctions.unshift(staging);
    expect(await connect(posthog)).toMatchObject({ does: "as it is", id: own.id });
    await expect(connect(posthog, { url: URL.replace("bridge", "third") })).rejects.toThrow(
      /2 destinations[\s\S]*staging/,
    );
  });

  it("names the place for a key of another region, and shows a key of one's own PostHog to no other host", async () => {
    await using us = await localPostHog();
    await using eu = await localPostHog();
    const asked: string[] = [];
    us.injectFault(({ path }) => {
      asked.push(path);
      return { status: 401, body: { detail: "Invalid personal API key." } };
    });
    const clouds = [
      { name: "US", apiHost: us.url, host: "https://us.i" },
      { name: "EU", apiHost: eu.url, host: "https://eu.i" },
    ];
    const access = { apiHost: us.url, ...KEYS };
    await expect(connectDestination(createPostHogApi(access, { clouds }), WANTED, false)).rejects.toThrow(
      `is a key of EU: set POSTHOG_API_HOST=${eu.url} and POSTHOG_HOST=https://eu.i`,
    );
    const own = createPostHogApi(access, { clouds: clouds.slice(1) });
    await expect(connectDestination(own, WANTED, false)).rejects.toThrow("is POSTHOG_PERSONAL_API_KEY a personal key");
  });
});

describe("npm run connect", () => {
  const inSandbox = (sandbox: Sandbox, options: string[], env: Record<string, string> = {}) =>
    runCommand(sandbox, "connect", options, { env: { PUBLIC_URL: sandbox.app.url, ...env } });

  it("brings events to the bridge, and ends that again", async () => {
    await using sandbox = await testSandbox();
    const dry = await inSandbox(sandbox, ["--dry-run"]);
    expect([dry.code, sandbox.posthog.state.hogFunctions]).toEqual([3, []]);
    expect(dry.stdout).toContain("would create  HTTP Webhook");

    const made = await inSandbox(sandbox, []);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    for (const event of [...workflows.flatMap(({ events }) => events), "$identify", "$set"])
      expect(made.stdout).toContain(`+ event ${event}\n`);
    const again = await inSandbox(sandbox, ["--json"]);
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { does: "as it is", changes: [], error: null }]);

    const properties = { $set: { email: "ada@acme.example" } };
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties });
    await sandbox.settled();
    expect(sandbox.novu.state.messages).not.toEqual([]);

    const deliveries = sandbox.posthog.state.deliveries.length;
    expect((await inSandbox(sandbox, ["--disable", "--dry-run"])).code).toBe(3);
    expect((await inSandbox(sandbox, ["--disable"])).stdout).toContain("disable  HTTP Webhook");
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "bo" });
    expect(sandbox.posthog.state.deliveries).toHaveLength(deliveries);
    expect((await inSandbox(sandbox, ["--disable"])).stdout).toContain("as it is");
    expect((await inSandbox(sandbox, ["--delete"])).code).toBe(0);
    expect(sandbox.posthog.state.hogFunctions.map(({ deleted }) => deleted)).toEqual([true]);
    expect(await inSandbox(sandbox, ["--delete"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing/),
    });
    for (const { stdout, stderr } of [dry, made, again])
      for (const secret of [LOCAL_KEYS.signingSecret, LOCAL_KEYS.personalApiKey, LOCAL_KEYS.novu])
        expect(stdout + stderr).not.toContain(secret);
  });

  it("makes the first secret, and shows it once", async () => {
    await using sandbox = await testSandbox();
    const made = await inSandbox(sandbox, [], { POSTHOG_WEBHOOK_SECRETS: "" });
    const secret = sandbox.posthog.state.hogFunctions[0]?.inputs.signing_secret?.value as string;
    expect(made.stdout.split(secret)).toHaveLength(2);
    const again = await inSandbox(sandbox, [], { POSTHOG_WEBHOOK_SECRETS: "" });
    expect([again.code, again.stdout.includes("whsec_…"), again.stdout.includes(secret)]).toEqual([0, false, false]);
    expect((await inSandbox(sandbox, [], { POSTHOG_WEBHOOK_SECRETS: secret })).stdout).not.toContain("!");
    expect((await inSandbox(sandbox, ["--new-secret"])).code).toBe(2);
  });

  it("says what it is for to a team without PostHog, and how Segment is connected", async () => {
    await using sandbox = await testSandbox();
    const { code, stdout, stderr } = await inSandbox(sandbox, [], WITH_SEGMENT_ALONE);
    expect([code, stdout, stderr]).toEqual([
      1,
      "",
      expect.stringMatching(/^connect creates the destination in PostHog .*not configured.*\/webhooks\/segment\n$/),
    ]);
    const named = /\.github\/guides\/[\w-]+\.js/.exec(stderr)?.[0] ?? "";
    expect(existsSync(new globalThis.URL(`../../${named}`, import.meta.url))).toBe(true);
  });

  it.each([
    ["a wrong key", { POSTHOG_PERSONAL_API_KEY: "phx_another" }, "is POSTHOG_PERSONAL_API_KEY a personal key"],
    ["a wrong project", { POSTHOG_PROJECT_ID: "7" }, "is POSTHOG_PROJECT_ID a project at"],
    ["a dead host", { POSTHOG_API_HOST: "http://127.0.0.1:9" }, "does not answer; is POSTHOG_API_HOST"],
  ])("says what to do about %s", async (_, env, words) => {
    await using sandbox = await testSandbox();
    const { code, stderr, stdout } = await inSandbox(sandbox, ["--json"], env);
    expect([code, stderr, JSON.parse(stdout).error]).toEqual([
      1,
      expect.stringContaining(words),
      expect.stringContaining(words),
    ]);
  });

  it("says which scope is missing, and how it is used", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.settings.scopes = ["person:read", "hog_function:read"];
    const { code, stderr } = await inSandbox(sandbox, []);
    expect([code, stderr]).toEqual([1, expect.stringContaining("needs the scope hog_function:write")]);
    expect((await inSandbox(sandbox, ["--delete", "--disable"])).code).toBe(2);
    expect((await inSandbox(sandbox, ["--help"])).stdout).toContain("--new-secret");
  });
});
