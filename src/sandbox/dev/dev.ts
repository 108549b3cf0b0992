import { fileURLToPath } from "node:url";
import { runAsMain } from "../../lib/run-as-main.ts";
import { watchOf } from "./watch-command.ts";

const RUN = fileURLToPath(new URL("run-dev.ts", import.meta.url));

await runAsMain(
  watchOf(async (args) => {
    // This process becomes the watcher, so that no further process waits for it.
    process.argv.splice(1, process.argv.length, "tsx", "watch", "--clear-screen=false", RUN, ...args);
    await import(import.meta.resolve("tsx/cli"));
  }),
  import.meta.url,
);
