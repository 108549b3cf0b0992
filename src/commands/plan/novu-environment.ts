import type { z } from "zod";
import { readSettings, Settings } from "../../settings.ts";

/** The settings of `plan` and `sync`. CI needs only the settings of Novu. */
const NovuSettings = Settings.pick({
  NOVU_API_URL: true,
  NOVU_PLAN: true,
  NOVU_BRIDGE_URL: true,
  DATABASE_URL: true,
  DATABASE_DIRECT_URL: true,
  DATA_DIR: true,
}).extend({
  NOVU_SECRET_KEY: Settings.shape.NOVU_SECRET_KEY.optional(),
  PUBLIC_URL: Settings.shape.PUBLIC_URL.optional(),
});

export interface NovuEnvironment {
  /** Undefined if it is not set; the plan then compares nothing. */
  secretKey: string | undefined;
  apiUrl: string;
  plan: z.output<typeof NovuSettings>["NOVU_PLAN"];
  bridgeUrl: string | undefined;
  /** The store in which people in progress are counted. */
  store: { databaseUrl: string | undefined; databaseDirectUrl: string | undefined; dataDir: string };
}

/** Throws an error that names every wrong setting, without its value. */
export function readNovuEnvironment(environment: Record<string, string | undefined>): NovuEnvironment {
  const env = readSettings(NovuSettings, environment);
  return {
    secretKey: env.NOVU_SECRET_KEY,
    apiUrl: env.NOVU_API_URL,
    plan: env.NOVU_PLAN,
    bridgeUrl: env.NOVU_BRIDGE_URL ?? (env.PUBLIC_URL === undefined ? undefined : `${env.PUBLIC_URL}/api/novu`),
    store: { databaseUrl: env.DATABASE_URL, databaseDirectUrl: env.DATABASE_DIRECT_URL, dataDir: env.DATA_DIR },
  };
}
