import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";

/** Finds the words of a text of any length in one pass. An email address is always within one word. */
const WORD = /[^\s"'<>()[\]{},;:|=&?/\\]+/g;
const ADDRESS_IN_URL = /%40/gi;
/** Phone numbers with a plus, as people write them, anywhere in a text. */
const PHONE = /\+\d(?:[ ().-]{0,2}\d){6,14}/g;
/** Without a plus, a number is a phone number only if it is the whole text. */
const BARE_PHONE = /^\(?\d(?:[ ().-]{0,2}\d){6,14}$/;
const DATE = /^\d{4}-\d\d-\d\d/;
/** The names of properties that identify a person or hold an address. */
const PERSONAL = /e-?mail|phone|mobile|whatsapp|address|(^|[_$.])(tel|ip|sms)$|(^|[_$.]|first|last|full|user)_?name$/i;

const SEALED = /^~[\w-]{38,}$/;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** "ada@example.com" → "a•••@e•••.com", anywhere in a text. Phone numbers keep their last two digits. */
export function maskText(text: string): string {
  return text.replace(WORD, maskWord).replace(PHONE, maskPhone);
}

/** A model after its addresses were masked. A `body` may be null, and values in `properties` may have other types. */
export type Concealed<Model> = Model extends object
  ? {
      [Key in keyof Model]: Key extends "body"
        ? Model[Key] | null
        : Key extends "properties"
          ? { [Name in keyof Model[Key]]: unknown }
          : Concealed<Model[Key]>;
    }
  : Model;

export type Conceal = <Model extends object>(model: Model) => { model: Concealed<Model>; hidden: boolean };

/** For the sandbox, and for a page on which the addresses are revealed. */
export const concealNothing: Conceal = <Model extends object>(model: Model) => ({
  model: model as Concealed<Model>,
  hidden: false,
});

/**
 * A copy with masked addresses. `hidden`: at least one address is masked. A value whose name ends with `Ref` is for
 * links, and is sealed instead.
 */
export function conceal<Model extends object>(
  model: Model,
  seal: (text: string) => string,
): { model: Concealed<Model>; hidden: boolean } {
  let hidden = false;
  const differs = (text: string, masked: string) => {
    if (text !== masked) hidden = true;
    return masked;
  };
  return { model: walk(model, "", false) as Concealed<Model>, hidden };

  function walk(value: unknown, key: string, inEvent: boolean): unknown {
    if (typeof value === "string") {
      if (key.endsWith("Ref")) return maskText(value) === value ? value : seal(value);
      // A body can hold an address in any form.
      if (key === "body") {
        hidden = true;
        return null;
      }
      return differs(value, inEvent ? maskProperty(key, value) : maskText(value));
    }
    if (typeof value === "number" && inEvent && PERSONAL.test(key)) return differs(String(value), "•••");
    if (Array.isArray(value)) return value.map((one) => walk(one, key, inEvent));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        inEvent ? differs(name, maskText(name)) : name,
        walk(one, name, inEvent || name === "properties"),
      ]),
    );
  }
}

function maskProperty(key: string, text: string): string {
  const masked = maskText(text);
  if (masked !== text) return masked;
  if (PERSONAL.test(key) && text !== "") return "•••";
  return BARE_PHONE.test(text) && !DATE.test(text) ? maskPhone(text) : text;
}

function maskWord(word: string): string {
  const address = word.replace(ADDRESS_IN_URL, "@");
  const at = address.lastIndexOf("@");
  const host = address.slice(at + 1).replace(/\.+$/, "");
  const dot = host.lastIndexOf(".");
  return at > 0 && dot > 0 ? `${first(address)}•••@${first(host)}•••${host.slice(dot)}` : word;
}

function maskPhone(number: string): string {
  return `${number.startsWith("+") ? "+" : ""}•••••${number.replace(/\D/g, "").slice(-2)}`;
}

function first(text: string): string {
  return [...text][0] ?? "";
}

/**
 * Encrypts addresses for links, because a browser's history and a proxy's log keep links. The same text always gets the
 * same ciphertext, and only the key decrypts it.
 */
export function createSeal(key: Buffer): { seal(text: string): string; open(text: string): string } {
  return {
    seal(text) {
      const iv = createHmac("sha256", key).update(text).digest().subarray(0, IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return `~${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url")}`;
    },
    /** Decrypts a sealed text. Any other text is returned unchanged. */
    open(text) {
      if (!SEALED.test(text)) return text;
      const bytes = Buffer.from(text.slice(1), "base64url");
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES));
        decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const opened = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        return opened.toString("utf8");
      } catch {
        return text;
      }
    },
  };
}
