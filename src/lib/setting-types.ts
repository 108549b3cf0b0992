import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { keyOf } from "./verify-webhook.ts";

export const positive = () => z.coerce.number().int().min(1);

/** A key that is sent in a header. A line break in it would make `fetch` throw an error that contains the key. */
export const key = () => z.string().regex(/^[\x21-\x7e]+$/, "contains spaces, line breaks or other odd characters");

/** Comma-separated. */
export const list = () =>
  z.string().transform((text) =>
    text
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
  );

export const secrets = () =>
  list().pipe(
    z.array(z.string().min(16, "each secret needs at least 16 characters")).min(1, "expected at least one secret"),
  );

/** Standard Webhooks secrets (`whsec_…`), or secrets of another form. */
export const webhookSecrets = () => secrets().pipe(z.array(z.string().check(signingSecret)));

function signingSecret(context: z.core.ParsePayload<string>): void {
  if (!context.value.startsWith("whsec_")) return;
  try {
    keyOf(context.value);
  } catch (error) {
    context.issues.push({ code: "custom", message: (error as Error).message, input: "" });
  }
}

/** An address without a slash at its end, and with the ASCII form of its host (`xn--…`). */
export const httpUrl = () =>
  z
    .url({ protocol: /^https?$/, error: "expected an address such as https://host.example" })
    .transform((text) => new URL(text).href.replace(/\/+$/, ""));

/** An address that paths are added to. */
export const baseUrl = () =>
  z
    .string()
    .refine((text) => !/[?#]/.test(text), "an address without ? and #, because paths are added at its end")
    .pipe(httpUrl());

/** A path. A shell expands `~`, but an env file and Docker do not. */
export const folder = () =>
  z
    .string()
    .min(1)
    .refine((text) => !/^~(\/|$)/.test(text), {
      error: ({ input }) => `~ is not expanded; write the full path, ${join(homedir(), String(input).slice(1))}`,
    });

/** A URL as libpq takes it, also without a host, which the parameter `host` then has: a folder with a socket. */
export const postgresUrl = () =>
  z.string().check((context) => {
    const message = postgresTrouble(context.value);
    if (message !== null) context.issues.push({ code: "custom", message, input: "" });
  });

const PROTOCOL = /^postgres(?:ql)?:\/\//;

function postgresTrouble(text: string): string | null {
  if (!PROTOCOL.test(text)) return "expected postgresql://user:password@host:5432/database";
  const withHost = text.replace(/^([^/]+\/\/(?:[^/?#]*@)?)\//, "$1host/");
  const url = URL.canParse(withHost) ? new URL(withHost) : null;
  // A password with one of these characters ends the host too early. The rest with the @ is then a path or the like.
  const odd = /^[^/]+\/\/[^@]*?([/?#])/.exec(text)?.[1];
  const isCut = url === null || url.hash !== "" || (url.username === "" && url.pathname.includes("@"));
  if (isCut && odd !== undefined && text.lastIndexOf("@") > text.indexOf(odd, text.indexOf("//") + 2))
    return `the password has the character ${odd}, which is written ${encodeURIComponent(odd)} in a URL`;
  if (url === null) return "expected postgresql://user:password@host:5432/database";
  if (!isDecodable(url.password)) return "the password has the character %, which is written %25 in a URL";
  if (withHost !== text && !url.searchParams.has("host")) return "the host is missing: postgresql://user@host/database";
  return null;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
