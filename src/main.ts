import { openApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { describeError } from "./lib/errors.ts";

try {
  const app = await openApp(readConfig(process.env));
  const stop = () => void app.stop();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
} catch (error) {
  console.error(`posthog-novu-bridge cannot start: ${describeError(error)}`);
  process.exitCode = 1;
}
