import type { z } from "zod";
import { nearestName } from "./lib/nearest-name.ts";
import { POSTHOG_REQUIRED, Settings } from "./settings.ts";

type Environment = Record<string, string | undefined>;

const SHAPE: Record<string, z.ZodType | undefined> = Settings.shape;
const NAMES = Object.keys(SHAPE);

/** Reads the settings of a schema. Throws one error that names every missing or wrong setting, without the values. */
export function readSettings<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.output<Schema> {
  const set: Record<string, unknown> = textsIn(environment);
  const read = schema.safeParse(set);
  if (read.success) return read.data;
  const lines = read.error.issues.map(({ path: [name = ""], message }) =>
    set[String(name)] === undefined ? missing(String(name)) : `  ${String(name)}: ${message}`,
  );
  throw new Error(
    `the configuration is not valid:\n${lines.join("\n")}\n.github/guides/configuration.md explains each setting.`,
  );
}

/** The settings that have a value, as text. */
export function textsIn(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const text = unquoted(environment[name] ?? "");
      // `PORT=` in an env file means "not set".
      return text.trim() === "" ? [] : [[name, text]];
    }),
  );
}

/**
 * `docker run --env-file` keeps the quotes around a value, which a shell and other readers of env files remove. Quotes
 * around the first and the last part of a list do not belong together.
 */
function unquoted(text: string): string {
  return /^\s*(["'])((?:(?!\1\s*,\s*\1)[\s\S])*)\1\s*$/.exec(text)?.[2] ?? text;
}

function missing(name: string): string {
  return `  ${name} is missing. ${SHAPE[name]?.meta()?.description}`;
}

/** One required setting of PostHog needs the others. Without PostHog, Segment has to be configured. */
export function isPostHogRequired(environment: Environment): boolean {
  const set = textsIn(environment);
  return Object.keys(POSTHOG_REQUIRED).some((name) => name in set) || !("SEGMENT_SECRETS" in set);
}

/** Every secret text in the environment, also each secret of a list and the password in a URL. */
export function secretsIn(environment: Environment): string[] {
  return Object.entries(textsIn(environment)).flatMap(([name, text]) => {
    if (SHAPE[name]?.meta()?.isSecret !== true) return [];
    const [, password = ""] = /^[a-z]+:\/\/[^:/?#]*:(.*)@/.exec(text) ?? [];
    return [...text.split(",").map((one) => one.trim()), password];
  });
}

/** Names that other software gives to its own variables. */
const OF_OTHERS = [
  // Read by posthog-node and by PostHog's command.
  /^POSTHOG_(CAPTURE_MODE|RELEASE_ID|CLI_\w+)$/,
  // Read by @novu/framework, by Novu's command and by a self-hosted Novu.
  /^NOVU_(API_KEY|STRICT_AUTHENTICATION_ENABLED|BRIDGE_ORIGIN|LOCAL_BACKEND_URL|SAFE_OUTBOUND_ALLOW|CLI_\w+)$/,
  // The name in the examples of Segment's libraries.
  /^SEGMENT_WRITE_KEY$/,
  // Kubernetes sets these for each service in the namespace.
  /_SERVICE_(HOST|PORT)|_PORT(_|$)/,
];
const SERVICE = /^(POSTHOG|NOVU|SEGMENT)_/;
/** A mistake in a shorter name makes the name of something else. */
const SHORTEST = 7;

/** A sentence for each variable that has a value, looks like a setting and is none. */
export function mistakenNames(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) => {
    if (value.trim() === "" || NAMES.includes(name) || !/^[A-Z][A-Z\d_]*$/.test(name)) return [];
    if (OF_OTHERS.some((one) => one.test(name))) return [];
    const nearest = nearestName(
      name,
      NAMES.filter(({ length }) => length >= SHORTEST),
    );
    if (nearest === null && !SERVICE.test(name)) return [];
    return `${name} is no setting of this app${nearest === null ? "" : `; do you mean ${nearest}?`}`;
  });
}
