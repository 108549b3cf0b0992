import { openApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { describeError } from "./lib/errors.ts";

try {
  const opening = openApp(readConfig(process.env));
  const stop = async () => {
    await (await opening).stop();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop().catch(fail));
  await opening;
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  console.error(`posthog-novu-bridge cannot go on: ${describeError(error)}`);
  process.exitCode = 1;
}
