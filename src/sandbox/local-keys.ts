/** The keys of the local services. No other service accepts them. */
export const LOCAL_KEYS = {
  novu: "local-novu-secret-key",
  projectToken: "phc_local",
  personalApiKey: "phx_local",
  signingSecret: `whsec_${Buffer.from("posthog-novu-bridge local sandbox").toString("base64")}`,
  projectId: "1",
  linkSigning: "local-link-signing-key",
  novuSigningSecret: `whsec_${Buffer.from("posthog-novu-bridge local Novu").toString("base64")}`,
  backend: "local-backend-key-of-the-sandbox",
  segmentSecret: "local-segment-secret",
  segmentWriteKey: "local-segment-write-key",
  segmentSpaceId: "spa_local",
  segmentProfileToken: "local-segment-profile-token",
} as const;
