import { describe, expect, it } from "vitest";
import { reconcileOf } from "../../src/commands/reconcile.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { run, runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { testProduct } from "../support/product/product.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";

/** The sandbox begins at nine. */
const SINCE = ["--since", "2026-03-02T08:00:00Z", "--until", "2026-03-05T00:00:00Z"];
const ada = { email: "ada@example.com", name: "Ada Lovelace" };
const uuid = (index: number) => `0190f1d2-6a4b-7c1e-8f00-${String(index).padStart(12, "0")}`;

describe("npm run reconcile", () => {
  it("lists what is missing and changes nothing, feeds just that, and then finds nothing", async () => {
    await using sandbox = await testSandbox();
    signUp(sandbox, { uuid: uuid(1), distinctId: "grace" });
    await lose(sandbox, () => {
      signUp(sandbox, { uuid: uuid(2) });
      sandbox.posthog.capture({ event: "user_signed_up", distinctId: "anonymous", uuid: uuid(3) });
      sandbox.posthog.capture({ event: "$pageview", distinctId: "ada" });
    });
    const before = await stateOf(sandbox);

    const dry = await reconcile(sandbox, SINCE);
    expect([dry.code, dry.stderr]).toEqual([3, ""]);
    expect(dry.stdout.split("\n")).toEqual([
      `2026-03-02T09:00:00.000Z  ${uuid(2)}  user_signed_up  ada`,
      `2026-03-02T09:00:00.000Z  ${uuid(3)}  user_signed_up  anonymous`,
      "3 events from 2026-03-02T08:00:00.000Z to 2026-03-05T00:00:00.000Z compared, 2 missing",
      "nothing was changed; send them with: npm run reconcile -- --since 2026-03-02T08:00:00.000Z --until 2026-03-05T00:00:00.000Z --apply",
      "",
    ]);
    expect(await stateOf(sandbox)).toEqual(before);

    const applied = await reconcile(sandbox, [...SINCE, "--apply"]);
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
    expect(applied.stdout).toMatch(
      /ada {2}accepted\n.*anonymous {2}ignored: (.+)\n3 events .* 2 missing\n {2}1 accepted\n {2}1 ignored: \1\n/,
    );
    await sandbox.settled();
    expect(sandbox.novu.triggers.map(({ transactionId }) => transactionId)).toEqual(
      [1, 2].map((index) => `${uuid(index)}:onboarding`),
    );
    expect(sandbox.novu.state.subscribers.ada).toMatchObject({ email: ada.email, firstName: "Ada" });

    const again = await reconcile(sandbox, [...SINCE, "--apply"]);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("3 events")]);
    expect(again.stdout).toContain(", 0 missing");
    expect(sandbox.novu.triggers).toHaveLength(2);
  });

  it("is for programs as well", async () => {
    await using sandbox = await testSandbox();
    await lose(sandbox, () => signUp(sandbox, { uuid: uuid(1) }));
    const found = { event: "user_signed_up", uuid: uuid(1), distinctId: "ada", occurredAt: "2026-03-02T09:00:00.000Z" };
    const counts = { compared: 1, missing: 1, accepted: 0, duplicate: 0, ignored: {}, refused: 0 };
    const expected = {
      since: "2026-03-02T08:00:00.000Z",
      until: "2026-03-05T00:00:00.000Z",
      doneUntil: "2026-03-05T00:00:00.000Z",
      applied: false,
      events: sandbox.app.events,
      counts,
      missing: [{ ...found, fed: null }],
      error: null,
    };
    const dry = await reconcile(sandbox, [...SINCE, "--json"]);
    expect([dry.code, dry.stderr, JSON.parse(dry.stdout)]).toEqual([3, "", expected]);

    const applied = await reconcile(sandbox, [...SINCE, "--json", "--apply"]);
    expect([applied.code, JSON.parse(applied.stdout)]).toEqual([
      0,
      {
        ...expected,
        applied: true,
        counts: { ...counts, accepted: 1 },
        missing: [{ ...found, fed: { outcome: "accepted" } }],
      },
    ]);
  });

  it("feeds a thousand of the same moment, over more than one page", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    await lose(sandbox, () => {
      for (let index = 0; index < 1_000; index += 1)
        sandbox.posthog.capture({ event: "onboarding_completed", distinctId: `p${index}`, uuid: uuid(index) });
    });
    const { code, stdout } = await reconcile(sandbox, [...SINCE, "--apply", "--json"]);
    expect([code, JSON.parse(stdout).counts]).toMatchObject([0, { compared: 1_000, missing: 1_000, accepted: 1_000 }]);
    expect((await reconcile(sandbox, SINCE)).code).toBe(0);
  });

  it("leaves it to the app what is too late", async () => {
    await using sandbox = await testSandbox();
    await lose(sandbox, () => signUp(sandbox, { uuid: uuid(1) }));
    await sandbox.travel({ days: 2 });
    const { code, stdout } = await reconcile(sandbox, [...SINCE, "--apply"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("1 accepted")]);
    await sandbox.settled();
    expect(sandbox.novu.triggers).toEqual([]);
    const decisions = await sandbox.app.store.decisions.list();
    expect(new Set(decisions.map(({ outcome, reason }) => `${outcome}: ${reason}`))).toEqual(
      new Set(["skipped: too late"]),
    );
  });

  it("honours the pauses that PostHog and the app ask for", async () => {
    await using sandbox = await testSandbox();
    await lose(sandbox, () => signUp(sandbox, { uuid: uuid(1) }));
    let busy = true;
    sandbox.posthog.injectFault(({ path }) => {
      if (!busy || !path.includes("/query")) return null;
      busy = false;
      return { status: 429, headers: { "retry-after": "1" } };
    });
    const { insert } = sandbox.app.store.events;
    sandbox.app.store.events.insert = (...event) => {
      sandbox.app.store.events.insert = insert;
      return Promise.reject(new Error(`disk full: ${event.length}`));
    };
    const { code, stderr, pausesMs } = await reconcile(sandbox, [...SINCE, "--apply"]);
    expect([code, stderr]).toMatchObject([0, expect.stringContaining("PostHog answered 429; next attempt in 1 s\n")]);
    expect(stderr).toContain("the app answered 503; next attempt in 5 s\n");
    expect(pausesMs).toEqual([1_000, 5_000]);
    expect(await sandbox.app.store.events.findKnown([uuid(1)])).toEqual([uuid(1)]);
  });

  it("says when it fails where to go on, and that is enough", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    await lose(sandbox, async () => {
      signUp(sandbox, { uuid: uuid(1) });
      await sandbox.travel({ days: 1 });
      signUp(sandbox, { uuid: uuid(2), distinctId: "grace" });
    });
    let asked = 0;
    sandbox.posthog.injectFault(({ path }) => (path.includes("/query") && ++asked === 2 ? { status: 500 } : null));
    const failed = await reconcile(sandbox, [...SINCE, "--apply"]);
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining(", 1 missing\n  1 accepted\n")]);
    expect(failed.stderr).toBe(
      "PostHog answered 500\ncontinue with: npm run reconcile -- --since 2026-03-03T08:00:00.000Z --until 2026-03-05T00:00:00.000Z --apply\n",
    );

    const rest = failed.stderr.trim().split("-- ").at(-1)!.split(" ");
    const resumed = await reconcile(sandbox, rest);
    expect([resumed.code, resumed.stdout]).toEqual([0, expect.stringContaining("1 event from")]);
    expect((await reconcile(sandbox, SINCE)).code).toBe(0);
  });

  it("can be interrupted in good order", async () => {
    await using sandbox = await testSandbox();
    let asked = false;
    sandbox.posthog.injectFault(({ path }) => {
      asked ||= path.includes("/query");
      return path.includes("/query") ? { delayMs: 60_000 } : null;
    });
    const interruption = new AbortController();
    const running = reconcile(sandbox, SINCE, {}, interruption.signal);
    await eventually(() => asked);
    interruption.abort(new Error("interrupted"));
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^interrupted\ncontinue with: npm run reconcile -- --since/),
    ]);
  });

  describe("in trouble", () => {
    it("says what to look at", async () => {
      await using sandbox = await testSandbox();
      await lose(sandbox, () => signUp(sandbox, { uuid: uuid(1) }));
      const otherKey = { POSTHOG_PERSONAL_API_KEY: "phx_other" };
      const otherSecret = { POSTHOG_WEBHOOK_SECRETS: `whsec_${Buffer.from("x".repeat(32)).toString("base64")}` };
      const nobodyThere = ["--url", sandbox.posthog.url];

      const results = await Promise.all([
        reconcile(sandbox, SINCE, otherKey),
        reconcile(sandbox, [...SINCE, "--apply"], otherSecret),
        reconcile(sandbox, [...SINCE, "--apply", ...nobodyThere]),
        reconcile(sandbox, SINCE, { DATA_DIR: "/nowhere/at/all" }),
      ]);
      expect(results.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
      expect(results.map(({ stderr }) => stderr)).toEqual([
        expect.stringContaining("is POSTHOG_PERSONAL_API_KEY a personal key"),
        expect.stringContaining("POSTHOG_WEBHOOK_SECRETS"),
        expect.stringContaining("--url"),
        expect.stringContaining('there is no store in "/nowhere/at/all"; set DATA_DIR'),
      ]);
      for (const { stdout, stderr } of results)
        expect(stdout + stderr).not.toMatch(/phx_other|phx_local|whsec_|ada@example\.com|^ +at /m);
    });

    it("says what it is for to a team without PostHog, and what to do instead", async () => {
      await using sandbox = await testSandbox();
      const { code, stdout, stderr } = await reconcile(sandbox, [...SINCE, "--apply"], WITH_SEGMENT_ALONE);
      expect([code, stdout, stderr]).toEqual([
        1,
        "",
        expect.stringMatching(/^reconcile compares with .* PostHog.*not configured.* Segment .*what-is-replay\n$/),
      ]);
    });

    it("goes on after an event that the app does not take, and ends with 1", async () => {
      await using sandbox = await testSandbox();
      await lose(sandbox, () => {
        sandbox.posthog.capture({
          event: "user_signed_up",
          distinctId: "big",
          uuid: uuid(1),
          properties: { text: "x".repeat(2_100_000) },
        });
        signUp(sandbox, { uuid: uuid(2), distinctId: "evil\u001b[2J" });
      });
      const { code, stdout } = await reconcile(sandbox, [...SINCE, "--apply"]);
      expect(code).toBe(1);
      expect(stdout).toContain("big  refused: the app answered 413\n");
      expect(stdout).toContain("evil\\u{1b}[2J  accepted\n");
      expect(stdout).toContain("1 accepted\n  1 refused\n");
    });

    it("explains itself", async () => {
      const wrong: Array<[string[], string]> = [
        [[], "--since is missing"],
        [["--since", "yesterday"], '--since "yesterday" is neither'],
        [["--since", "2h", "--until", "3h"], "--since must be before --until"],
        [["--since", "2h", "--url", "localhost"], "--url must be"],
        [["--sins", "2h"], "--sins"],
      ];
      const results = await Promise.all(
        wrong.map(([options]) =>
          run(
            reconcileOf(async () => testProduct),
            options,
          ),
        ),
      );
      expect(results).toMatchObject(
        wrong.map(([, message]) => ({ code: 2, stderr: expect.stringContaining(message) })),
      );
    });
  });

  it("needs no configuration for --help", async () => {
    const { code, stdout } = await run(
      reconcileOf(async () => testProduct),
      ["--help"],
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining("node dist/src/cli.js reconcile")]);
  });

  it("proves itself by the header where PostHog does", async () => {
    await using sandbox = await testSandbox();
    await lose(sandbox, () => signUp(sandbox, { uuid: uuid(1) }));
    sandbox.config.posthog.webhookSecrets = ["a header of enough characters"];
    await sandbox.restartApp();
    const { code } = await reconcile(sandbox, [...SINCE, "--apply"], {
      POSTHOG_WEBHOOK_SECRETS: "a header of enough characters",
    });
    expect(code).toBe(0);
  });
});

function signUp(sandbox: Sandbox, { uuid, distinctId = "ada" }: { uuid: string; distinctId?: string }): void {
  sandbox.posthog.capture({
    event: "user_signed_up",
    distinctId,
    uuid,
    properties: { signup_method: "google", $set: ada },
  });
}

/** PostHog forwards nothing of what happens meanwhile. */
async function lose(sandbox: Sandbox, meanwhile: () => void | Promise<void>): Promise<void> {
  const destination = {
    url: `${sandbox.app.url}/webhooks/posthog`,
    signingSecret: LOCAL_KEYS.signingSecret,
    events: sandbox.app.events,
  };
  sandbox.posthog.connect({ ...destination, events: [] });
  await meanwhile();
  await sandbox.travel({ minutes: 1 });
  sandbox.posthog.connect(destination);
}

async function stateOf({ app, novu, posthog }: Sandbox) {
  const { store } = app;
  const uuids = posthog.state.events.map(({ uuid }) => uuid);
  return {
    known: (await store.events.findKnown(uuids)).sort(),
    jobs: await store.jobs.count(),
    ignored: await store.events.listIgnored({ limit: 100 }),
    triggers: novu.triggers.length,
    deliveries: posthog.state.deliveries.length,
  };
}

function reconcile(
  sandbox: Sandbox,
  options: string[],
  changes: Record<string, string> = {},
  signal = new AbortController().signal,
) {
  const { port } = new URL(sandbox.app.url);
  return runCommand(sandbox, "reconcile", options, { env: { PORT: port, ...changes }, signal });
}
