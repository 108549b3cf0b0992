import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Env } from "./command.ts";

/** The text of a file; null if there is no such file. */
type ReadText = (file: string) => string | null;

const USUAL = ".env";

/**
 * The environment with the variables of `.env` in the current folder, or of the file that `ENV_FILE` names; empty names
 * none. A variable of the environment replaces that of the file, also if it is empty. Throws if the named file does not
 * exist, or if the file cannot be read.
 */
export function withEnvFile(env: Env, read: ReadText = readText): Env {
  const named = env.ENV_FILE?.trim();
  if (named === "") return env;
  const text = read(named ?? USUAL);
  if (text !== null) return { ...variablesIn(text), ...env };
  if (named === undefined) return env;
  throw new Error(`ENV_FILE names "${named}", and there is no such file; without ENV_FILE, ${USUAL} is read`);
}

/** The variables of an env file's text, which an editor on Windows may have begun with a byte order mark. */
export function variablesIn(text: string): Record<string, string> {
  return parseEnv(text.replace(/^\uFEFF/, "")) as Record<string, string>;
}

export function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Error(`the env file "${file}" cannot be read; let this user read it, or set ENV_FILE to another file`, {
      cause: error,
    });
  }
}
