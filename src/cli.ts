import { COMMANDS, type CommandName } from "./commands/index.ts";
import { defineCommand, UsageError } from "./lib/command.ts";
import { importOwn } from "./lib/import-own.ts";
import { runAsProcess } from "./lib/run-as-main.ts";

const HELP = `npm run COMMAND -- [options]

  ${Object.keys(COMMANDS).join(", ")}

npm run COMMAND -- --help explains a command. After a build: node dist/src/cli.js COMMAND`;

/** Prints the names of all commands for `--help`; anything else is wrong usage. */
const noCommand = defineCommand({
  name: "cli",
  help: HELP,
  options: {},
  takesPositionals: true,
  async run({ positionals: [unknown] }) {
    throw new UsageError(
      unknown === undefined ? "the name of a command is missing" : `there is no command "${unknown}"`,
    );
  },
});

const [name = "", ...args] = process.argv.slice(2);
if (isCommand(name))
  await runAsProcess(await COMMANDS[name](loadProduct), args, async (env) => {
    const { surroundingsOf } = await import("./environment.ts");
    return surroundingsOf(env, { reportsNames: name === "doctor" });
  });
else await runAsProcess(noCommand, process.argv.slice(2));

async function loadProduct() {
  return (await importOwn(() => import("./workflows/product.ts"))).product;
}

function isCommand(text: string): text is CommandName {
  return Object.hasOwn(COMMANDS, text);
}
