import { type Call, type Host, request, type ServiceResponse } from "../lib/service-client.ts";

const ANSWER_WITHIN_MS = 8_000;

/**
 * Makes one call, and returns the response with any status, also a redirect or a 429. Throws an UnavailableError if
 * there is no response.
 */
export function ask(
  host: { host: string; unreachable: string } & Pick<Host, "headers">,
  call: Call,
): Promise<ServiceResponse> {
  return request(
    { ...host, name: host.host, redirect: "manual", retryLaterOn: [] },
    { withinMs: ANSWER_WITHIN_MS, ...call },
  );
}

/** Calls the running app at its public address. */
export function askApp(publicUrl: string, call: Call): Promise<ServiceResponse> {
  const unreachable = `PUBLIC_URL ${publicUrl} does not answer from here; does the app run there?`;
  return ask({ host: publicUrl, unreachable }, call);
}

export function isThisMachine(url: string): boolean {
  return /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);
}
