import { createHmac } from "node:crypto";
import express, { type Request } from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { examine } from "../../src/commands/doctor/examine.ts";
import type { Config, SegmentConfig } from "../../src/config.ts";
import { OUR_LIB } from "../../src/contracts/report.ts";
import { type Listening, serve } from "../../src/lib/server.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { testProduct } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

const SECRETS = ["the newest secret of Segment", "the one before it that is still known"];
const TOKEN = "a-token-of-the-profile-api";
const SPACE = "spa_1";
const NOBODY = { error: { code: "not_found", message: "Profile was not found." } };

let sandbox: Sandbox;
let app: Awaited<ReturnType<typeof stubApp>>;
let profileApi: Awaited<ReturnType<typeof stubProfileApi>>;

beforeEach(async () => {
  sandbox = await testSandbox();
  app = await stubApp(sandbox.app.url);
  profileApi = await stubProfileApi();
});
afterEach(async () => {
  await Promise.all([app.close(), profileApi.close()]);
  await sandbox[Symbol.asyncDispose]();
});

/** The findings for a team with Segment and without PostHog. */
async function look(segment: Partial<SegmentConfig> = {}, rest: Partial<Config> = {}) {
  const changed = {
    ...{ ...sandbox.config, publicUrl: app.url, posthog: null, ...rest },
    segment: { secrets: SECRETS, profiles: profilesAt(profileApi.url), ...segment },
  };
  const found = await examine(changed, testProduct, [...SECRETS, TOKEN]);
  for (const { says } of found)
    for (const secret of [...SECRETS, TOKEN, Buffer.from(`${TOKEN}:`).toString("base64")])
      expect(says).not.toContain(secret);
  return found;
}

async function complaints(...wanted: Parameters<typeof look>) {
  return (await look(...wanted)).flatMap(({ what, is, says }) =>
    // Node 20 and older releases always cause this warning.
    is === "ok" || what === "Node" ? [] : [`${is === "warning" ? "!" : "✗"} ${what}: ${says}`],
  );
}

const profilesAt = (host: string) => ({ host, spaceId: SPACE, token: TOKEN });

describe("the doctor without PostHog", () => {
  it("says so in one line, and looks at everything else", async () => {
    const found = await look();
    expect(found.filter(({ what, is }) => is !== "ok" && what !== "Node")).toEqual([]);
    const whats = found.map(({ what }) => what);
    expect(found.filter(({ what }) => /PostHog/.test(what))).toEqual([
      { what: "PostHog", is: "ok", says: "not configured" },
    ]);
    for (const what of ["store", "Novu key", "app", "bridge", "clocks", "Segment webhook", "Segment profiles"])
      expect(whats).toContain(what);
    expect(whats).not.toContain("webhook");
  });

  it("still sees whose clock is wrong", async () => {
    const date = new Date(Date.now() + 10 * 60_000).toUTCString();
    sandbox.novu.injectFault(({ method }) => (method === "HEAD" ? { status: 404, headers: { date } } : null));
    expect(await complaints()).toEqual([expect.stringMatching(/^✗ clocks: the clock of .* ahead/)]);
  });

  it("has nothing of Segment where that is not configured", async () => {
    const found = await examine({ ...sandbox.config, segment: null, publicUrl: sandbox.app.url }, testProduct, []);
    expect(found.filter(({ what }) => what.includes("Segment"))).toEqual([]);
  });
});

describe("the endpoint for Segment", () => {
  it("is tried with each secret in both ways, with an event without a person and an echo", async () => {
    await look();
    const taken = app.deliveries.filter(({ status }) => status === 202);
    expect(taken.map(({ proof }) => proof)).toEqual(["signature", "bearer", "signature", "bearer"]);
    expect(app.deliveries.filter(({ status }) => status === 401)).toHaveLength(2);
    for (const { event } of app.deliveries) {
      expect(event).toMatchObject({ type: "track", event: "bridge checked", properties: { $lib: OUR_LIB } });
      expect(event).toHaveProperty("messageId");
      expect(event).not.toHaveProperty("userId");
    }
  });

  it.each<[string, () => void, string[]]>([
    [
      "a secret that the app does not have",
      () => app.secrets.shift(),
      ["the app refuses SEGMENT_SECRETS \\(number 1\\): restart it"],
    ],
    [
      "a proxy that keeps the header authorization to itself",
      () => {
        app.drops = "authorization";
      },
      [1, 2].map((which) => `answered 401 to an event with SEGMENT_SECRETS \\(number ${which}\\); a proxy`),
    ],
    [
      "a proxy that keeps the signature to itself",
      () => {
        app.drops = "x-signature";
      },
      [1, 2].map((which) => `answered 401 to an event signed by SEGMENT_SECRETS \\(number ${which}\\); a proxy`),
    ],
    [
      "an app without this door",
      () => {
        app.always = 404;
      },
      [1, 2].map(() => "answered 404; does the app run with SEGMENT_SECRETS"),
    ],
    [
      "an app in trouble",
      () => {
        app.always = 503;
      },
      [1, 2].map((which) => `answered 503 to an event signed by SEGMENT_SECRETS \\(number ${which}\\)`),
    ],
    [
      "a door that takes anything",
      () => {
        app.always = 202;
      },
      ["wrong x-signature; is PUBLIC_URL", "wrong authorization; is PUBLIC_URL"],
    ],
  ])("says what to do about %s", async (_, spoil, wanted) => {
    spoil();
    const lines = wanted.map((line) => expect.stringMatching(new RegExp(`^✗ Segment webhook: .*${line}`)));
    expect(await complaints()).toEqual(lines);
  });

  it("is reported when it does not answer", async () => {
    const publicUrl = `http://127.0.0.1:${await freePort()}`;
    expect(await complaints({}, { publicUrl })).toContainEqual(
      expect.stringMatching(/^✗ Segment webhook: PUBLIC_URL .* does not answer/),
    );
  });
});

describe("the persons at Segment", () => {
  it("are read for an unknown person, with the token", async () => {
    const found = await look();
    expect(profileApi.asked).toEqual([
      {
        path: expect.stringMatching(
          `^/v1/spaces/${SPACE}/collections/users/profiles/user_id:[\\w-]+/traits\\?limit=1$`,
        ),
        authorization: `Basic ${Buffer.from(`${TOKEN}:`).toString("base64")}`,
      },
    ]);
    expect(found.find(({ what }) => what === "Segment profiles")?.says).toContain(`the space ${SPACE} can be read`);
  });

  it("may be left out, with a note of what that means", async () => {
    const found = await look({ profiles: null });
    expect(found.filter(({ what }) => what === "Segment profiles")).toEqual([
      {
        what: "Segment profiles",
        is: "ok",
        says: expect.stringMatching(/^not configured: messages use the person at PostHog/),
      },
    ]);
    expect(profileApi.asked).toEqual([]);
  });

  it.each<[number, unknown, string]>([
    [401, {}, "✗ Segment profiles: .*is SEGMENT_PROFILE_TOKEN an access token of the space SEGMENT_SPACE_ID spa_1"],
    [403, {}, "✗ Segment profiles: .*is SEGMENT_PROFILE_TOKEN"],
    [
      404,
      { message: "no such page" },
      "✗ Segment profiles: SEGMENT_PROFILE_HOST .* answered 404, but not as the Profile API",
    ],
    [302, "", "✗ Segment profiles: SEGMENT_PROFILE_HOST .* answered 302"],
    [429, {}, "! Segment profiles: .* answered 429"],
    [500, { error: { message: TOKEN } }, "✗ Segment profiles: .* answered 500; this is an error at Segment"],
  ])("that answer %i are complained about", async (status, body, line) => {
    profileApi.answer = { status, body };
    expect(await complaints()).toEqual([expect.stringMatching(new RegExp(`^${line}`))]);
  });

  it("are reported when the host does not answer", async () => {
    const profiles = profilesAt(`http://127.0.0.1:${await freePort()}`);
    expect(await complaints({ profiles })).toEqual([
      expect.stringMatching(/^✗ Segment profiles: SEGMENT_PROFILE_HOST .* does not answer/),
    ]);
  });
});

describe("npm run doctor", () => {
  it("is well without PostHog", async () => {
    const env = {
      ...WITH_SEGMENT_ALONE,
      ...{ SEGMENT_SECRETS: SECRETS.join(","), SEGMENT_SPACE_ID: SPACE, SEGMENT_PROFILE_TOKEN: TOKEN },
      ...{ SEGMENT_PROFILE_HOST: profileApi.url, PUBLIC_URL: app.url, EMAIL_PROVIDERS: "resend" },
    };
    const { code, stdout, stderr } = await runCommand(sandbox, "doctor", [], { env });
    expect([code, stderr, stdout]).toEqual([0, "", expect.stringMatching(/^✓ PostHog +not configured$/m)]);
    expect(stdout).toContain("No errors.");
    for (const secret of [...SECRETS, TOKEN]) expect(stdout).not.toContain(secret);
  });
});

/** The sandbox's app behind an endpoint for Segment that follows Segment's public documentation. */
async function stubApp(realUrl: string) {
  const state = {
    secrets: [...SECRETS],
    /** Instead of looking at the proof. */
    always: null as number | null,
    /** The header that a proxy does not pass on. */
    drops: "",
    deliveries: [] as Array<{ event: object; proof: "signature" | "bearer"; status: number }>,
  };
  const http = express();
  http.use(express.raw({ type: () => true }));
  http.post("/webhooks/segment", (request, response) => {
    delete request.headers[state.drops];
    const status = state.always ?? (isProven(request, state.secrets) ? 202 : 401);
    const proof = request.get("x-signature") === undefined ? "bearer" : "signature";
    state.deliveries.push({ event: JSON.parse(String(request.body)), proof, status });
    response.status(status).json({});
  });
  http.use(async (request, response) => {
    const headers = { "novu-signature": request.get("novu-signature") ?? "" };
    const answer = await fetch(`${realUrl}${request.url}`, { method: request.method, headers });
    response.status(answer.status).send(await answer.text());
  });
  return Object.assign(state, await listening(http));
}

function isProven(request: Request, secrets: string[]): boolean {
  const body = request.body as Buffer;
  const signed = secrets.map((secret) => createHmac("sha1", secret).update(body).digest("hex"));
  return (
    signed.includes(request.get("x-signature") ?? "") ||
    secrets.map((secret) => `Bearer ${secret}`).includes(request.get("authorization") ?? "")
  );
}

async function stubProfileApi() {
  const state = {
    answer: { status: 404, body: NOBODY as unknown },
    asked: [] as Array<{ path: string; authorization: string | undefined }>,
  };
  const http = express().use((request, response) => {
    state.asked.push({ path: request.url, authorization: request.get("authorization") });
    response.status(state.answer.status).json(state.answer.body);
  });
  return Object.assign(state, await listening(http));
}

function listening(http: express.Express): Promise<Listening> {
  return serve(http, { port: 0 });
}
