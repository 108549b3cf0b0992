import { createHmac } from "node:crypto";

/**
 * The `subscriberHash` of Novu's Inbox, in hex. Source:
 * https://docs.novu.co/platform/inbox/prepare-for-production
 */
export function subscriberHash(subscriberId: string, secretKey: string): string {
  return createHmac("sha256", secretKey).update(subscriberId).digest("hex");
}
