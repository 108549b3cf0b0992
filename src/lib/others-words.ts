import { redact } from "./redact.ts";

const LONGEST = 200;
/** As people write it, without a plus as well; `redact` takes those with one. */
const PHONE = /(?<![\w-])[+(]*\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-])/g;

/** A short reason in a provider's or Novu's words, without the addresses, phone numbers and keys that they repeat. */
export function othersWords(said: string): string {
  return redact(said).replace(PHONE, "[redacted]").slice(0, LONGEST);
}
