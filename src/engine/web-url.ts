import { z } from "zod";

/**
 * A link in an event, as a browser reads it: http or https, so that neither a mail program nor a browser runs it as
 * code. Anybody can send an event, so its host has to be one of `hosts`, the host of `fallback`, or a host below these;
 * a link to another host becomes `fallback`, and the event counts. Previews show `fallback`.
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

/** Without a port, in lower case and punycode, and without the dot at its end that DNS does not need. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, "");
}

function isBelow(host: string, named: readonly string[]): boolean {
  return named.some((name) => host === name || host.endsWith(`.${name}`));
}
