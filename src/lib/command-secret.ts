import { hkdfSync } from "node:crypto";

/**
 * The secret that a command signs its calls to the running app with, a Standard Webhooks `whsec_…`. Both
 * derive it from LINK_SIGNING_KEYS, which they share, so that there is no further secret to configure.
 */
export function commandSecret(linkSigningKey: string): string {
  return `whsec_${Buffer.from(hkdfSync("sha256", linkSigningKey, "", "commands", 32)).toString("base64")}`;
}
