import { relative, resolve } from "node:path";
import { type Env, type OptionValues, UsageError } from "../../lib/command.ts";
import { readSettings, textsIn } from "../../read-settings.ts";
import { Settings } from "../../settings.ts";
import type { AskedPort } from "./ports.ts";
import { settingsFile } from "./settings-file.ts";

export const DEV_DATA = "./.data/dev";

export const DEV_HELP = `npm run dev [-- options]

The app with a local PostHog, Segment and Novu; restarts when a file is saved. The settings of the sandbox
are in .env in the data folder, for npm run event and every command, such as npm run why.

  --fresh      start without the saved state of the sandbox
  --port N     the app's port, with the studio at /studio; without it PORT, of the environment or .env.
               Without both, the app, PostHog, Novu and Segment are at 4000 and 4002 to 4004 where these
               ports are free
  --data DIR   folder for the data of the app and the sandbox (${DEV_DATA})
  --help

From the environment or .env it also takes NOVU_PLAN, MARKETING_CAP, SEND_HOURS, DEFAULT_TIMEZONE,
INTERNAL_USERS and EMAIL_PROVIDERS.`;

export const DEV_OPTIONS = {
  fresh: { type: "boolean" },
  port: { type: "string" },
  data: { type: "string", default: DEV_DATA },
} as const;

export function devOrder({ fresh, port, data }: OptionValues<typeof DEV_OPTIONS>, env: Env) {
  return { fresh, dataDir: data, asked: askedPort(port, env) };
}

/** The form of a command that works on this sandbox: without ENV_FILE only if the command finds no other settings. */
export function commandFor(dataDir: string, env: Env): string {
  const isUsual = resolve(dataDir) === resolve(DEV_DATA) && env.ENV_FILE === undefined;
  if (isUsual && Object.keys(textsIn(env)).length === 0) return "npm run";
  const path = relative(".", settingsFile(dataDir));
  return `ENV_FILE=${path.startsWith("..") ? resolve(path) : path} npm run`;
}

function askedPort(option: string | undefined, env: Env): AskedPort | null {
  if (option !== undefined) {
    if (!/^\d{1,5}$/.test(option) || Number(option) > 65_535) throw new UsageError(`--port "${option}" is not a port`);
    return { port: Number(option), by: "--port" };
  }
  if (!("PORT" in textsIn(env))) return null;
  return { port: readSettings(Settings.pick({ PORT: true }), env).PORT, by: "PORT" };
}
