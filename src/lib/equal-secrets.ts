import { createHash, timingSafeEqual } from "node:crypto";

/** Compares in a time that depends on neither content nor length: both are hashed first. */
export function equalSecrets(one: string | Buffer, other: string | Buffer): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

/** Compares with all of them, so that the time does not depend on which one is equal. */
export function isOneOfSecrets(offered: string | Buffer, secrets: Array<string | Buffer>): boolean {
  return secrets.filter((secret) => equalSecrets(secret, offered)).length > 0;
}

function sha256(value: string | Buffer): Buffer {
  return createHash("sha256").update(value).digest();
}
