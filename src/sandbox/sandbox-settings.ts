import { readSettings, textsIn } from "../read-settings.ts";
import { Settings } from "../settings.ts";
import type { SandboxOptions } from "./sandbox.ts";

const USED = {
  NOVU_PLAN: true,
  MARKETING_CAP: true,
  SEND_HOURS: true,
  DEFAULT_TIMEZONE: true,
  INTERNAL_USERS: true,
  EMAIL_PROVIDERS: true,
} as const;

type Environment = Record<string, string | undefined>;

/** The settings of the environment that count in a sandbox. */
export function sandboxSettings(environment: Environment) {
  const set = textsIn(environment);
  const read = readSettings(Settings.pick(USED), environment);
  const options = {
    plan: read.NOVU_PLAN,
    marketing: { cap: read.MARKETING_CAP, hours: read.SEND_HOURS, timeZone: read.DEFAULT_TIMEZONE },
    internalUsers: read.INTERNAL_USERS,
    ...("EMAIL_PROVIDERS" in set && { emailProviders: read.EMAIL_PROVIDERS }),
  } satisfies Partial<SandboxOptions>;
  const texts = Object.fromEntries(Object.entries(set).filter(([name]) => name in USED));
  return { options, texts };
}

export function planIn(environment: Environment): Settings["NOVU_PLAN"] {
  return readSettings(Settings.pick({ NOVU_PLAN: true }), environment).NOVU_PLAN;
}
