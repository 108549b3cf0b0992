import type { z } from "zod";
import { readSettings } from "../../read-settings.ts";
import { Settings, SettingsWithPostHog } from "../../settings.ts";
import type { PostHogAccess } from "../../sources/posthog/client.ts";

/** The settings of `plan` and `sync`. CI needs only the settings of Novu. */
const NovuSettings = Settings.pick({
  NOVU_API_URL: true,
  NOVU_PLAN: true,
  NOVU_BRIDGE_URL: true,
  DATABASE_URL: true,
  DATABASE_DIRECT_URL: true,
  DATA_DIR: true,
  POSTHOG_API_HOST: true,
}).extend({
  POSTHOG_PROJECT_ID: SettingsWithPostHog.shape.POSTHOG_PROJECT_ID.optional(),
  POSTHOG_PERSONAL_API_KEY: SettingsWithPostHog.shape.POSTHOG_PERSONAL_API_KEY.optional(),
  NOVU_SECRET_KEY: Settings.shape.NOVU_SECRET_KEY.optional(),
  PUBLIC_URL: Settings.shape.PUBLIC_URL.optional(),
});

export interface NovuEnvironment {
  /** Undefined if it is not set; the plan then compares nothing. */
  secretKey: string | undefined;
  apiUrl: string;
  plan: z.output<typeof NovuSettings>["NOVU_PLAN"];
  bridgeUrl: string | undefined;
  /** Null if the project or the key is not set; the plan then compares no events with PostHog. */
  posthog: PostHogAccess | null;
  /** The store in which people in progress are counted, and the hours in which events came. */
  store: { databaseUrl: string | undefined; databaseDirectUrl: string | undefined; dataDir: string };
}

function postHogIn(env: z.output<typeof NovuSettings>): PostHogAccess | null {
  const { POSTHOG_API_HOST: apiHost, POSTHOG_PROJECT_ID: projectId, POSTHOG_PERSONAL_API_KEY: personalApiKey } = env;
  return projectId === undefined || personalApiKey === undefined ? null : { apiHost, projectId, personalApiKey };
}

/** Throws an error that names every wrong setting, without its value. */
export function readNovuEnvironment(environment: Record<string, string | undefined>): NovuEnvironment {
  const env = readSettings(NovuSettings, environment);
  return {
    secretKey: env.NOVU_SECRET_KEY,
    apiUrl: env.NOVU_API_URL,
    plan: env.NOVU_PLAN,
    bridgeUrl: env.NOVU_BRIDGE_URL ?? (env.PUBLIC_URL === undefined ? undefined : `${env.PUBLIC_URL}/api/novu`),
    posthog: postHogIn(env),
    store: { databaseUrl: env.DATABASE_URL, databaseDirectUrl: env.DATABASE_DIRECT_URL, dataDir: env.DATA_DIR },
  };
}
