import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { Settings, secretsIn } from "../../src/settings.ts";

const complete = {
  PUBLIC_URL: "https://bridge.acme.example/",
  LINK_SIGNING_KEYS: "a key to sign links with, an older one than that",
  NOVU_SECRET_KEY: "novu-key",
  POSTHOG_PROJECT_TOKEN: "phc_1",
  POSTHOG_PROJECT_ID: "1",
  POSTHOG_PERSONAL_API_KEY: "phx_1",
  POSTHOG_WEBHOOK_SECRETS: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, a static secret of ours",
};

describe("readConfig", () => {
  it("fills in what has a default", () => {
    expect(readConfig(complete)).toEqual({
      port: 4000,
      keepAliveMs: 75_000,
      publicUrl: "https://bridge.acme.example",
      linkSigningKeys: ["a key to sign links with", "an older one than that"],
      emailProviders: [],
      usesNovuAddresses: false,
      logLevel: "info",
      dataDir: "./.data",
      roles: ["ingress", "worker"],
      retentionMs: 90 * 24 * 60 * 60 * 1000,
      internalUsers: [],
      deliveryConcurrency: 32,
      marketing: {
        cap: { most: 3, withinMs: 7 * 24 * 60 * 60 * 1000 },
        hours: { from: "09:00", to: "20:00" },
        timeZone: "UTC",
      },
      novu: { secretKey: "novu-key", apiUrl: "https://api.novu.co", plan: "free" },
      posthog: {
        projectToken: "phc_1",
        host: "https://us.i.posthog.com",
        apiHost: "https://us.posthog.com",
        projectId: "1",
        personalApiKey: "phx_1",
        webhookSecrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a static secret of ours"],
      },
      segment: null,
    });
  });

  it("takes Segment beside PostHog, or alone", () => {
    const segment = { SEGMENT_SECRETS: "a secret of Segment's, an older one than that" };
    const secrets = ["a secret of Segment's", "an older one than that"];
    expect(readConfig({ ...complete, ...segment })).toMatchObject({
      posthog: { projectId: "1" },
      segment: { secrets, profiles: null },
    });
    const { POSTHOG_PROJECT_TOKEN, POSTHOG_PROJECT_ID, POSTHOG_PERSONAL_API_KEY, POSTHOG_WEBHOOK_SECRETS, ...rest } =
      complete;
    const alone = { ...rest, ...segment, SEGMENT_SPACE_ID: "spa_1", SEGMENT_PROFILE_TOKEN: "token" };
    expect(readConfig(alone)).toMatchObject({
      posthog: null,
      segment: { secrets, profiles: { host: "https://profiles.segment.com", spaceId: "spa_1", token: "token" } },
    });
    expect(() => readConfig({ ...alone, POSTHOG_PROJECT_ID })).toThrow(
      /POSTHOG_PROJECT_TOKEN is missing\n {2}POSTHOG_PERSONAL_API_KEY is missing\n {2}POSTHOG_WEBHOOK_SECRETS is missing/,
    );
    expect(() => readConfig({ ...alone, HOLDOUT_FLAG: "held-out" })).toThrow("HOLDOUT_FLAG");
    expect(() => readConfig({ ...alone, SEGMENT_SPACE_ID: "" })).toThrow("SEGMENT_SPACE_ID");
    expect(() => readConfig({ ...complete, SEGMENT_SPACE_ID: "s", SEGMENT_PROFILE_TOKEN: "t" })).toThrow(
      "SEGMENT_SECRETS is missing",
    );
    expect(() => readConfig({ ...complete, SEGMENT_SECRETS: "short" })).toThrow("SEGMENT_SECRETS");
  });

  it("takes hosts with a slash at the end, and an empty value as none", () => {
    expect(readConfig({ ...complete, POSTHOG_API_HOST: "https://eu.posthog.com/", PORT: "" })).toMatchObject({
      port: 4000,
      posthog: { apiHost: "https://eu.posthog.com" },
    });
  });

  it("lets a process have one role when there is a PostgreSQL to share", () => {
    const shared = { ...complete, DATABASE_URL: "postgresql://bridge@db/bridge" };
    expect(readConfig({ ...shared, ROLES: "worker" })).toMatchObject({ roles: ["worker"] });
    expect(readConfig({ ...complete, ROLES: "worker, ingress" })).toMatchObject({ roles: ["worker", "ingress"] });
    expect(() => readConfig({ ...complete, ROLES: "worker" })).toThrow("without DATABASE_URL");
  });

  it("takes the commit it was built from, and says so when it is none", () => {
    expect(readConfig({ ...complete, GIT_REVISION: "EB7220B" }).revision).toBe("eb7220b");
    expect(readConfig({ ...complete, GIT_REVISION: "" }).revision).toBeUndefined();
    expect(() => readConfig({ ...complete, GIT_REVISION: "main" })).toThrow(
      "GIT_REVISION: expected the hash of a commit",
    );
  });

  it("takes a rate of one's own in place of the plan's", () => {
    expect(readConfig({ ...complete, NOVU_TRIGGERS_PER_SECOND: "900" }).novu.triggersPerSecond).toBe(900);
  });

  it("reads who is internal: domains, addresses or ids, and patterns with commas of their own", () => {
    const list = "@Acme.example, ada@example.com,user_7 , /^test-\\d{1,3}$/i,/qa/";
    expect(readConfig({ ...complete, INTERNAL_USERS: list }).internalUsers).toEqual([
      { domain: "acme.example" },
      { exactly: "ada@example.com" },
      { exactly: "user_7" },
      { pattern: /^test-\d{1,3}$/i },
      { pattern: /qa/ },
    ]);
  });

  it("names all that is missing at once", () => {
    expect(() => readConfig({})).toThrow(
      /NOVU_SECRET_KEY is missing\n.*POSTHOG_PROJECT_TOKEN is missing\n.*POSTHOG_PROJECT_ID is missing\n.*POSTHOG_PERSONAL_API_KEY is missing\n.*POSTHOG_WEBHOOK_SECRETS is missing/,
    );
  });

  it.each([
    ["PORT", "http"],
    ["DATABASE_URL", "mysql://somewhere"],
    ["DATABASE_DIRECT_URL", "somewhere"],
    ["ROLES", "cook"],
    ["RETENTION_DAYS", "0"],
    ["STUDIO_SECRET", "fifteen letters"],
    ["BACKEND_KEY", "a-key-of-23-characters-"],
    ["BACKEND_KEY", "a key with blanks in 24 characters"],
    ["PUBLIC_URL", "bridge.example"],
    ["DELIVERY_CONCURRENCY", "many"],
    ["KEEP_ALIVE_SECONDS", "5"],
    ["KEEP_ALIVE_SECONDS", "7.5"],
    ["INTERNAL_USERS", "ada@example.com,@"],
    ["INTERNAL_USERS", "/(open/"],
    ["INTERNAL_USERS", "/never closed"],
    ["INTERNAL_USERS", "/everywhere/g"],
    ["NOVU_SECRET_KEY", "key\nwith a line break"],
    ["POSTHOG_PERSONAL_API_KEY", "phx_with\nbreak"],
    ["NOVU_PLAN", "gold"],
    ["NOVU_TRIGGERS_PER_SECOND", "-5"],
    ["NOVU_TRIGGERS_PER_SECOND", "0.5"],
    ["NOVU_API_URL", "api.novu.co"],
    ["POSTHOG_PROJECT_TOKEN", "phx_swapped"],
    ["POSTHOG_PERSONAL_API_KEY", "phc_swapped"],
    ["POSTHOG_WEBHOOK_SECRETS", "tooshort"],
    ["POSTHOG_WEBHOOK_SECRETS", " , "],
    ["POSTHOG_WEBHOOK_SECRETS", "whsec_dG9vIHNob3J0IQ=="],
  ])("refuses %s=%s, and does not repeat the value", (name, value) => {
    const read = () => readConfig({ ...complete, [name]: value });
    expect(read).toThrow(`${name}: `);
    expect(read).not.toThrow(value.trim() === "," ? "whsec" : value);
  });
});

describe("the settings", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

  it.each(Object.entries(Settings.shape))("%s has a description, and a line in the README", (name, schema) => {
    expect(schema.meta()?.description).toMatch(/^[^\n]{10,110}$/);
    expect(readme).toContain(`\n| \`${name}\` |`);
  });

  it("hold secrets, which are found in an environment with each one of a list, and a password", () => {
    const DATABASE_URL = "postgresql://bridge:a-password@db/bridge";
    expect(secretsIn({ PORT: "4000", DATABASE_URL }).filter(Boolean)).toEqual([DATABASE_URL, "a-password"]);
    expect(secretsIn({ ...complete, PUBLIC_URL: "" }).filter(Boolean)).toEqual([
      "a key to sign links with",
      "an older one than that",
      "novu-key",
      "phc_1",
      "phx_1",
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "a static secret of ours",
    ]);
  });
});
