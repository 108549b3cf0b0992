import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectDestination } from "../../src/commands/connect/destination.ts";
import { type Finding, lookAll, ok } from "../../src/commands/doctor/check.ts";
import { examine } from "../../src/commands/doctor/examine.ts";
import { reachCheck } from "../../src/commands/doctor/reach.ts";
import { storeCheck } from "../../src/commands/doctor/store.ts";
import { createPostHogApi } from "../../src/commands/posthog-api.ts";
import type { Config, PostHogConfig } from "../../src/config.ts";
import { cohort } from "../../src/engine/event.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { campaign, happen } from "../support/campaign.ts";
import { runCommand } from "../support/command.ts";
import { testProduct } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

const { workflows } = testProduct;

const OTHER = `whsec_${Buffer.from("a secret that the app does not know").toString("base64")}`;
/** Ids, which open nothing. */
const OPEN = new Set(["projectId", "segmentSpaceId"]);
const SECRETS = Object.entries(LOCAL_KEYS).flatMap(([name, key]) => (OPEN.has(name) ? [] : [key]));

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await testSandbox();
  await connectDestination(
    createPostHogApi(sandbox.config.posthog),
    {
      url: `${sandbox.app.url}/webhooks/posthog`,
      events: sandbox.app.events,
      secrets: [LOCAL_KEYS.signingSecret],
      fresh: { signing: OTHER, header: "" },
      prune: false,
      newSecret: false,
    },
    false,
  );
});
afterEach(() => sandbox[Symbol.asyncDispose]());

interface Other {
  posthog?: Partial<PostHogConfig>;
  novu?: Partial<Config["novu"]>;
}

/** The findings that are not OK, one line each. */
async function complaints({ posthog, novu, ...rest }: Omit<Partial<Config>, "posthog" | "novu"> & Other = {}) {
  const { config, app } = sandbox;
  const changed = {
    ...{ ...config, publicUrl: app.url, ...rest },
    ...{ posthog: { ...config.posthog, ...posthog }, novu: { ...config.novu, ...novu } },
  };
  const found = await examine(changed, testProduct, SECRETS);
  for (const { says } of found) for (const secret of SECRETS) expect(says).not.toContain(secret);
  return found.flatMap(({ what, is, says }) =>
    // Node 20 and older releases always cause this warning.
    is === "ok" || what === "Node" ? [] : [`${is === "warning" ? "!" : "✗"} ${what}: ${says}`],
  );
}

describe("the doctor", () => {
  it("finds nothing where all is well, and leaves nothing behind", async () => {
    const before = structuredClone(sandbox.posthog.state.hogFunctions);
    expect(await complaints()).toEqual([]);
    expect(sandbox.posthog.state.hogFunctions).toEqual(before);
    expect(await sandbox.app.store.events.listIgnored({ limit: 10 })).toEqual([]);
    expect(Object.keys(sandbox.novu.state.subscribers)).toEqual([]);
  });

  it.each<[string, Other & Partial<Record<"dataDir" | "publicUrl" | "databaseUrl", string>>, string[]]>([
    [
      "a wrong token",
      { posthog: { projectToken: "phc_other" } },
      ["✗ PostHog events: .* does not accept POSTHOG_PROJECT_TOKEN"],
    ],
    [
      "a wrong personal key",
      { posthog: { personalApiKey: "phx_other" } },
      [
        "✗ PostHog key: .* does not accept POSTHOG_PERSONAL_API_KEY",
        "✗ PostHog persons: .*POSTHOG_PERSONAL_API_KEY",
        "✗ PostHog destination: .*POSTHOG_PERSONAL_API_KEY",
        "! events: .* and person properties are not compared: PostHog answered 401",
      ],
    ],
    [
      "a wrong project",
      { posthog: { projectId: "7" } },
      [
        "✗ PostHog persons: .*POSTHOG_PROJECT_ID",
        "✗ PostHog destination: .*POSTHOG_PROJECT_ID",
        "! events: .* are not compared: PostHog answered 404",
      ],
    ],
    [
      "a dead PostHog",
      { posthog: { host: "http://127.0.0.1:9", apiHost: "http://127.0.0.1:9" } },
      [
        "✗ PostHog events: POSTHOG_HOST .* does not answer",
        "✗ PostHog key: POSTHOG_API_HOST .* does not answer",
        "✗ PostHog persons: .* does not answer",
        "✗ PostHog destination: .* does not answer",
        "! events: .* are not compared: PostHog at .* does not answer",
      ],
    ],
    [
      "a wrong key of Novu",
      { novu: { secretKey: "another-secret-key" } },
      [
        "✗ Novu key: .* does not accept NOVU_SECRET_KEY",
        "✗ Novu channels: Novu answered 401",
        "✗ Novu workflows: .* is NOVU_SECRET_KEY the secret key",
        "✗ bridge: the app refuses signatures with NOVU_SECRET_KEY",
      ],
    ],
    [
      "a dead Novu",
      { novu: { apiUrl: "http://127.0.0.1:9" } },
      [
        "✗ Novu key: .* does not answer",
        "✗ Novu channels: .* does not answer",
        "✗ Novu workflows: Novu does not answer now",
      ],
    ],
    [
      "an app that is not there",
      { publicUrl: "http://127.0.0.1:9" },
      [
        "✗ PostHog destination: .*npm run connect would change: URL",
        "✗ Segment webhook: .*does not answer from here",
        "✗ app: .*does not answer from here",
        "✗ bridge: .*does not answer from here",
        "✗ webhook: .*does not answer from here",
      ],
    ],
    [
      "a secret that the app does not have",
      { posthog: { webhookSecrets: [OTHER, LOCAL_KEYS.signingSecret] } },
      ["✗ PostHog destination: .*signing secret", "✗ webhook: the app refuses .*\\(number 1\\): restart it"],
    ],
    ["a store elsewhere", { dataDir: "/nowhere" }, ["✗ store: .*there is no store in .* set DATA_DIR"]],
    [
      "a database that is down",
      { databaseUrl: "postgresql://app:hunter22@127.0.0.1:9/app" },
      [
        '✗ store: check DATABASE_URL .*cannot be opened: the database "app" at 127.0.0.1:9 does not answer((?!hunter22).)*$',
      ],
    ],
  ])("says what to do about %s", async (_, other, wanted) => {
    const found = await complaints(other);
    expect(found).toEqual(wanted.map((line) => expect.stringMatching(new RegExp(`^${line}`))));
  });

  it("knows the key's scopes, and the destination by what may be read of it", async () => {
    sandbox.posthog.settings.scopes = ["hog_function:read"];
    // The daily sweep needs it, where a workflow starts on inactivity.
    const isSwept = workflows.some(({ absences }) => absences.length > 0);
    expect(await complaints()).toEqual([
      expect.stringMatching(
        isSwept
          ? /^✗ PostHog key: the key lacks the scope person:read, query:read/
          : /^✗ PostHog key: the key lacks the scope person:read:/,
      ),
      expect.stringMatching(/^! PostHog key: the key lacks hog_function:write/),
      ...(isSwept ? [] : [expect.stringMatching(/^! PostHog key: the key lacks query:read/)]),
      expect.stringMatching(/^✗ PostHog persons: .*needs the scope person:read/),
      "! events: the names of events, the events of the last 30 days, and person properties are not compared: POSTHOG_PERSONAL_API_KEY lacks event_definition:read, property_definition:read, and query:read",
    ]);
    sandbox.posthog.settings.scopes = ["person:read", "query:read"];
    expect(await complaints()).toContainEqual(expect.stringMatching(/^! PostHog destination: cannot be checked/));
    // A PostHog that does not say.
    sandbox.posthog.injectFault(({ path }) => (path.includes("@current") ? { status: 404 } : null));
    expect(await complaints()).toContainEqual(expect.stringMatching(/^! PostHog key: .* does not show the scopes/));
  });

  it("looks for the cohorts that start workflows, and for what reading them needs", async () => {
    const workflows = [campaign({ on: [cohort(42), cohort(43)] })];
    const found = async (posthog: Config["posthog"] = sandbox.config.posthog) => {
      const all = await examine({ ...sandbox.config, posthog }, { ...testProduct, workflows }, SECRETS);
      return all.flatMap(({ what, is, says }) => (/^PostHog( cohorts| key)?$/.test(what) ? [`${is} ${says}`] : []));
    };
    sandbox.posthog.addCohort(42);
    expect(await found()).toEqual([
      "ok the key has every scope",
      "ok campaign: cohort 42 has 0 persons",
      expect.stringMatching(/^trouble campaign: PostHog answered 404: PostHog has no cohort 43; is it the number/),
    ]);
    sandbox.posthog.settings.scopes = ["person:read", "hog_function:write"];
    expect(await found()).toEqual([
      expect.stringMatching(/^trouble the key lacks the scope query:read, cohort:read/),
      expect.stringMatching(/^trouble campaign: PostHog answered 403; .* scope cohort:read/),
      expect.stringMatching(/^trouble campaign: PostHog answered 403; .* scope cohort:read/),
    ]);
    expect(await found(null)).toEqual([
      "trouble not configured, and campaign starts on a cohort: set POSTHOG_PROJECT_ID and the other POSTHOG_…",
    ]);
  });

  it("compares the destination with the workflows", async () => {
    const one = sandbox.posthog.state.hogFunctions[0]!;
    one.filters = { ...one.filters, events: (one.filters.events as unknown[]).slice(1) };
    expect(await complaints()).toEqual([expect.stringContaining("npm run connect would change: + event")]);
    one.state = 3;
    expect(await complaints()).toEqual([expect.stringContaining("PostHog had disabled it")]);
    one.deleted = true;
    expect(await complaints()).toEqual([expect.stringMatching(/^✗ PostHog destination: no destination sends to/)]);
  });

  it("compares Novu's integrations with the channels, and the providers with EMAIL_PROVIDERS", async () => {
    const { integrations } = sandbox.novu;
    integrations.find(({ channel }) => channel === "in_app")!.active = false;
    const email = integrations.find(({ channel }) => channel === "email")!;
    email.providerId = "postmark";
    expect(await complaints()).toEqual([
      expect.stringMatching(/^! Novu channels: the workflows use in_app/),
      "✗ Novu channels: emails through postmark have no unsubscribe headers: add postmark to EMAIL_PROVIDERS",
      expect.stringMatching(/^! Novu channels: EMAIL_PROVIDERS has resend/),
    ]);
    email.active = false;
    expect(await complaints()).toContainEqual(expect.stringMatching(/^✗ Novu channels: the workflows use email/));
  });

  it("says so when Novu was never synced, or lacks a workflow", async () => {
    const synced = sandbox.novu.state.workflows;
    sandbox.novu.state.workflows = [];
    const ids = workflows.map(({ id }) => id);
    expect(await complaints()).toEqual([
      `✗ Novu workflows: Novu has none of them (${ids.join(", ")}), so their events start no run: npm run sync`,
    ]);
    // Workflows that others have made there do not count.
    sandbox.novu.state.workflows = synced.filter(({ workflowId }) => workflowId !== ids.at(-1));
    sandbox.novu.state.workflows.push({ workflowId: ids.at(-1)!, name: null, origin: "novu-cloud", steps: [] });
    expect(await complaints()).toEqual([
      `✗ Novu workflows: Novu has no ${ids.at(-1)}, so their events start no run: npm run sync`,
    ]);
  });

  it("says so when Novu has another version of a workflow", async () => {
    const [first, second] = sandbox.novu.state.workflows;
    first!.steps.pop();
    second!.severity = "high";
    expect(await complaints()).toEqual([
      expect.stringMatching(/^✗ Novu workflows: Novu has another version of \S+, without \S+: npm run sync$/),
      expect.stringMatching(/^! Novu workflows: Novu has another version of \S+: npm run plan lists the differences$/),
    ]);
  });

  it("says which starts are dead because Novu did not know their workflow, also once it does", async () => {
    const synced = sandbox.novu.state.workflows;
    sandbox.novu.state.workflows = [];
    for (const distinctId of ["ada", "grace"]) happen(sandbox, "user_signed_up", { distinctId });
    await sandbox.settled();
    await sandbox.travel({ days: 3 });
    expect((await sandbox.app.store.jobs.countDeadByError()).map(({ count }) => count)).toEqual([2]);
    const dead = '✗ Novu workflows: 2 starts are dead, because Novu did not have "onboarding": ';
    expect(await complaints()).toContain(`${dead}npm run sync, then npm run redrive`);
    sandbox.novu.state.workflows = synced;
    expect(await complaints()).toContain(`${dead}npm run redrive`);
  });

  it("finds what is set in Novu's dashboard and cannot be used", async () => {
    sandbox.novu.setControls("onboarding", "welcome", { subject: 'Hi {{ subscriber.firstName | default: "friend" }}' });
    sandbox.novu.setControls("onboarding", "welcome-note", { subject: "", body: "Hello" });
    expect(await complaints()).toEqual(
      ["welcome", "welcome-note"].map(
        (step) =>
          `! Novu workflows: Novu cannot use the value of "subject" in onboarding/${step} from its dashboard; correct it there`,
      ),
    );
  });

  it("compares clocks", async () => {
    const date = new Date(Date.now() + 10 * 60_000).toUTCString();
    sandbox.novu.injectFault(({ method }) => (method === "HEAD" ? { status: 404, headers: { date } } : null));
    expect(await complaints()).toEqual([expect.stringMatching(/^✗ clocks: the clock of .* is (59|60)\d s ahead/)]);
  });

  it("sees dead jobs", async () => {
    sandbox.novu.injectFault(() => ({ status: 400 }));
    sandbox.posthog.capture({
      event: "user_signed_up",
      distinctId: "ada",
      properties: { $set: { email: "ada@acme.example" } },
    });
    await sandbox.settled();
    const { dead } = await sandbox.app.store.jobs.count();
    expect(dead).toBeGreaterThan(0);
    expect(await complaints()).toContainEqual(
      expect.stringContaining(`! store: ${dead} dead ${dead === 1 ? "job" : "jobs"}: npm run redrive`),
    );
  });

  it("sees jobs that fail again and again, before they are dead", async () => {
    sandbox.novu.injectFault(({ path }) => (path.startsWith("/v1/events/trigger") ? { status: 401 } : null));
    happen(sandbox, "user_signed_up", { distinctId: "ada" });
    await sandbox.settled();
    expect((await complaints()).filter((line) => line.includes(" jobs: "))).toEqual([]);
    await sandbox.travel({ seconds: 20 });
    expect(await complaints()).toContainEqual(
      expect.stringMatching(/^✗ jobs: 1 job fails again and again at novu, so far up to [4-6] times: .*401/),
    );
    expect((await sandbox.app.store.jobs.count()).dead).toBe(0);
  });

  it("says that Novu Cloud cannot reach an address of this machine", async () => {
    const { config, app } = sandbox;
    const novu = { ...config.novu, apiUrl: "https://api.novu.co" };
    expect(await reachCheck({ ...config, publicUrl: app.url, novu }).look()).toEqual({
      is: "trouble",
      says: `${app.url} is an address of this machine or network, which Novu Cloud cannot reach: set the https address at which the internet reaches the app`,
    });
  });

  it("warns of ids that a Novu which checks them refuses, by their characters", async () => {
    for (const distinctId of ["ada", "auth0|64f1c2", "auth0|64f1c3", "a b", "grace+1@example.com"])
      sandbox.posthog.capture({ event: "user_signed_up", distinctId, properties: { $set: { name: "Somebody" } } });
    await sandbox.settled();
    const found = (await complaints()).filter((line) => line.includes("subscriber ids"));
    expect(found).toEqual([
      expect.stringMatching(/^! subscriber ids: 3 of the latest 5 runs have ("\|" " "|" " "\|") in the distinct id; /),
    ]);
    expect(found.join()).not.toContain("64f1c2");
  });

  it("sees runs that were lost at Novu in the last 7 days", async () => {
    const HOUR_MS = 60 * 60_000;
    await using lost = await testSandbox({ workflows: [campaign()], startAt: Date.now() - 3 * HOUR_MS });
    lost.novu.injectFault(({ path }) =>
      path === "/v1/events/trigger" ? { status: 201, body: { data: { status: "processed" } } } : null,
    );
    happen(lost, "called");
    await lost.travel({ hours: 2 });
    expect(await storeCheck(lost.config).look()).toContainEqual({
      is: "trouble",
      says: expect.stringMatching(/^1 run was lost at Novu in the last 7 days; bridge_runs_lost_total .* npm run why/),
    });
  });

  it("does not wait for a service that never answers, and checks all others", async () => {
    const never = { what: "never", look: () => new Promise<Finding[]>(() => {}) };
    const fails = { what: "fails", look: () => Promise.reject(new Error("no")) };
    const says = { what: "says", look: async () => [ok("yes")] };
    expect(await lookAll([never, fails, says], 100)).toEqual([
      { what: "never", is: "trouble", says: expect.stringContaining("took longer than 0.1 s") },
      { what: "fails", is: "trouble", says: "no" },
      { what: "says", is: "ok", says: "yes" },
    ]);
  });
});

describe("npm run doctor", () => {
  it("is one screen, with an exit code and no secret", async () => {
    const env = { PUBLIC_URL: sandbox.app.url, EMAIL_PROVIDERS: "resend" };
    const well = await runCommand(sandbox, "doctor", [], { env });
    expect([well.code, well.stderr]).toEqual([0, ""]);
    const lines = well.stdout.trim().split("\n");
    expect(lines.length).toBeLessThan(24);
    expect(lines.slice(0, -2)).toEqual(lines.slice(0, -2).map(() => expect.stringMatching(/^(✓|! Node) /)));

    const ill = await runCommand(sandbox, "doctor", ["--json"], { env: { ...env, NOVU_SECRET_KEY: "nv-another-one" } });
    const { ok: isWell, checks } = JSON.parse(ill.stdout) as {
      ok: boolean;
      checks: Array<{ what: string; is: string }>;
    };
    expect([ill.code, isWell]).toEqual([1, false]);
    expect(checks.find(({ what }) => what === "Novu key")?.is).toBe("trouble");

    const none = await runCommand(sandbox, "doctor", [], {
      env: { ...env, NOVU_SECRET_KEY: "", LINK_SIGNING_KEYS: "" },
    });
    expect([none.code, none.stdout]).toEqual([
      1,
      expect.stringMatching(/✗ configuration +the configuration is not valid/),
    ]);
    for (const { stdout, stderr } of [well, ill, none])
      for (const secret of [...SECRETS, "nv-another-one"]) expect(stdout + stderr).not.toContain(secret);
  });
});
