import { secretsIn } from "../config/settings.ts";
import { readConfig } from "../config.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, defineCommand, type Env } from "../lib/command.ts";
import { describeError } from "../lib/errors.ts";
import { type Found, ok, trouble } from "./doctor/check.ts";
import { examine } from "./doctor/examine.ts";

const HELP = `npm run doctor -- [options]

Looks at everything that has to be right for a message to go out, changes nothing, and says what to
do: the configuration, the store, PostHog with its destination, Segment with its profiles, Novu with
its integrations and workflows, the running app from outside, clocks, and signatures from end to end. Run it
where the app runs, with its environment.

  --json     print one JSON object
  --help

Exit code: 0 nothing is wrong, though lines with ! may be worth a look; 1 something is; 2 wrong usage.

After a build: node dist/src/cli.js doctor`;

const SIGNS = { ok: "✓", warning: "!", trouble: "✗" } as const;
const STYLES = { ok: "green", warning: "yellow", trouble: "red" } as const;

/** The command for a product. */
export const doctorOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "doctor",
    help: HELP,
    options: {},
    async run({ options: { json }, env, io: { print, paint } }) {
      const lines = await look(env, workflows);
      const isWell = lines.every(({ is }) => is !== "trouble");
      if (json) print(JSON.stringify({ ok: isWell, checks: lines }));
      else {
        for (const { what, is, says } of lines)
          print(`${paint(STYLES[is], SIGNS[is])} ${what.padEnd(20)} ${says.replaceAll("\n", `\n${" ".repeat(23)}`)}`);
        const count = lines.filter(({ is }) => is === "trouble").length;
        print(isWell ? "\nNothing is wrong." : `\n${count} of these ${count === 1 ? "has" : "have"} to be put right.`);
      }
      return isWell ? 0 : 1;
    },
  });

/** Without a configuration there is nothing else to look at. */
async function look(env: Env, workflows: LifecycleWorkflow[]): Promise<Found[]> {
  const what = "configuration";
  try {
    const config = readConfig(env);
    return [{ what, ...ok("complete") }, ...(await examine(config, workflows, secretsIn(env)))];
  } catch (error) {
    return [{ what, ...trouble(describeError(error)) }];
  }
}
