import type { Config, PostHogConfig, SegmentConfig } from "../config.ts";
import { DAY_MS } from "../lib/durations.ts";
import { LOCAL_KEYS } from "./local-keys.ts";
import type { Services } from "./services.ts";

export type LocalConfig = Config & { posthog: PostHogConfig; segment: SegmentConfig };

const MARKETING: Config["marketing"] = {
  cap: { most: 3, withinMs: 7 * DAY_MS },
  hours: { from: "09:00", to: "20:00" },
  timeZone: "UTC",
};

/** The app's defaults, with the URLs and keys of the local services. */
export function localConfig(
  { posthog, segment, novu }: Services,
  options: {
    dataDir: string;
    port: number;
    plan: Config["novu"]["plan"];
    marketing?: Config["marketing"] | undefined;
    internalUsers?: Config["internalUsers"] | undefined;
    emailProviders?: Config["emailProviders"] | undefined;
    withoutProfiles?: boolean | undefined;
  },
): LocalConfig {
  const { dataDir, port, plan, marketing = MARKETING, internalUsers = [], withoutProfiles = false } = options;
  const { emailProviders = ["resend"] } = options;
  const profiles = {
    host: segment.url,
    spaceId: LOCAL_KEYS.segmentSpaceId,
    token: LOCAL_KEYS.segmentProfileToken,
  };
  return {
    port,
    keepAliveMs: 75_000,
    logLevel: "info",
    dataDir,
    roles: ["ingress", "worker"],
    retentionMs: 90 * DAY_MS,
    internalUsers,
    deliveryConcurrency: 8,
    linkSigningKeys: [LOCAL_KEYS.linkSigning],
    emailProviders,
    usesNovuAddresses: false,
    marketing,
    novu: {
      secretKey: LOCAL_KEYS.novu,
      apiUrl: novu.url,
      plan,
      webhookSecrets: [LOCAL_KEYS.novuSigningSecret],
      triggersPerSecond: undefined,
    },
    posthog: {
      projectToken: LOCAL_KEYS.projectToken,
      projectId: LOCAL_KEYS.projectId,
      personalApiKey: LOCAL_KEYS.personalApiKey,
      host: posthog.url,
      apiHost: posthog.url,
      webhookSecrets: [LOCAL_KEYS.signingSecret],
    },
    segment: { secrets: [LOCAL_KEYS.segmentSecret], profiles: withoutProfiles ? null : profiles },
    databaseUrl: undefined,
    databaseDirectUrl: undefined,
    publicUrl: undefined,
    revision: undefined,
    metricsToken: undefined,
    backendKey: LOCAL_KEYS.backend,
    studioSecret: undefined,
  };
}
