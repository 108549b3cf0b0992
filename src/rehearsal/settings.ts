import { resolve } from "node:path";
import { DAY_MS } from "../lib/durations.ts";
import { readSettings, textsIn } from "../read-settings.ts";
import { Settings } from "../settings.ts";
import type { InputContext } from "./inputs/order.ts";
import type { ShardOrder } from "./shard.ts";

/** The settings of the app that a rehearsal uses. */
export interface RehearsalSettings {
  config: InputContext["config"];
  app: ShardOrder["settings"];
}

const Used = Settings.pick({
  DATA_DIR: true,
  DATABASE_URL: true,
  DATABASE_DIRECT_URL: true,
  RETENTION_DAYS: true,
  INTERNAL_USERS: true,
  NOVU_PLAN: true,
  MARKETING_CAP: true,
  SEND_HOURS: true,
  DEFAULT_TIMEZONE: true,
  EMAIL_PROVIDERS: true,
  POSTHOG_API_HOST: true,
  POSTHOG_PROJECT_ID: true,
  POSTHOG_PERSONAL_API_KEY: true,
});

/** Throws for a setting that is not valid. A rehearsal of a file needs no setting. */
export function settingsIn(env: Record<string, string | undefined>, { plain }: { plain: boolean }): RehearsalSettings {
  const used = readSettings(Used, env);
  const { POSTHOG_PROJECT_ID: projectId, POSTHOG_PERSONAL_API_KEY: personalApiKey } = used;
  return {
    config: {
      // Absolute, because the processes of a rehearsal start in another folder.
      dataDir: resolve(used.DATA_DIR),
      databaseUrl: used.DATABASE_URL,
      databaseDirectUrl: used.DATABASE_DIRECT_URL,
      retentionMs: used.RETENTION_DAYS * DAY_MS,
      internalUsers: used.INTERNAL_USERS,
      posthog: projectId && personalApiKey ? { apiHost: used.POSTHOG_API_HOST, projectId, personalApiKey } : null,
    },
    app: {
      plan: used.NOVU_PLAN,
      cap: used.MARKETING_CAP,
      hours: used.SEND_HOURS,
      timeZone: used.DEFAULT_TIMEZONE,
      emailProviders: used.EMAIL_PROVIDERS,
      internalUsers: plain ? (textsIn(env).INTERNAL_USERS ?? "") : "",
    },
  };
}
