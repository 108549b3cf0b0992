import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import type { z } from "zod";
import { parseJson } from "./json.ts";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
/** Longer than any token of ours. */
const LONGEST_TOKEN = 8_000;

export interface Tokens<Content> {
  /** A token for the path of a URL. The same content always makes the same token. */
  make(content: Content): string;
  /** The content; null when the token is not ours, or was changed. */
  read(token: string): Content | null;
}

/**
 * The token at the beginning of a path, `/TOKEN`, as the client has sent it. Mail programs add the character after a
 * link to it, such as `.`, `)` or `%3E`, which no token has.
 */
export function tokenIn(path: string): string {
  return /^\/([\w-]*)/.exec(path)?.[1] ?? "";
}

/**
 * Encrypted tokens for links in messages; they never expire. The first key encrypts, any key decrypts, so that
 * keys can be rotated. A token of one `purpose` is not valid for another.
 */
export function createTokens<Schema extends z.ZodType>({
  keys,
  purpose,
  content,
}: {
  /** Newest first. */
  keys: string[];
  purpose: string;
  content: Schema;
}): Tokens<z.output<Schema>> {
  const derived = keys.map((key) => ({ seal: derive(key, "seal"), nonce: derive(key, "nonce") }));

  return {
    make(value) {
      const [key] = derived;
      if (key === undefined) throw new Error("there is no key to sign links with");
      const text = JSON.stringify(value);
      // Derived from the content, so that no two contents share a nonce.
      const nonce = createHmac("sha256", key.nonce).update(text).digest().subarray(0, NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key.seal, nonce);
      const sealed = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed).toString("base64url");
    },

    read(token) {
      if (token.length > LONGEST_TOKEN || !/^[\w-]+$/.test(token)) return null;
      const bytes = Buffer.from(token, "base64url");
      // Several base64url texts decode to the same bytes; only the canonical one is valid.
      if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString("base64url") !== token) return null;
      for (const { seal } of derived) {
        const text = open(bytes, seal);
        if (text !== null) return content.safeParse(parseJson(text)).data ?? null;
      }
      return null;
    },
  };

  function derive(key: string, use: string): Buffer {
    return Buffer.from(hkdfSync("sha256", key, "", `${purpose}:${use}`, KEY_BYTES));
  }
}

function open(bytes: Buffer, key: Buffer): string | null {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return null;
  }
}
