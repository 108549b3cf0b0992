import { z } from "zod";
import { EmailProvider } from "./contracts/channel.ts";
import type { InternalRule } from "./contracts/event.ts";
import { NovuPlan } from "./contracts/novu.ts";
import { Cap, Hours } from "./contracts/send.ts";
import { isTimeZone } from "./lib/time-zone.ts";
import { keyOf } from "./lib/verify-webhook.ts";

const positive = () => z.coerce.number().int().min(1);
const ROLE = z.enum(["ingress", "worker"]);

const httpUrl = () => z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ""));

const postgresUrl = () => z.url({ protocol: /^postgres(ql)?$/, error: "expected postgresql://…" });

/** A key that is sent in a header. A line break in it would make `fetch` throw an error that contains the key. */
const key = () => z.string().regex(/^[\x21-\x7e]+$/, "contains spaces, line breaks or other odd characters");

/** Comma-separated. */
const list = () =>
  z.string().transform((text) =>
    text
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
  );

const secrets = () =>
  list().pipe(
    z.array(z.string().min(16, "each secret needs at least 16 characters")).min(1, "expected at least one secret"),
  );

/** Standard Webhooks secrets (`whsec_…`), or secrets of another form. */
const webhookSecrets = () => secrets().pipe(z.array(z.string().check(signingSecret)));

function signingSecret(context: z.core.ParsePayload<string>): void {
  if (!context.value.startsWith("whsec_")) return;
  try {
    keyOf(context.value);
  } catch (error) {
    context.issues.push({ code: "custom", message: (error as Error).message, input: "" });
  }
}

/** Separates rules by commas, except those inside a /pattern/. */
const RULES = /\s*\/(?:\\.|[^/\\])*\/\w*|[^,]+/g;

const internalUsers = () =>
  z.string().transform((text, context) =>
    (text.match(RULES) ?? [])
      .map((rule) => rule.trim())
      .filter(Boolean)
      .map((rule, index) => internalRule(rule, (error) => context.addIssue(`rule ${index + 1} ${error}`))),
  );

function internalRule(rule: string, addError: (error: string) => void): InternalRule {
  if (!rule.startsWith("/")) {
    const text = rule.toLowerCase();
    if (text === "@") addError('is "@" without a domain');
    return text.startsWith("@") ? { domain: text.slice(1) } : { exactly: text };
  }
  const [, source = "", flags] = /^\/(.+)\/(i?)$/s.exec(rule) ?? [];
  if (flags === undefined) addError("is not a pattern like /…/ or /…/i");
  try {
    return { pattern: new RegExp(source, flags) };
  } catch {
    addError("is not a regular expression");
    return { exactly: rule };
  }
}

/** Every setting by the name of its environment variable. A default is written as the variable's text would be. */
export const Settings = z.object({
  PUBLIC_URL: httpUrl().meta({
    description: "Address of this app for PostHog, Novu and the links in messages.",
  }),
  LINK_SIGNING_KEYS: secrets().meta({
    description: "Keys that seal the links in messages, newest first. Keep old ones: links never expire.",
    isSecret: true,
  }),
  EMAIL_PROVIDERS: list().pipe(z.array(EmailProvider)).prefault("").meta({
    description: "Novu's email providers. Each gets unsubscribe headers and the text part in its own format.",
  }),
  USE_NOVU_ADDRESSES: z.stringbool().prefault("false").meta({
    description: "Whether people without an address at PostHog or Segment get messages at the address that Novu has.",
  }),
  HOLDOUT_FLAG: z.string().min(1).optional().meta({
    description: "PostHog flag of the people who get no marketing, to measure its whole effect.",
  }),
  GIT_REVISION: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/i, "expected the hash of a commit")
    .toLowerCase()
    .optional()
    .meta({ description: "The running commit, shown by /readyz." }),
  METRICS_TOKEN: key().min(16, "at least 16 characters").optional().meta({
    description: "Bearer token that /metrics requires. Without it /metrics is open.",
    isSecret: true,
  }),
  BACKEND_KEY: key().min(24, "at least 24 characters").optional().meta({
    description: "Key that your own back end sends as a bearer token. Without it the routes for it are closed.",
    isSecret: true,
  }),
  STUDIO_SECRET: z.string().min(16, "at least 16 characters").optional().meta({
    description: "Secret for the login at /studio. Without it there is no studio.",
    isSecret: true,
  }),
  PORT: z.coerce.number().int().min(0).max(65_535).prefault("4000").meta({
    description: "Port to listen on.",
  }),
  KEEP_ALIVE_SECONDS: z.coerce
    .number()
    .int()
    // With 5 s, Novu waits only 4 s for an answer on a reused connection, and not 5 s.
    .min(6, "at least 6, or Novu waits only 4 s for answers; set it longer than your proxy keeps idle connections")
    .prefault("75")
    .meta({ description: "How long an idle connection stays open: longer than a proxy in front keeps its own." }),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).prefault("info").meta({
    description: "Lowest level that is logged.",
  }),
  DATA_DIR: z.string().min(1).prefault("./.data").meta({
    description: "Folder of the SQLite store, for one process at a time.",
  }),
  DATABASE_URL: postgresUrl().optional().meta({
    description: "PostgreSQL 15 or newer in place of SQLite, for any number of processes.",
    isSecret: true,
  }),
  DATABASE_DIRECT_URL: postgresUrl().optional().meta({
    description: "The same database without PgBouncer, if PgBouncer is in transaction mode.",
    isSecret: true,
  }),
  ROLES: list().pipe(z.array(ROLE).min(1)).prefault("ingress,worker").meta({
    description: "ingress answers PostHog, Segment and Novu, worker runs the jobs.",
  }),
  RETENTION_DAYS: positive().prefault("90").meta({
    description: "Days that events, runs and decisions are stored: more than your longest workflow takes.",
  }),
  INTERNAL_USERS: internalUsers().prefault("").meta({
    description: "People whose events are ignored: @domain, an address, a distinct id or a /pattern/i.",
  }),
  MARKETING_CAP: Cap.prefault("3 in 7 days").meta({
    description: "Frequency cap: how many marketing messages one person gets in how long.",
  }),
  SEND_HOURS: Hours.prefault("09:00-20:00").meta({
    description: "Sending hours of marketing, in the person's time zone. Outside them a message waits.",
  }),
  DEFAULT_TIMEZONE: z
    .string()
    .refine(isTimeZone, "expected an IANA time zone such as Europe/Berlin")
    .prefault("UTC")
    .meta({ description: "Time zone of people without a known one." }),
  DELIVERY_CONCURRENCY: positive().max(1_000).prefault("32").meta({
    description: "Calls to Novu, and to PostHog, in progress at once.",
  }),

  NOVU_SECRET_KEY: key().meta({ description: "Secret key of the Novu environment.", isSecret: true }),
  NOVU_API_URL: httpUrl().prefault("https://api.novu.co").meta({ description: "Novu's API of your region." }),
  NOVU_PLAN: NovuPlan.prefault("free").meta({
    description: "Your plan at Novu: it limits delays, steps, workflows and the trigger rate.",
  }),
  NOVU_BRIDGE_URL: httpUrl().optional().meta({
    description: "Address of the bridge for npm run sync, if it is not PUBLIC_URL/api/novu.",
  }),
  NOVU_WEBHOOK_SECRETS: webhookSecrets().optional().meta({
    description: "Signing secrets of Novu's webhooks, newest first. Without them /webhooks/novu is closed.",
    isSecret: true,
  }),
  NOVU_TRIGGERS_PER_SECOND: positive().optional().meta({ description: "Trigger rate, if it differs from the plan's." }),

  POSTHOG_PROJECT_TOKEN: key().startsWith("phc_", 'a project token starts with "phc_"').optional().meta({
    description: "Project token (phc_…). Without PostHog, leave out the four required settings POSTHOG_….",
    isSecret: true,
  }),
  POSTHOG_HOST: httpUrl().prefault("https://us.i.posthog.com").meta({ description: "Host that receives events." }),
  POSTHOG_API_HOST: httpUrl().prefault("https://us.posthog.com").meta({ description: "Host where you log in." }),
  POSTHOG_PROJECT_ID: z.string().min(1).optional().meta({ description: "Id of the project." }),
  POSTHOG_PERSONAL_API_KEY: key().startsWith("phx_", 'a personal API key starts with "phx_"').optional().meta({
    description: "Personal API key (phx_…) with person:read, query:read, and for plan the scopes of definitions.",
    isSecret: true,
  }),
  POSTHOG_WEBHOOK_SECRETS: webhookSecrets().optional().meta({
    description: "Newest first: whsec_… checks signatures, any other text is the header x-webhook-secret.",
    isSecret: true,
  }),

  SEGMENT_SECRETS: secrets().optional().meta({
    description: "Secrets of Segment's webhooks, newest first. Without them /webhooks/segment is closed.",
    isSecret: true,
  }),
  SEGMENT_SPACE_ID: key().optional().meta({ description: "Space of the Profile API, with SEGMENT_PROFILE_TOKEN." }),
  SEGMENT_PROFILE_TOKEN: key().optional().meta({ description: "Access token of the Profile API.", isSecret: true }),
  SEGMENT_PROFILE_HOST: httpUrl().prefault("https://profiles.segment.com").meta({
    description: "Host of the Profile API of your region.",
  }),
});
export type Settings = z.infer<typeof Settings>;

const POSTHOG_REQUIRED = {
  POSTHOG_PROJECT_TOKEN: true,
  POSTHOG_PROJECT_ID: true,
  POSTHOG_PERSONAL_API_KEY: true,
  POSTHOG_WEBHOOK_SECRETS: true,
} as const;
export const SettingsWithPostHog = Settings.required(POSTHOG_REQUIRED);

type Environment = Record<string, string | undefined>;

/** One required setting of PostHog needs the others. Without PostHog, Segment has to be configured. */
export function isPostHogRequired(environment: Environment): boolean {
  const isSet = (name: string) => (environment[name] ?? "").trim() !== "";
  return Object.keys(POSTHOG_REQUIRED).some(isSet) || !isSet("SEGMENT_SECRETS");
}

/** Reads the settings of a schema. Throws one error that names every missing or wrong setting, without the values. */
export function readSettings<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.output<Schema> {
  // `PORT=` in an env file means "not set".
  const set = Object.fromEntries(Object.entries(environment).filter(([, value = ""]) => value.trim() !== ""));
  const read = schema.safeParse(set);
  if (read.success) return read.data;
  const lines = read.error.issues.map(({ path: [name = ""], message }) =>
    set[String(name)] === undefined ? `  ${String(name)} is missing` : `  ${String(name)}: ${message}`,
  );
  throw new Error(`the configuration is not valid:\n${lines.join("\n")}\nThe README explains each setting.`);
}

/** Every secret text in the environment, also each secret of a list and the password in a URL. */
export function secretsIn(environment: Environment): string[] {
  return Object.entries(Settings.shape).flatMap(([name, schema]) => {
    const text = environment[name] ?? "";
    if (schema.meta()?.isSecret !== true) return [];
    const password = URL.canParse(text) ? [new URL(text).password] : [];
    return [...text.split(",").map((one) => one.trim()), ...password];
  });
}
