import { defineCommand, UsageError } from "./lib/command.ts";
import { runAsProcess } from "./lib/run-as-main.ts";

/** The commands of src/commands by name; each loads only what it needs. */
const COMMANDS = {
  backup: async () => (await import("./commands/backup.ts")).backup,
  connect: async () => (await import("./commands/connect.ts")).connectOf(await product()),
  dashboard: async () => (await import("./commands/dashboard.ts")).dashboardOf(await product()),
  doctor: async () => (await import("./commands/doctor.ts")).doctorOf(await product()),
  person: async () => (await import("./commands/person.ts")).person,
  plan: async () => (await import("./commands/plan.ts")).planOf(await product()),
  reconcile: async () => (await import("./commands/reconcile.ts")).reconcileOf(await product()),
  redrive: async () => (await import("./commands/redrive.ts")).redrive,
  sync: async () => (await import("./commands/sync.ts")).syncOf(await product()),
  why: async () => (await import("./commands/why.ts")).whyOf(await product()),
};

const HELP = `npm run COMMAND -- [options]

  ${Object.keys(COMMANDS).join(", ")}

npm run COMMAND -- --help says what one of them does. After a build: node dist/src/cli.js COMMAND`;

const [name = "", ...args] = process.argv.slice(2);
if (isCommand(name)) await runAsProcess(await COMMANDS[name](), args);
else await runAsProcess(noCommand(), process.argv.slice(2));

async function product() {
  return (await import("./product.ts")).product;
}

function isCommand(text: string): text is keyof typeof COMMANDS {
  return Object.hasOwn(COMMANDS, text);
}

/** Answers `--help` with the names of all commands, and anything else with wrong usage. */
function noCommand() {
  return defineCommand({
    name: "cli",
    help: HELP,
    options: {},
    takesPositionals: true,
    async run({ positionals: [unknown] }) {
      throw new UsageError(unknown === undefined ? "the name of a command is missing" : `there is no "${unknown}"`);
    },
  });
}
