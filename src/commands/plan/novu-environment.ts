import type { z } from "zod";
import { Environment, readEnvironment } from "../../config.ts";

/** What `plan` and `sync` need of the environment: Novu's variables, so that CI can do without PostHog's. */
const NovuEnvironment = Environment.pick({
  NOVU_API_URL: true,
  NOVU_PLAN: true,
  NOVU_BRIDGE_URL: true,
  DATABASE_URL: true,
  DATABASE_DIRECT_URL: true,
  DATA_DIR: true,
}).extend({
  NOVU_SECRET_KEY: Environment.shape.NOVU_SECRET_KEY.optional(),
  PUBLIC_URL: Environment.shape.PUBLIC_URL.optional(),
});

export interface NovuEnvironment {
  /** Without it there is nothing to compare with. */
  secretKey: string | undefined;
  apiUrl: string;
  plan: z.output<typeof NovuEnvironment>["NOVU_PLAN"];
  /** Where Novu reaches the bridge. */
  bridgeUrl: string | undefined;
  /** Where the people who wait are known. */
  store: { databaseUrl: string | undefined; databaseDirectUrl: string | undefined; dataDir: string };
}

/** Throws with what is wrong, and no value in it. */
export function readNovuEnvironment(environment: Record<string, string | undefined>): NovuEnvironment {
  const env = readEnvironment(NovuEnvironment, environment);
  return {
    secretKey: env.NOVU_SECRET_KEY,
    apiUrl: env.NOVU_API_URL,
    plan: env.NOVU_PLAN,
    bridgeUrl: env.NOVU_BRIDGE_URL ?? (env.PUBLIC_URL === undefined ? undefined : `${env.PUBLIC_URL}/api/novu`),
    store: { databaseUrl: env.DATABASE_URL, databaseDirectUrl: env.DATABASE_DIRECT_URL, dataDir: env.DATA_DIR },
  };
}
