import { homedir } from "node:os";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { mistakenNames, secretsIn, textsIn } from "../../src/read-settings.ts";
import { Settings } from "../../src/settings.ts";

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
      /POSTHOG_PROJECT_TOKEN is missing.*\n {2}POSTHOG_PERSONAL_API_KEY is missing.*\n {2}POSTHOG_WEBHOOK_SECRETS is missing/,
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
      /PUBLIC_URL is missing. Address of this app.*\n.*LINK_SIGNING_KEYS is missing.*\n.*NOVU_SECRET_KEY is missing.*\n.*POSTHOG_PROJECT_TOKEN is missing.*\n.*POSTHOG_PROJECT_ID is missing.*\n.*POSTHOG_PERSONAL_API_KEY is missing.*\n.*POSTHOG_WEBHOOK_SECRETS is missing/,
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

describe("the text of a setting", () => {
  const everySetting: Record<string, string> = {
    ...complete,
    STUDIO_SECRET: "a secret of the studio",
    BACKEND_KEY: "a-key-of-24-characters--",
    NOVU_API_URL: "https://novu.acme.example",
    NOVU_PLAN: "team",
    NOVU_BRIDGE_URL: "https://bridge.acme.example/api/novu",
    NOVU_WEBHOOK_SECRETS: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    NOVU_TRIGGERS_PER_SECOND: "900",
    POSTHOG_HOST: "https://i.posthog.acme.example",
    POSTHOG_API_HOST: "https://posthog.acme.example",
    SEGMENT_SECRETS: "a secret of Segment's",
    SEGMENT_SPACE_ID: "spa_1",
    SEGMENT_PROFILE_TOKEN: "token",
    SEGMENT_PROFILE_HOST: "https://profiles.acme.example",
    EMAIL_PROVIDERS: "resend,ses",
    USE_NOVU_ADDRESSES: "true",
    INTERNAL_USERS: "@acme.example",
    MARKETING_CAP: "1 in 2 days",
    SEND_HOURS: "10:00-12:00",
    DEFAULT_TIMEZONE: "Europe/Berlin",
    HOLDOUT_FLAG: "held-out",
    DATA_DIR: "/data",
    DATABASE_URL: "postgresql://bridge@db/bridge",
    DATABASE_DIRECT_URL: "postgresql://bridge@direct/bridge",
    ROLES: "worker",
    RETENTION_DAYS: "30",
    DELIVERY_CONCURRENCY: "8",
    PORT: "4100",
    KEEP_ALIVE_SECONDS: "100",
    LOG_LEVEL: "debug",
    METRICS_TOKEN: "a-token-of-metrics",
    GIT_REVISION: "eb7220b",
  };

  it.each(Object.keys(Settings.shape))("%s is without the quotes that docker --env-file keeps", (name) => {
    const settings = textsIn(everySetting);
    expect(Object.keys(settings)).toContain(name);
    for (const quote of ['"', "'"])
      expect(textsIn({ ...everySetting, [name]: `${quote}${everySetting[name]}${quote}` })).toEqual(settings);
    expect(Object.keys(textsIn({ ...everySetting, [name]: '""' }))).not.toContain(name);
    expect(textsIn({ [name]: '"a","b"' })).toEqual({ [name]: '"a","b"' });
  });

  it("is read without its quotes", () => {
    const quoted = Object.fromEntries(Object.entries(everySetting).map(([name, text]) => [name, `"${text}"`]));
    expect(readConfig(quoted)).toEqual(readConfig(everySetting));
    expect(
      readConfig({ ...everySetting, LINK_SIGNING_KEYS: 'sixteen letters a,"sixteen letters a"' }).linkSigningKeys,
    ).toEqual(["sixteen letters a", '"sixteen letters a"']);
    expect(readConfig(quoted).linkSigningKeys).toEqual(["a key to sign links with", "an older one than that"]);
  });

  it.each([
    ["https://bridge.acme.example/", "https://bridge.acme.example"],
    ["https://bücher.example", "https://xn--bcher-kva.example"],
    ["https://acme.example/bridge/", "https://acme.example/bridge"],
    ["http://localhost:4000", "http://localhost:4000"],
  ])("PUBLIC_URL=%s is %s", (text, publicUrl) => {
    expect(readConfig({ ...complete, PUBLIC_URL: text }).publicUrl).toBe(publicUrl);
  });

  it.each([
    ["PUBLIC_URL", "https://acme.example/?a=1", "an address without ? and #"],
    ["PUBLIC_URL", "https://acme.example/#a", "an address without ? and #"],
    ["NOVU_API_URL", "https://api.novu.co?region=eu", "an address without ? and #"],
    ["PUBLIC_URL", "acme.example", "expected an address such as https://"],
    ["DATA_DIR", "~/data", `~ is not expanded; write the full path, ${homedir()}/data`],
    ["DATA_DIR", "~", `~ is not expanded; write the full path, ${homedir()}`],
    ["DATABASE_URL", "postgresql://bridge:p#ss@host/db", "the password has the character #, which is written %23"],
    ["DATABASE_URL", "postgresql://bridge:1#ss@host/db", "the password has the character #, which is written %23"],
    ["DATABASE_URL", "postgresql://bridge:p/ss@host/db", "the password has the character /, which is written %2F"],
    ["DATABASE_URL", "postgresql://bridge:1/ss@host/db", "the password has the character /, which is written %2F"],
    ["DATABASE_URL", "postgresql://bridge:p?ss@host/db", "the password has the character ?, which is written %3F"],
    ["DATABASE_URL", "postgresql://bridge:p%ss@host/db", "the password has the character %, which is written %25"],
    ["DATABASE_URL", "postgresql://bridge:pass@/db", "the host is missing"],
    ["DATABASE_URL", "db.acme.example", "expected postgresql://user:password@host:5432/database"],
  ])("%s=%s is refused: %s", (name, text, message) => {
    const read = () => readConfig({ ...complete, [name]: text });
    expect(read).toThrow(`${name}: ${message}`);
    expect(read).not.toThrow(/bridge:/);
  });

  it.each([
    "postgresql://user:pass@/db?host=/cloudsql/project:region:instance",
    "postgres://user:p%23ss@host:6432/db?sslmode=require&application_name=a@b",
    "postgresql://user:p@ss@host/db",
    "postgresql://host/db",
  ])("DATABASE_URL=%s is taken as it is", (text) => {
    expect(readConfig({ ...complete, DATABASE_URL: text }).databaseUrl).toBe(text);
  });

  it("an address with a path goes with everything but the studio", () => {
    const withPath = { ...complete, PUBLIC_URL: "https://acme.example/bridge" };
    expect(() => readConfig({ ...withPath, STUDIO_SECRET: "a secret of ours" })).toThrow(
      "PUBLIC_URL: the pages of the studio need an address without a path: give the app a host of its own, or leave STUDIO_SECRET out",
    );
  });
});

describe("names that look like settings", () => {
  it.each([
    ["INTERNAL_USER", "INTERNAL_USER is no setting of this app; do you mean INTERNAL_USERS?"],
    ["NOVU_SECRETKEY", "NOVU_SECRETKEY is no setting of this app; do you mean NOVU_SECRET_KEY?"],
    ["POSTHOG_APIHOST", "POSTHOG_APIHOST is no setting of this app; do you mean POSTHOG_API_HOST?"],
    ["POSTHOG_TEAM", "POSTHOG_TEAM is no setting of this app"],
  ])("%s is reported", (name, sentence) => {
    expect(mistakenNames({ ...complete, [name]: "value" })).toEqual([sentence]);
    expect(mistakenNames({ [name]: " " })).toEqual([]);
  });

  it("names of others are not", () => {
    const names = [
      ...["POSTHOG_CAPTURE_MODE", "POSTHOG_CLI_TOKEN", "NOVU_API_KEY", "NOVU_STRICT_AUTHENTICATION_ENABLED"],
      ...["NOVU_SAFE_OUTBOUND_ALLOW", "SEGMENT_WRITE_KEY", "POSTHOG_SERVICE_HOST", "NOVU_API_PORT_3000_TCP_ADDR"],
      ...[
        "PATH",
        "HOST",
        "ROLE",
        "PORTS",
        "ENV_FILE",
        "SANDBOX_URL",
        "POSTGRES_PASSWORD",
        "NODE_ENV",
        "npm_config_log_level",
      ],
      ...Object.keys(Settings.shape),
    ];
    expect(mistakenNames(Object.fromEntries(names.map((name) => [name, "value"])))).toEqual([]);
  });
});

describe("the settings", () => {
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
