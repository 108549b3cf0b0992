import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Engine } from "../chaos/data.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The engines of `--engine`. Throws an error to print. */
export function enginesOf(name: string): Engine[] {
  if (name !== "sqlite" && name !== "postgres" && name !== "both")
    throw new Error(`--engine is sqlite, postgres or both, not "${name}"`);
  if (name !== "sqlite" && process.env.TEST_DATABASE_URL === undefined)
    throw new Error("PostgreSQL is at TEST_DATABASE_URL, which is not set; see .ci/with-postgres");
  return name === "both" ? ["sqlite", "postgres"] : [name];
}

/** The value of a numeric option. Throws an error to print. */
export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${option} is a whole number, not "${text}"`);
  return Number(text);
}

/** The compiled app starts in half the time. */
export function buildApp(): void {
  const { status, stdout } = spawnSync("npm", ["run", "--silent", "build"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`the app cannot be built:\n${stdout}`);
}
