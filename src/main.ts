import { openApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { withEnvFile } from "./lib/env-file.ts";
import { describeError } from "./lib/errors.ts";
import { createLog } from "./lib/log.ts";
import { nodeTrouble } from "./lib/supported-node.ts";
import { mistakenNames } from "./read-settings.ts";
import { product } from "./workflows/product.ts";

try {
  const env = withEnvFile(process.env);
  const config = readConfig(env);
  const log = createLog({ level: config.logLevel });
  const trouble = nodeTrouble(process.versions.node);
  if (trouble !== null) log.warn({ component: "app", node: process.versions.node, trouble });
  for (const mistaken of mistakenNames(env)) log.warn({ component: "app", trouble: mistaken });
  // Node would print warnings as plain text. The message of a DeprecationWarning may quote input, so it is left out.
  process.removeAllListeners("warning").on("warning", ({ name, message, ...rest }) => {
    const { code } = rest as { code?: string };
    log.warn({ component: "app", warning: name, code, ...(name !== "DeprecationWarning" && { message }) });
  });
  const opening = openApp(config, { product, log });
  const stop = async () => {
    await (await opening).stop();
  };
  // Under npm, Ctrl-C arrives twice, and without a handler the second signal would end the process at once.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop().catch(fail));
  await opening;
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  console.error(`posthog-novu-bridge stops: ${describeError(error)}`);
  process.exitCode = 1;
}
