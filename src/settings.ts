import { z } from "zod";
import { EmailProvider } from "./contracts/channel.ts";
import { InternalUsers } from "./contracts/internal-users.ts";
import { NovuPlan } from "./contracts/novu.ts";
import { Cap, Hours } from "./contracts/send.ts";
import {
  baseUrl,
  folder,
  httpUrl,
  key,
  list,
  positive,
  postgresUrl,
  secrets,
  webhookSecrets,
} from "./lib/setting-types.ts";
import { isTimeZone } from "./lib/time-zone.ts";

const ROLE = z.enum(["ingress", "worker"]);

const APP = {
  PUBLIC_URL: baseUrl().meta({
    description: "Address of this app for PostHog, Novu and the links in messages.",
    details:
      "With https the studio's cookie is for https only. An address with a path needs a proxy that removes the path, and has no studio.",
  }),
  LINK_SIGNING_KEYS: secrets().meta({
    description: "Keys that seal the links in messages, newest first. Keep old ones: links never expire.",
    details:
      "Comma-separated, 16 or more characters each (`openssl rand -base64 24`). Put a new key in front. Without an old key, the links in mailboxes that it sealed no longer work.",
    isSecret: true,
  }),
  STUDIO_SECRET: z.string().min(16, "at least 16 characters").optional().meta({
    description: "Secret for the login at /studio. Without it there is no studio.",
    details: "16 or more characters.",
    isSecret: true,
  }),
  BACKEND_KEY: key().min(24, "at least 24 characters").optional().meta({
    description: "Key that your own back end sends as a bearer token. Without it the routes for it are closed.",
    details: "24 or more characters. For devices that get [push messages](push.md), and for [the Inbox](inbox.md).",
    isSecret: true,
  }),
};

const NOVU = {
  NOVU_SECRET_KEY: key().meta({ description: "Secret key of the Novu environment.", isSecret: true }),
  NOVU_API_URL: baseUrl().prefault("https://api.novu.co").meta({
    description: "Novu's API of your region.",
    details: "In the EU `https://eu.api.novu.co`.",
  }),
  NOVU_PLAN: NovuPlan.prefault("free").meta({
    description: "Your plan at Novu: it limits delays, steps, workflows and the trigger rate.",
    details: "`free`, `pro`, `team` or `enterprise`. The delay steps of a wait depend on it: sync after a change.",
  }),
  NOVU_BRIDGE_URL: httpUrl().optional().meta({
    description: "Address of the bridge for npm run sync, if it is not PUBLIC_URL/api/novu.",
    details: "The app itself does not need it.",
    whenUnset: "`PUBLIC_URL` and `/api/novu`",
  }),
  NOVU_WEBHOOK_SECRETS: webhookSecrets().optional().meta({
    description: "Signing secrets of Novu's webhooks, newest first. Without them /webhooks/novu is closed.",
    details: "Comma-separated.",
    isSecret: true,
  }),
  NOVU_TRIGGERS_PER_SECOND: positive().optional().meta({
    description: "Trigger rate, if it differs from the plan's.",
    whenUnset: "the plan's rate",
  }),
};

const POSTHOG = {
  POSTHOG_PROJECT_TOKEN: key().startsWith("phc_", 'a project token starts with "phc_"').optional().meta({
    description: "Project token (phc_…). Without PostHog, leave out the four required settings POSTHOG_….",
    isSecret: true,
  }),
  POSTHOG_PROJECT_ID: z.string().min(1).optional().meta({ description: "Id of the project." }),
  POSTHOG_PERSONAL_API_KEY: key().startsWith("phx_", 'a personal API key starts with "phx_"').optional().meta({
    description: "Personal API key (phx_…) with person:read, query:read, and for plan the scopes of definitions.",
    details:
      "Scopes: `person:read`; `query:read` for `inactivity`, `cohort`, `npm run reconcile` and `npm run rehearse`; `cohort:read` for `cohort`; `event_definition:read` and `property_definition:read` for the comparison of events; more for `npm run connect`, `npm run dashboard` and `npm run person`.",
    isSecret: true,
  }),
  POSTHOG_WEBHOOK_SECRETS: webhookSecrets().optional().meta({
    description: "Newest first: whsec_… checks signatures, any other text is the header x-webhook-secret.",
    details: "Comma-separated, 16 or more characters each. `npm run connect` makes the first one.",
    isSecret: true,
  }),
  POSTHOG_HOST: baseUrl().prefault("https://us.i.posthog.com").meta({
    description: "Host that receives events.",
    details: "The app sends its reports there. In the EU `https://eu.i.posthog.com`.",
  }),
  POSTHOG_API_HOST: baseUrl().prefault("https://us.posthog.com").meta({
    description: "Host where you log in.",
    details: "The app reads persons there. In the EU `https://eu.posthog.com`.",
  }),
};

const SEGMENT = {
  SEGMENT_SECRETS: secrets().optional().meta({
    description: "Secrets of Segment's webhooks, newest first. Without them /webhooks/segment is closed.",
    details:
      "Comma-separated, 16 or more characters each. A secret signs Segment's webhooks, or is the token of a Destination Function.",
    isSecret: true,
  }),
  SEGMENT_SPACE_ID: key().optional().meta({
    description: "Space of the Profile API, with SEGMENT_PROFILE_TOKEN.",
    details: "The app reads the profiles of this space.",
  }),
  SEGMENT_PROFILE_TOKEN: key().optional().meta({ description: "Access token of the Profile API.", isSecret: true }),
  SEGMENT_PROFILE_HOST: baseUrl().prefault("https://profiles.segment.com").meta({
    description: "Host of the Profile API of your region.",
    details: "The app reads profiles there. In the EU `https://profiles.euw1.segment.com`.",
  }),
};

const MESSAGES = {
  EMAIL_PROVIDERS: list()
    .pipe(z.array(EmailProvider))
    .prefault("")
    .meta({
      description: "Novu's email providers. Each gets unsubscribe headers and the text part in its own format.",
      details: `Comma-separated: ${EmailProvider.options.map((one) => `\`${one}\``).join(", ")}. Attachments are in the provider's format too.`,
    }),
  USE_NOVU_ADDRESSES: z.stringbool().prefault("false").meta({
    description: "Whether people without an address at PostHog or Segment get messages at the address that Novu has.",
    details:
      "`true` if personal data stays out of PostHog. Your back end gives the address to Novu, under the distinct id of the events.",
  }),
  INTERNAL_USERS: InternalUsers.prefault("").meta({
    description: "People whose events are ignored: @domain, an address, a distinct id or a /pattern/i.",
    details:
      "Comma-separated. A domain is written `@acme.example`; a pattern is for addresses and distinct ids. PostHog's example event never has an effect.",
  }),
  MARKETING_CAP: Cap.prefault("3 in 7 days").meta({
    description: "Frequency cap: how many marketing messages one person gets in how long.",
    details: "Over all workflows; in-app notes do not count.",
  }),
  SEND_HOURS: Hours.prefault("09:00-20:00").meta({
    description: "Sending hours of marketing, in the person's time zone. Outside them a message waits.",
    details: "It is not dropped.",
  }),
  DEFAULT_TIMEZONE: z
    .string()
    .refine(isTimeZone, "expected an IANA time zone such as Europe/Berlin")
    .prefault("UTC")
    .meta({
      description: "Time zone of people without a known one.",
      details: "These are people for whom PostHog, their event and Novu have none.",
    }),
  HOLDOUT_FLAG: z.string().min(1).optional().meta({
    description: "PostHog flag of the people who get no marketing, to measure its whole effect.",
  }),
};

const STORE = {
  DATA_DIR: folder()
    .prefault("./.data")
    .meta({ description: "Folder of the SQLite store, for one process at a time." }),
  DATABASE_URL: postgresUrl().optional().meta({
    description: "PostgreSQL 15 or newer in place of SQLite, for any number of processes.",
    details: "`postgresql://user:password@host:5432/database`. In a password, `#` is written `%23`, and so on.",
    isSecret: true,
  }),
  DATABASE_DIRECT_URL: postgresUrl().optional().meta({
    description: "The same database without PgBouncer, if PgBouncer is in transaction mode.",
    details:
      "Without it, behind such a PgBouncer, a process notices the jobs of other processes within 2 s instead of at once.",
    whenUnset: "`DATABASE_URL`",
    isSecret: true,
  }),
  ROLES: list().pipe(z.array(ROLE).min(1)).prefault("ingress,worker").meta({
    description: "ingress answers PostHog, Segment and Novu, worker runs the jobs.",
    details: "With PostgreSQL a process may have one role.",
  }),
  RETENTION_DAYS: positive().prefault("90").meta({
    description: "Days that events, runs and decisions are stored: more than your longest workflow takes.",
    details: "Also more than the days of each `inactivity`.",
  }),
  DELIVERY_CONCURRENCY: positive().max(1_000).prefault("32").meta({
    description: "Calls to Novu, and to PostHog, in progress at once.",
    details: "Triggers keep to the plan's rate.",
  }),
};

const OPERATION = {
  PORT: z.coerce.number().int().min(0).max(65_535).prefault("4000").meta({ description: "Port to listen on." }),
  KEEP_ALIVE_SECONDS: z.coerce
    .number()
    .int()
    // With 5 s, Novu waits only 4 s for an answer on a reused connection, and not 5 s.
    .min(6, "at least 6, or Novu waits only 4 s for answers; set it longer than your proxy keeps idle connections")
    .prefault("75")
    .meta({
      description: "How long an idle connection stays open: longer than a proxy in front keeps its own.",
      details: "6 or more. See [proxies](proxies.md).",
    }),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).prefault("info").meta({
    description: "Lowest level that is logged.",
    details: "JSON lines with ids, and never bodies, addresses or keys, not even those in errors of libraries.",
  }),
  METRICS_TOKEN: key().min(16, "at least 16 characters").optional().meta({
    description: "Bearer token that /metrics requires. Without it /metrics is open.",
    details: "16 or more characters.",
    isSecret: true,
  }),
  GIT_REVISION: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/i, "expected the hash of a commit")
    .toLowerCase()
    .optional()
    .meta({
      description: "The running commit, shown by /readyz.",
      details: "The Docker image has it from its build argument.",
    }),
};

/**
 * Every setting by its group and its name, which is that of its environment variable. A default is written as the
 * variable's text would be. `details` and `whenUnset` are Markdown for .github/guides/configuration.md, which is made
 * from this table, as .env.example is.
 */
export const SETTING_GROUPS: Record<string, Record<string, z.ZodType>> = {
  "The app": APP,
  Novu: NOVU,
  PostHog: POSTHOG,
  Segment: SEGMENT,
  Messages: MESSAGES,
  "Store and processes": STORE,
  Operation: OPERATION,
};

export const Settings = z.object({
  ...APP,
  ...NOVU,
  ...POSTHOG,
  ...SEGMENT,
  ...MESSAGES,
  ...STORE,
  ...OPERATION,
});
export type Settings = z.infer<typeof Settings>;

export const POSTHOG_REQUIRED = {
  POSTHOG_PROJECT_TOKEN: true,
  POSTHOG_PROJECT_ID: true,
  POSTHOG_PERSONAL_API_KEY: true,
  POSTHOG_WEBHOOK_SECRETS: true,
} as const;
export const SettingsWithPostHog = Settings.required(POSTHOG_REQUIRED);
