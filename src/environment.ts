import type { Env, Surroundings } from "./lib/command.ts";
import { readText, variablesIn, withEnvFile } from "./lib/env-file.ts";
import { mistakenNames, textsIn } from "./read-settings.ts";

/** The settings of the sandbox, which `npm run dev` writes. */
const OF_DEV = ".data/dev/.env";
const ANSWER_WITHIN_MS = 2_000;

/**
 * The settings for a command: of the environment, then of the env file, and if there are none, of `npm run dev`. Names
 * that look like settings are in `notes`, unless the command reports them itself.
 */
export async function surroundingsOf(
  own: Env,
  { reportsNames = false, read = readText }: { reportsNames?: boolean; read?: typeof readText } = {},
): Promise<Surroundings & { notes: string[] }> {
  const notes: string[] = [];
  let env = withEnvFile(own, read);
  const ofDev = own.ENV_FILE === undefined && Object.keys(textsIn(env)).length === 0 ? read(OF_DEV) : null;
  if (ofDev !== null) {
    env = { ...variablesIn(ofDev), ...env };
    notes.push(`settings: ${OF_DEV}, of npm run dev`);
  }
  if (!reportsNames) notes.push(...mistakenNames(env));
  return { env, notes, now: await clockOf(env) };
}

/** The clock of the sandbox that the settings are of, which may be days ahead; else this machine's. */
async function clockOf({ SANDBOX_URL }: Env): Promise<() => number> {
  if (SANDBOX_URL === undefined) return Date.now;
  try {
    const response = await fetch(`${SANDBOX_URL}/sandbox/time`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const { now } = (await response.json()) as { now: number };
    const aheadMs = now - Date.now();
    return () => Date.now() + aheadMs;
  } catch {
    // The sandbox does not run. Its store can be read all the same.
    return Date.now;
  }
}
