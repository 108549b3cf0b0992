import { defineCommand } from "../../src/lib/command.ts";
import { runAsMain } from "../../src/lib/run-as-main.ts";

/** Gets the first signal and does not end. */
const unending = defineCommand({
  name: "unending",
  help: "a command of the tests",
  options: {},
  async run({ io, signal }) {
    signal.addEventListener("abort", () => io.print(`aborted: ${signal.reason.message}`));
    io.print("started");
    return new Promise<number>(() => setInterval(() => {}, 60_000));
  },
});

await runAsMain(unending, import.meta.url);
