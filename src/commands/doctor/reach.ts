import { isIPv4, isIPv6 } from "node:net";
import type { Config } from "../../config.ts";
import { type Check, trouble } from "./check.ts";

/** Services in the cloud, by the ends of their host names. */
const CLOUDS = [
  { name: "Novu Cloud", host: /(^|\.)novu\.co$/ },
  { name: "PostHog Cloud", host: /(^|\.)posthog\.com$/ },
  { name: "Segment", host: /(^|\.)segment\.com$/ },
];

/** Ranges of RFC 1918, 3927, 6598 and 1122. */
const PRIVATE_V4 = /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
/** Ranges of RFC 4193 and 4291. */
const PRIVATE_V6 = /^(::1$|::$|f[cd]|fe[89ab])/;
/** Names that no public DNS has: RFC 2606, 6761, 6762 and 9476, and names without a dot. */
const PRIVATE_NAME = /(^[^.]+|\.(localhost|local|internal|lan|home\.arpa|test|example|invalid|alt))$/;

/** Checks that services in the cloud can reach PUBLIC_URL at all; no finding if they can. */
export function reachCheck({ publicUrl = "", novu, posthog, segment }: Config): Check {
  const services = [novu.apiUrl, posthog?.apiHost, segment?.profiles?.host].filter((url) => url !== undefined);
  return {
    what: "PUBLIC_URL",
    async look() {
      const names = unreachableFrom(publicUrl, services);
      if (names.length === 0) return [];
      return trouble(
        `${publicUrl} is an address of this machine or network, which ${names.join(" and ")} cannot reach: set the https address at which the internet reaches the app`,
      );
    },
  };
}

/** The services in the cloud that cannot reach this URL, because only this machine or network has its host. */
export function unreachableFrom(publicUrl: string, serviceUrls: string[]): string[] {
  if (publicUrl === "" || !isPrivate(hostOf(publicUrl))) return [];
  const hosts = serviceUrls.map(hostOf);
  return CLOUDS.filter(({ host }) => hosts.some((one) => host.test(one))).map(({ name }) => name);
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

function isPrivate(host: string): boolean {
  if (isIPv4(host)) return PRIVATE_V4.test(host);
  return isIPv6(host) ? PRIVATE_V6.test(host) : PRIVATE_NAME.test(host);
}
