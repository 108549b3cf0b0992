import { relative, resolve } from "node:path";
import { type Env, type OptionValues, UsageError } from "../../lib/command.ts";
import { readSettings, textsIn } from "../../read-settings.ts";
import { Settings } from "../../settings.ts";
import { DEV_DATA, type DEV_OPTIONS } from "./dev-options.ts";
import type { AskedPort } from "./ports.ts";
import { settingsFile } from "./settings-file.ts";

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
