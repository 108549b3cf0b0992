import { connectDestination } from "../../commands/connect/destination.ts";
import { createPostHogApi } from "../../commands/posthog-api.ts";
import type { Sandbox } from "../sandbox.ts";

/** Not used: the sandbox has a signing secret. */
const FRESH = { signing: "", header: "" };

/** Creates or updates the destination at the local PostHog, as `npm run connect -- --prune` does. */
export async function connectSandbox({ app, config: { posthog } }: Sandbox): Promise<void> {
  const wanted = {
    url: `${app.url}/webhooks/posthog`,
    events: app.events,
    prune: true,
    secrets: posthog.webhookSecrets,
    fresh: FRESH,
    newSecret: false,
  };
  await connectDestination(createPostHogApi(posthog), wanted, false);
}
