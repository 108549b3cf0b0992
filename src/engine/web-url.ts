import { z } from "zod";

/**
 * A link in an event, normalized as in a browser. Only http and https are valid, so that neither a mail program nor a
 * browser runs the link as code. Anybody can send an event, so the host of the link has to be one of `hosts`, the host
 * of `fallback`, or a subdomain of these. A link to another host becomes `fallback`; the event is still used. Previews
 * show `fallback`.
 */
export function webUrl(fallback: string, { hosts = [] }: { hosts?: readonly string[] } = {}) {
  const named = namedHosts(fallback, hosts);
  return z
    .url({ protocol: /^https?$/, normalize: true, abort: true })
    .refine((url) => isBelow(hostOf(url), named), {
      error: `leads to no host of ${named.join(", ")}`,
      params: { linkFallback: fallback },
    })
    .meta({ default: fallback });
}

/** The fallback of a link to a host that is not listed; undefined for any other issue. */
export function fallbackFor(issue: z.core.$ZodIssue): string | undefined {
  return issue.code === "custom" ? issue.params?.linkFallback : undefined;
}

/** Throws for an invalid host when the workflow is made, and not when an event arrives. */
function namedHosts(fallback: string, hosts: readonly string[]): string[] {
  const named = hosts.map((host) => hostOf(`https://${host}`));
  const own = hostOf(fallback);
  return isBelow(own, named) ? named : [own, ...named];
}

/** The host of a URL in lower case and punycode, without its port and without a dot at its end. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, "");
}

function isBelow(host: string, named: readonly string[]): boolean {
  return named.some((name) => host === name || host.endsWith(`.${name}`));
}
