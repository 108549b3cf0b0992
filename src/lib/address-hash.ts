import { createHash } from "node:crypto";

/** Two addresses are the same when their hashes are; only the hash is stored. */
export function addressHash(address: string): string {
  return createHash("sha256").update(address.trim().toLowerCase()).digest("hex");
}
