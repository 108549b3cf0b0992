import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";

export const STUDIO_SECRET = "planted-studio-secret-4711";
export const METRICS_TOKEN = "planted-metrics-token-4711";

const SECRETS = [
  STUDIO_SECRET,
  METRICS_TOKEN,
  LOCAL_KEYS.novu,
  LOCAL_KEYS.personalApiKey,
  LOCAL_KEYS.projectToken,
  LOCAL_KEYS.linkSigning,
  LOCAL_KEYS.segmentSecret,
  LOCAL_KEYS.backend,
  ...[LOCAL_KEYS.signingSecret, LOCAL_KEYS.novuSigningSecret].map((secret) => secret.replace("whsec_", "")),
];
/** As plain text, and encoded for URLs and HTML. */
const EMAIL = /planted-(\d+)(?:@|%40|%2540|&#(?:64|x40);)leak\.example/g;
const PHONE = /(?:\+|%2B|%252B|&#(?:43|x2b);)4915700(\d+)/gi;

export interface Leak {
  what: string;
  /** The request with which it came; null for a secret of the app. */
  request: number | null;
}

/** Addresses that contain the number of their request. */
export function plantedEmail(request: number): string {
  return `planted-${request}@leak.example`;
}

export function plantedPhone(request: number): string {
  return `+4915700${request}`;
}

/** All planted values in a text. */
export function leaksIn(text: string): Leak[] {
  const leaks: Leak[] = SECRETS.filter((secret) => text.includes(secret)).map((secret) => ({
    what: `the secret "${secret}"`,
    request: null,
  }));
  if (text.includes("leak.example")) leaks.push(...found(EMAIL, text));
  if (text.includes("4915700")) leaks.push(...found(PHONE, text));
  return leaks;
}

function found(pattern: RegExp, text: string): Leak[] {
  return [...text.matchAll(pattern)].map(([what, request]) => ({ what, request: Number(request) }));
}
