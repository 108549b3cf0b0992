import { hkdfSync } from "node:crypto";

/**
 * The Standard Webhooks secret (`whsec_…`) with which a command signs its calls to the running app. Both
 * derive it from LINK_SIGNING_KEYS, so there is no further secret to configure.
 */
export function commandSecret(linkSigningKey: string): string {
  return `whsec_${Buffer.from(hkdfSync("sha256", linkSigningKey, "", "commands", 32)).toString("base64")}`;
}
