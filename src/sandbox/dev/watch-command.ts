import { type Command, defineCommand } from "../../lib/command.ts";
import { DEV_HELP, DEV_OPTIONS } from "./dev-options.ts";

/**
 * `npm run dev`: checks its options, and starts the watcher, which runs the sandbox and never ends by itself. So wrong
 * usage, and a port that is taken, end the command before that.
 */
export function watchOf(watch: (args: string[]) => Promise<void>): Command {
  return defineCommand({
    name: "dev",
    help: DEV_HELP,
    options: DEV_OPTIONS,
    async run({ options, env }) {
      const [{ devOrder }, { assertFree }] = await Promise.all([import("./dev-order.ts"), import("./ports.ts")]);
      const { fresh, asked, dataDir } = devOrder(options, env);
      await assertFree(asked);
      const port = options.port === undefined ? [] : ["--port", options.port];
      await watch(["--data", dataDir, ...port, ...(fresh ? ["--fresh"] : [])]);
      return 0;
    },
  });
}
