import { z } from "zod";
import type { InternalRule } from "../contracts/internal-users.ts";
import { keyOf } from "../lib/verify-webhook.ts";

export const httpUrl = () => z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ""));

export const postgresUrl = () => z.url({ protocol: /^postgres(ql)?$/, error: "expected postgresql://…" });

/** Sent in headers. A stray line break would make `fetch` throw an error that contains the key. */
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

/** Separates rules by commas, except those inside a /pattern/. */
const RULES = /\s*\/(?:\\.|[^/\\])*\/\w*|[^,]+/g;

export const internalUsers = () =>
  z.string().transform((text, context) =>
    (text.match(RULES) ?? [])
      .map((rule) => rule.trim())
      .filter(Boolean)
      .map((rule, index) => internalRule(rule, (error) => context.addIssue(`rule ${index + 1} ${error}`))),
  );

function internalRule(rule: string, addError: (error: string) => void): InternalRule {
  if (!rule.startsWith("/")) {
    const text = rule.toLowerCase();
    if (text === "@") addError('is "@" without a domain');
    return text.startsWith("@") ? { domain: text.slice(1) } : { exactly: text };
  }
  const [, source = "", flags] = /^\/(.+)\/(i?)$/s.exec(rule) ?? [];
  if (flags === undefined) addError("is not a pattern like /…/ or /…/i");
  try {
    return { pattern: new RegExp(source, flags) };
  } catch {
    addError("is not a regular expression");
    return { exactly: rule };
  }
}
