import { parseArgs } from "node:util";
import { readConfig } from "../config.ts";
import { describeError } from "../lib/errors.ts";
import { paint, print } from "../lib/terminal.ts";
import { runCommand, UsageError } from "./command.ts";
import { type Found, ok, trouble } from "./doctor/check.ts";
import { examine } from "./doctor/examine.ts";

const HELP = `npm run doctor -- [options]

Looks at everything that has to be right for a message to go out, changes nothing, and says what to
do: the configuration, the store, PostHog with its destination, Segment with its profiles, Novu with
its integrations, the running app from outside, clocks, and signatures from end to end. Run it
where the app runs, with its environment.

  --json     print one JSON object
  --help

Exit code: 0 nothing is wrong, though lines with ! may be worth a look; 1 something is; 2 wrong usage.

After a build: node dist/src/commands/doctor.js`;

const SIGNS = { ok: paint("green", "✓"), warning: paint("yellow", "!"), trouble: paint("red", "✗") };

await runCommand(HELP, main);

async function main(): Promise<number> {
  const { json = false, help } = readOptions();
  if (help === true) {
    print(HELP);
    return 0;
  }
  const lines = await look();
  const isWell = lines.every(({ is }) => is !== "trouble");
  if (json) print(JSON.stringify({ ok: isWell, checks: lines }));
  else {
    for (const { what, is, says } of lines)
      print(`${SIGNS[is]} ${what.padEnd(20)} ${says.replaceAll("\n", `\n${" ".repeat(23)}`)}`);
    const count = lines.filter(({ is }) => is === "trouble").length;
    print(isWell ? "\nNothing is wrong." : `\n${count} of these ${count === 1 ? "has" : "have"} to be put right.`);
  }
  return isWell ? 0 : 1;
}

/** Without a configuration there is nothing else to look at. */
async function look(): Promise<Found[]> {
  const what = "configuration";
  try {
    const config = readConfig(process.env);
    return [{ what, ...ok("complete") }, ...(await examine(config))];
  } catch (error) {
    return [{ what, ...trouble(describeError(error)) }];
  }
}

function readOptions() {
  try {
    return parseArgs({ options: { json: { type: "boolean" }, help: { type: "boolean" } } }).values;
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}
