import { createHash } from "node:crypto";

/** Tells whether two email addresses are the same, without keeping one. */
export function addressHash(address: string): string {
  return createHash("sha256").update(address.trim().toLowerCase()).digest("hex");
}
