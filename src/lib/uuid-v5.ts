import { createHash } from "node:crypto";

/** Generated once for this project. */
const NAMESPACE = Buffer.from("6b1f7a5e2c0d4c5f9a39d1f2f0c4b7e1", "hex");

/** A uuid from a name (RFC 9562, version 5). PostHog silently replaces an invalid uuid. */
export function uuidV5(name: string): string {
  const bytes = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x50;
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
