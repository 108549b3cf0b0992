import { z } from "zod";
import type { InternalRule } from "./event.ts";

/** Separates rules by commas, except those inside a /pattern/. */
const RULES = /\s*\/(?:\\.|[^/\\])*\/\w*|[^,]+/g;

/** The rules of a setting: domains, addresses, distinct ids and patterns, separated by commas. */
export const InternalUsers = z.string().transform((text, context) =>
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
