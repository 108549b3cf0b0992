import { z } from "zod";
import { Cap } from "./contracts/cap.ts";
import { EmailProvider } from "./contracts/email-provider.ts";
import { Hours } from "./contracts/hours.ts";
import type { InternalRule } from "./contracts/internal-users.ts";
import { NovuPlan } from "./contracts/novu-plan.ts";
import { DAY_MS } from "./lib/durations.ts";
import { keyOf } from "./lib/standard-webhooks.ts";
import { isTimeZone } from "./lib/time-zone.ts";

const url = () => z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ""));

/** What can stand in a header as it is. A stray line break would turn up, key and all, in an error. */
const key = () => z.string().regex(/^[\x21-\x7e]+$/, "contains spaces, line breaks or other odd characters");

/** What stands between commas. */
const list = () =>
  z.string().transform((text) =>
    text
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
  );

const secret = () => z.string().min(16, "each secret needs at least 16 characters");
const WebhookSecrets = list().pipe(z.array(secret().check(signingKey)).min(1, "at least one secret"));
const LinkSigningKeys = list().pipe(z.array(secret()).min(1, "at least one key"));
const EmailProviders = list().pipe(z.array(EmailProvider));

/** A comma inside /…/ is the pattern's own. */
const RULES = /\s*\/(?:\\.|[^/\\])*\/\w*|[^,]+/g;

const InternalUsers = z.string().transform((list, context) =>
  (list.match(RULES) ?? [])
    .map((rule) => rule.trim())
    .filter(Boolean)
    .map((rule, index) => internalRule(rule, (why) => context.addIssue(`rule ${index + 1} ${why}`))),
);

const postgres = () => z.url({ protocol: /^postgres(ql)?$/, error: "expected postgresql://…" });

const Role = z.enum(["ingress", "worker"]);
const Roles = list().pipe(z.array(Role).min(1));

/** A second less than 6, and Novu gives a reused connection 4 s for an answer instead of 5. */
const SHORT_KEEP_ALIVE =
  "at least 6, or Novu waits too briefly for answers; better more than the proxy keeps connections";

export const Environment = z.object({
  PUBLIC_URL: url(),
  LINK_SIGNING_KEYS: LinkSigningKeys,
  EMAIL_PROVIDERS: EmailProviders.default([]),
  HOLDOUT_FLAG: z.string().min(1).optional(),
  GIT_REVISION: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/i, "expected the hash of a commit")
    .toLowerCase()
    .optional(),
  METRICS_TOKEN: key().min(16, "at least 16 characters").optional(),
  STUDIO_SECRET: z.string().min(16, "at least 16 characters").optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  KEEP_ALIVE_SECONDS: z.coerce.number().int().min(6, SHORT_KEEP_ALIVE).default(75),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  DATA_DIR: z.string().min(1).default("./.data"),
  DATABASE_URL: postgres().optional(),
  DATABASE_DIRECT_URL: postgres().optional(),
  ROLES: Roles.default(["ingress", "worker"]),
  RETENTION_DAYS: z.coerce.number().int().min(1).default(90),
  INTERNAL_USERS: InternalUsers.default([]),
  MARKETING_CAP: Cap.prefault("3 in 7 days"),
  SEND_HOURS: Hours.prefault("09:00-20:00"),
  DEFAULT_TIMEZONE: z.string().refine(isTimeZone, "expected an IANA time zone such as Europe/Berlin").default("UTC"),
  DELIVERY_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(32),

  NOVU_SECRET_KEY: key(),
  NOVU_API_URL: url().default("https://api.novu.co"),
  NOVU_PLAN: NovuPlan.default("free"),
  NOVU_BRIDGE_URL: url().optional(),
  NOVU_WEBHOOK_SECRETS: WebhookSecrets.optional(),
  NOVU_TRIGGERS_PER_SECOND: z.coerce.number().int().positive().optional(),

  POSTHOG_PROJECT_TOKEN: key().startsWith("phc_", 'a project token starts with "phc_"').optional(),
  POSTHOG_HOST: url().default("https://us.i.posthog.com"),
  POSTHOG_API_HOST: url().default("https://us.posthog.com"),
  POSTHOG_PROJECT_ID: z.string().min(1).optional(),
  POSTHOG_PERSONAL_API_KEY: key().startsWith("phx_", 'a personal API key starts with "phx_"').optional(),
  POSTHOG_WEBHOOK_SECRETS: WebhookSecrets.optional(),

  SEGMENT_SECRETS: list().pipe(z.array(secret()).min(1, "at least one secret")).optional(),
  SEGMENT_SPACE_ID: key().optional(),
  SEGMENT_PROFILE_TOKEN: key().optional(),
  SEGMENT_PROFILE_HOST: url().default("https://profiles.segment.com"),
});

const POSTHOG_NEEDS = {
  POSTHOG_PROJECT_TOKEN: true,
  POSTHOG_PROJECT_ID: true,
  POSTHOG_PERSONAL_API_KEY: true,
  POSTHOG_WEBHOOK_SECRETS: true,
} as const;
const WithPostHog = Environment.required(POSTHOG_NEEDS);

export interface Config {
  port: number;
  /** How long a connection is kept between two requests: longer than a proxy keeps it. */
  keepAliveMs: number;
  logLevel: string;
  dataDir: string;
  /** PostgreSQL; without it the store is in `dataDir`. */
  databaseUrl?: string | undefined;
  /** The same database without the pooler that may stand before it. */
  databaseDirectUrl?: string | undefined;
  /** What this process does: answers PostHog and Novu, does the work that follows, or both. */
  roles: Array<"ingress" | "worker">;
  /** How long events, runs and decisions are kept, in milliseconds. */
  retentionMs: number;
  /** Whose events cause nothing. */
  internalUsers: InternalRule[];
  /** How many calls to Novu, and to PostHog, may be in progress at once. */
  deliveryConcurrency: number;
  /** Where others reach this app, as in the links of its messages; in the sandbox it is where it listens. */
  publicUrl?: string | undefined;
  /** What those links are signed with, newest first. */
  linkSigningKeys: string[];
  /** Those that send the emails for Novu. */
  emailProviders: EmailProvider[];
  /** The commit that this was built from, as far as somebody said. */
  revision?: string | undefined;
  /** What `/metrics` asks for; without it anybody who reaches it may look. */
  metricsToken?: string | undefined;
  /** What opens the studio; without it there is none. */
  studioSecret?: string | undefined;
  /** What holds for marketing, whatever workflow it is of. */
  marketing: {
    cap: Cap;
    /** When it goes out, by the person's own clock. */
    hours: Hours;
    /** Of people of whom no time zone is known. */
    timeZone: string;
    /** The PostHog flag of the people who get none at all, so that the effect of everything can be measured. */
    holdout?: string | undefined;
  };
  novu: {
    secretKey: string;
    apiUrl: string;
    plan: NovuPlan;
    /** What Novu signs its webhooks with, newest first; without it there is no door for them. */
    webhookSecrets?: string[] | undefined;
    /** Instead of the plan's rate. */
    triggersPerSecond?: number | undefined;
  };
  /** Null for a team that has none: its events come from elsewhere, and nothing is reported. */
  posthog: PostHogConfig | null;
  /** Null when no events come from there. */
  segment: SegmentConfig | null;
}

export interface PostHogConfig {
  projectToken: string;
  host: string;
  apiHost: string;
  projectId: string;
  personalApiKey: string;
  webhookSecrets: string[];
}

export interface SegmentConfig {
  /** What its webhooks are signed with, or a Destination Function brings; newest first. */
  secrets: string[];
  /** Where persons are read from, its Profile API; null without one. */
  profiles: { host: string; spaceId: string; token: string } | null;
}

/** The variables of this schema; throws with everything that is missing or wrong, and no value in it. */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.output<Schema> {
  // `PORT=` in an env file means "not set".
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
  const read = schema.safeParse(set);
  if (read.success) return read.data;
  throw new Error(
    `the configuration is not complete:\n${read.error.issues.map((issue) => `  ${lineOf(issue, set)}`).join("\n")}\nThe README says where each one is found.`,
  );
}

/** The environment as one checked value; throws as `readEnvironment` does. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const env = readEnvironment(isPostHogNeeded(environment) ? WithPostHog : Environment, environment);
  assertWhole(env);
  return {
    port: env.PORT,
    keepAliveMs: env.KEEP_ALIVE_SECONDS * 1_000,
    logLevel: env.LOG_LEVEL,
    dataDir: env.DATA_DIR,
    databaseUrl: env.DATABASE_URL,
    databaseDirectUrl: env.DATABASE_DIRECT_URL,
    roles: env.ROLES,
    retentionMs: env.RETENTION_DAYS * DAY_MS,
    internalUsers: env.INTERNAL_USERS,
    deliveryConcurrency: env.DELIVERY_CONCURRENCY,
    publicUrl: env.PUBLIC_URL,
    linkSigningKeys: env.LINK_SIGNING_KEYS,
    emailProviders: env.EMAIL_PROVIDERS,
    revision: env.GIT_REVISION,
    metricsToken: env.METRICS_TOKEN,
    studioSecret: env.STUDIO_SECRET,
    marketing: {
      cap: env.MARKETING_CAP,
      hours: env.SEND_HOURS,
      timeZone: env.DEFAULT_TIMEZONE,
      holdout: env.HOLDOUT_FLAG,
    },
    novu: {
      secretKey: env.NOVU_SECRET_KEY,
      apiUrl: env.NOVU_API_URL,
      plan: env.NOVU_PLAN,
      webhookSecrets: env.NOVU_WEBHOOK_SECRETS,
      triggersPerSecond: env.NOVU_TRIGGERS_PER_SECOND,
    },
    posthog: postHogIn(env),
    segment: segmentIn(env),
  };
}

/** All of PostHog's part is needed as soon as one is there, and where no other source is. */
export function isPostHogNeeded(environment: Record<string, string | undefined>): boolean {
  const isSet = (name: string) => (environment[name] ?? "").trim() !== "";
  return Object.keys(POSTHOG_NEEDS).some(isSet) || !isSet("SEGMENT_SECRETS");
}

function postHogIn(env: z.output<typeof Environment>): PostHogConfig | null {
  const { POSTHOG_PROJECT_TOKEN: projectToken, POSTHOG_PROJECT_ID: projectId } = env;
  const { POSTHOG_PERSONAL_API_KEY: personalApiKey, POSTHOG_WEBHOOK_SECRETS: webhookSecrets } = env;
  if (!(projectToken && projectId && personalApiKey && webhookSecrets)) return null;
  return {
    projectToken,
    host: env.POSTHOG_HOST,
    apiHost: env.POSTHOG_API_HOST,
    projectId,
    personalApiKey,
    webhookSecrets,
  };
}

function segmentIn(env: z.output<typeof Environment>): SegmentConfig | null {
  const { SEGMENT_SECRETS: secrets, SEGMENT_SPACE_ID: spaceId, SEGMENT_PROFILE_TOKEN: token } = env;
  if (secrets === undefined) return null;
  return { secrets, profiles: spaceId && token ? { host: env.SEGMENT_PROFILE_HOST, spaceId, token } : null };
}

/** What is there but can be of no use as it is. */
function assertWhole(env: z.output<typeof Environment>): void {
  if (env.DATABASE_URL === undefined && new Set(env.ROLES).size < 2)
    throw new Error("ROLES: without DATABASE_URL the store takes one process, which has to be both ingress and worker");
  if (env.HOLDOUT_FLAG !== undefined && env.POSTHOG_PROJECT_TOKEN === undefined)
    throw new Error("HOLDOUT_FLAG: a flag is PostHog's, which is not configured");
  const { SEGMENT_SECRETS, SEGMENT_SPACE_ID, SEGMENT_PROFILE_TOKEN } = env;
  if ((SEGMENT_SPACE_ID === undefined) !== (SEGMENT_PROFILE_TOKEN === undefined))
    throw new Error("SEGMENT_SPACE_ID and SEGMENT_PROFILE_TOKEN: persons are read with both, or not at all");
  if (SEGMENT_PROFILE_TOKEN !== undefined && SEGMENT_SECRETS === undefined)
    throw new Error("SEGMENT_SECRETS is missing: persons are read at Segment for events that come from there");
}

function lineOf(issue: z.core.$ZodIssue, set: Record<string, unknown>): string {
  const name = String(issue.path[0]);
  return set[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`;
}

/** One rule of INTERNAL_USERS; says why to `complain` when it is none. */
function internalRule(rule: string, complain: (why: string) => void): InternalRule {
  if (!rule.startsWith("/")) {
    const text = rule.toLowerCase();
    if (text === "@") complain('is "@" without a domain');
    return text.startsWith("@") ? { domain: text.slice(1) } : { exactly: text };
  }
  const [, source = "", flags] = /^\/(.+)\/(i?)$/s.exec(rule) ?? [];
  if (flags === undefined) complain("is not a pattern like /…/ or /…/i");
  try {
    return { pattern: new RegExp(source, flags) };
  } catch {
    complain("is not a regular expression");
    return { exactly: rule };
  }
}

function signingKey(context: z.core.ParsePayload<string>): void {
  if (!context.value.startsWith("whsec_")) return;
  try {
    keyOf(context.value);
  } catch (error) {
    context.issues.push({ code: "custom", message: (error as Error).message, input: "" });
  }
}
