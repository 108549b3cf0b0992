import type { Cap, Hours } from "./contracts/send.ts";
import { DAY_MS, SECOND_MS } from "./lib/durations.ts";
import { isPostHogRequired, readSettings } from "./read-settings.ts";
import { Settings, SettingsWithPostHog } from "./settings.ts";

/** Throws with every setting that is missing or wrong, without their values. */
export function readConfig(environment: Record<string, string | undefined>) {
  const env = readSettings(isPostHogRequired(environment) ? SettingsWithPostHog : Settings, environment);
  assertConsistent(env);
  return {
    port: env.PORT,
    keepAliveMs: env.KEEP_ALIVE_SECONDS * SECOND_MS,
    logLevel: env.LOG_LEVEL,
    dataDir: env.DATA_DIR,
    databaseUrl: env.DATABASE_URL,
    databaseDirectUrl: env.DATABASE_DIRECT_URL,
    roles: env.ROLES,
    retentionMs: env.RETENTION_DAYS * DAY_MS,
    internalUsers: env.INTERNAL_USERS,
    deliveryConcurrency: env.DELIVERY_CONCURRENCY,
    // Undefined in the sandbox, which uses the address where the app listens.
    publicUrl: env.PUBLIC_URL as string | undefined,
    linkSigningKeys: env.LINK_SIGNING_KEYS,
    emailProviders: env.EMAIL_PROVIDERS,
    usesNovuAddresses: env.USE_NOVU_ADDRESSES,
    revision: env.GIT_REVISION,
    metricsToken: env.METRICS_TOKEN,
    backendKey: env.BACKEND_KEY,
    studioSecret: env.STUDIO_SECRET,
    marketing: marketingIn(env),
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

function marketingIn(env: Settings): Marketing {
  return {
    cap: env.MARKETING_CAP,
    hours: env.SEND_HOURS,
    timeZone: env.DEFAULT_TIMEZONE,
    holdout: env.HOLDOUT_FLAG,
  };
}

function postHogIn(env: Settings) {
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

function segmentIn(env: Settings) {
  const { SEGMENT_SECRETS: secrets, SEGMENT_SPACE_ID: spaceId, SEGMENT_PROFILE_TOKEN: token } = env;
  if (secrets === undefined) return null;
  // Each secret signs webhooks, or is the bearer token of a Destination Function; newest first.
  return { secrets, profiles: spaceId && token ? { host: env.SEGMENT_PROFILE_HOST, spaceId, token } : null };
}

function assertConsistent(env: Settings): void {
  if (env.STUDIO_SECRET !== undefined && new URL(env.PUBLIC_URL).pathname !== "/")
    throw new Error(
      "PUBLIC_URL: the pages of the studio need an address without a path: give the app a host of its own, or leave STUDIO_SECRET out",
    );
  if (env.DATABASE_URL === undefined && new Set(env.ROLES).size < 2)
    throw new Error("ROLES: without DATABASE_URL there is one process, which needs both roles, ingress and worker");
  if (env.HOLDOUT_FLAG !== undefined && env.POSTHOG_PROJECT_TOKEN === undefined)
    throw new Error("HOLDOUT_FLAG: this is a flag at PostHog, and PostHog is not configured");
  const { SEGMENT_SECRETS, SEGMENT_SPACE_ID, SEGMENT_PROFILE_TOKEN } = env;
  if ((SEGMENT_SPACE_ID === undefined) !== (SEGMENT_PROFILE_TOKEN === undefined))
    throw new Error("SEGMENT_SPACE_ID and SEGMENT_PROFILE_TOKEN: set both, or neither");
  if (SEGMENT_PROFILE_TOKEN !== undefined && SEGMENT_SECRETS === undefined)
    throw new Error("SEGMENT_SECRETS is missing: SEGMENT_PROFILE_TOKEN is only used for events from Segment");
}

/** Each value is described at its setting, in src/settings.ts. */
export type Config = ReturnType<typeof readConfig>;
export type PostHogConfig = NonNullable<ReturnType<typeof postHogIn>>;
export type SegmentConfig = NonNullable<ReturnType<typeof segmentIn>>;

/** Rules for the marketing messages of all workflows. */
interface Marketing {
  cap: Cap;
  /** Sending hours, in the person's time zone. */
  hours: Hours;
  /** The time zone for people whose time zone is not known. */
  timeZone: string;
  /** PostHog flag of the people who get no marketing. */
  holdout?: string | undefined;
}
