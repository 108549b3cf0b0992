import { chmodSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readText, variablesIn } from "../../lib/env-file.ts";
import type { Sandbox } from "../sandbox.ts";

/** The env file with the settings of a sandbox, in its data folder. */
export function settingsFile(dataDir: string): string {
  return join(dataDir, ".env");
}

/**
 * Writes the settings of a running sandbox, so that commands work on it. `texts` are settings that the sandbox got as
 * text. `SANDBOX_URL` has the sandbox's time.
 */
export function writeSettings({ app, config, posthog }: Sandbox, texts: Record<string, string>): void {
  const { novu, segment } = config;
  const settings: Record<string, string | undefined> = {
    SANDBOX_URL: posthog.url,
    PUBLIC_URL: app.url,
    PORT: new URL(app.url).port,
    DATA_DIR: resolve(config.dataDir),
    DELIVERY_CONCURRENCY: String(config.deliveryConcurrency),
    LINK_SIGNING_KEYS: config.linkSigningKeys.join(","),
    BACKEND_KEY: config.backendKey,
    NOVU_SECRET_KEY: novu.secretKey,
    NOVU_API_URL: novu.apiUrl,
    NOVU_PLAN: novu.plan,
    NOVU_WEBHOOK_SECRETS: novu.webhookSecrets?.join(","),
    POSTHOG_PROJECT_TOKEN: config.posthog.projectToken,
    POSTHOG_PROJECT_ID: config.posthog.projectId,
    POSTHOG_PERSONAL_API_KEY: config.posthog.personalApiKey,
    POSTHOG_WEBHOOK_SECRETS: config.posthog.webhookSecrets.join(","),
    POSTHOG_HOST: config.posthog.host,
    POSTHOG_API_HOST: config.posthog.apiHost,
    SEGMENT_SECRETS: segment.secrets.join(","),
    SEGMENT_SPACE_ID: segment.profiles?.spaceId,
    SEGMENT_PROFILE_TOKEN: segment.profiles?.token,
    SEGMENT_PROFILE_HOST: segment.profiles?.host,
    EMAIL_PROVIDERS: config.emailProviders.join(","),
    ...texts,
  };
  const lines = Object.entries(settings).map(([name, text = ""]) => `${name}=${quoted(text)}\n`);
  const file = settingsFile(config.dataDir);
  writeFileSync(file, `# The settings of the sandbox, written by npm run dev.\n${lines.join("")}`, { mode: 0o600 });
  // The mode of writeFileSync is for a new file only.
  chmodSync(file, 0o600);
}

/** Throws if there is no sandbox with this data. */
export function readSettingsOf(dataDir: string): Record<string, string | undefined> {
  const text = readText(settingsFile(dataDir));
  if (text === null) throw new Error(`there is no sandbox in "${dataDir}"; start it with npm run dev`);
  return variablesIn(text);
}

/** An env file has no escapes, so the quote is one that the text does not have. */
function quoted(text: string): string {
  const quote = ["'", "`", '"'].find((one) => !text.includes(one)) ?? "'";
  return `${quote}${text}${quote}`;
}
