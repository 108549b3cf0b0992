import { z } from "zod";

/**
 * A link that an event brings along, as a browser reads it: to the web, and to nothing that a mail program or a
 * browser would run. Anybody can send an event, so it has to lead to one of `hosts` or to the host of `fallback`,
 * or to a host below these; what leads elsewhere becomes `fallback`, and the event counts. Previews show `fallback`.
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

/** The link that stands in for one to a host that is not named; undefined for any other fault. */
export function fallbackFor(issue: z.core.$ZodIssue): string | undefined {
  return issue.code === "custom" ? issue.params?.linkFallback : undefined;
}

/** Throws for a host that is none, when the workflow is made and not when an event comes. */
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
