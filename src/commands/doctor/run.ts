import { readConfig } from "../../config.ts";
import type { RunContext, Surroundings } from "../../lib/command.ts";
import { describeError } from "../../lib/errors.ts";
import { mistakenNames, secretsIn } from "../../read-settings.ts";
import type { Discoverable } from "../plan/manifest.ts";
import { type Found, ok, trouble, warning } from "./check.ts";
import { examine } from "./examine.ts";

const SIGNS = { ok: "✓", warning: "!", trouble: "✗" } as const;
const STYLES = { ok: "green", warning: "yellow", trouble: "red" } as const;

export async function run(
  { options: { json }, env, now, io: { print, paint } }: RunContext,
  product: Discoverable,
): Promise<number> {
  const lines = await runChecks({ env, now }, product);
  const isWell = lines.every(({ is }) => is !== "trouble");
  if (json) print(JSON.stringify({ ok: isWell, checks: lines }));
  else {
    for (const { what, is, says } of lines)
      print(`${paint(STYLES[is], SIGNS[is])} ${what.padEnd(20)} ${says.replaceAll("\n", `\n${" ".repeat(23)}`)}`);
    const count = lines.filter(({ is }) => is === "trouble").length;
    print(isWell ? "\nNo errors." : `\n${count} ${count === 1 ? "error" : "errors"} to fix.`);
  }
  return isWell ? 0 : 1;
}

/** Runs all checks. If the configuration is not valid, no other check runs. */
async function runChecks({ env, now }: Surroundings, product: Discoverable): Promise<Found[]> {
  const what = "configuration";
  const mistaken = mistakenNames(env).map((says) => ({ what, ...warning(says) }));
  try {
    const config = readConfig(env);
    return [{ what, ...ok("valid") }, ...mistaken, ...(await examine(config, product, secretsIn(env), now))];
  } catch (error) {
    return [{ what, ...trouble(describeError(error)) }, ...mistaken];
  }
}
