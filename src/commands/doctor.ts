import { readConfig } from "../config.ts";
import { type Command, defineCommand, type Surroundings } from "../lib/command.ts";
import { describeError } from "../lib/errors.ts";
import { mistakenNames, secretsIn } from "../read-settings.ts";
import { type Found, ok, trouble, warning } from "./doctor/check.ts";
import { examine } from "./doctor/examine.ts";
import type { Discoverable } from "./plan/manifest.ts";

const HELP = `npm run doctor -- [options]

Checks everything that a message needs, changes nothing, and prints how to fix each error: the
configuration, the store, PostHog and its destination, Segment and its profiles, the events and their
properties, Novu with its integrations and workflows, the running app as others reach it, the clocks, and
signatures from end to end. Run it where the app runs, with the same environment.

  --json     print one JSON object
  --help

Exit code: 0 no error, though there may be warnings (!); 1 errors; 2 wrong usage.

After a build: node dist/src/cli.js doctor`;

const SIGNS = { ok: "✓", warning: "!", trouble: "✗" } as const;
const STYLES = { ok: "green", warning: "yellow", trouble: "red" } as const;

export const doctorOf = (product: Discoverable): Command =>
  defineCommand({
    name: "doctor",
    help: HELP,
    options: {},
    async run({ options: { json }, env, now, io: { print, paint } }) {
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
    },
  });

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
