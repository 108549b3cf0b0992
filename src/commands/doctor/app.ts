import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Config, PostHogConfig } from "../../config.ts";
import { OUR_LIB } from "../../contracts/report.ts";
import { MINUTE_MS } from "../../lib/durations.ts";
import { keyOf, sign } from "../../lib/verify-webhook.ts";
import { ask, askApp, isThisMachine } from "../ask.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

/** Signatures are valid for five minutes, so a clock that is wrong by more than four minutes is an error. */
const FAR_OFF_MS = 4 * MINUTE_MS;
const OFF_MS = 30_000;

const Discovered = z.object({ workflows: z.array(z.object({ workflowId: z.string() })) });

/** Checks the running app as PostHog and Novu reach it: readiness, bridge and webhook, and the clocks of all three. */
export function appChecks({ publicUrl = "", novu, posthog }: Config, workflowIds: string[]): Check[] {
  return [
    { what: "app", look: ready },
    { what: "bridge", look: bridge },
    ...(posthog === null ? [] : [{ what: "webhook", look: () => webhook(posthog) }]),
    { what: "clocks", look: clocks },
  ];

  async function ready(): Promise<Finding | Finding[]> {
    const { status, json } = await askApp(publicUrl, { path: "/readyz" });
    const isPlain = publicUrl.startsWith("http:") && !isThisMachine(publicUrl);
    if (status === 200)
      return [ok(`${publicUrl} is ready`), ...(isPlain ? [warning("PUBLIC_URL is http; serve it by https")] : [])];
    const reason = z.object({ reason: z.string() }).safeParse(json).data?.reason;
    return trouble(
      `${publicUrl}/readyz answered ${status}${reason === undefined ? "; is it this app?" : `: ${reason}`}`,
    );
  }

  async function bridge(): Promise<Finding | Finding[]> {
    const at = Date.now();
    const signature = createHmac("sha256", novu.secretKey).update(`${at}.{}`).digest("hex");
    const { status, json } = await askApp(publicUrl, {
      path: "/api/novu?action=discover",
      headers: { "novu-signature": `t=${at},v1=${signature}` },
    });
    if (status === 401)
      return trouble("the app refuses signatures with NOVU_SECRET_KEY: it has another key, or its clock is wrong");
    const there = Discovered.safeParse(json).data?.workflows.map(({ workflowId }) => workflowId);
    if (status !== 200 || there === undefined)
      return trouble(
        `${publicUrl}/api/novu answered ${status} to discover; only processes with the role ingress answer it`,
      );
    const others = [
      ...workflowIds.filter((id) => !there.includes(id)),
      ...there.filter((id) => !workflowIds.includes(id)),
    ];
    if (others.length > 0)
      return warning(
        `the app runs another version; it differs from this source tree in ${others.join(", ")}: deploy, then sync`,
      );
    return ok(`${publicUrl}/api/novu has all ${there.length} workflows`);
  }

  /** Sends an event with the `$lib` of our reports. The app answers 202 and drops it, as it drops its own reports. */
  async function webhook({ webhookSecrets }: PostHogConfig): Promise<Finding | Finding[]> {
    const body = JSON.stringify({
      event: {
        uuid: randomUUID(),
        event: "bridge checked",
        distinct_id: "doctor",
        properties: { $lib: OUR_LIB },
        timestamp: new Date().toISOString(),
      },
      person: null,
    });
    const findings: Finding[] = [];
    for (const [index, secret] of webhookSecrets.entries()) {
      const { status } = await deliver(body, provenBy(secret, body));
      if (status === 202) continue;
      const which = webhookSecrets.length > 1 ? ` (number ${index + 1})` : "";
      findings.push(
        trouble(
          status === 401
            ? `the app refuses POSTHOG_WEBHOOK_SECRETS${which}: restart it with this environment, and check its clock`
            : `${publicUrl}/webhooks/posthog answered ${status} to an event; a proxy in front of it must not change requests`,
        ),
      );
    }
    const forged = await deliver(body, provenBy(`whsec_${randomBytes(32).toString("base64")}`, body));
    if (forged.status < 300)
      findings.push(trouble("the app accepts wrong signatures; is PUBLIC_URL the address of this app?"));
    return findings.length > 0 ? findings : [ok("the app accepts correct signatures, and refuses wrong ones")];
  }

  function deliver(body: string, proof: Record<string, string>) {
    return askApp(publicUrl, { method: "POST", path: "/webhooks/posthog", headers: proof, body });
  }

  async function clocks(): Promise<Finding | Finding[]> {
    const hosts = [...new Set([publicUrl, ...(posthog === null ? [] : [posthog.apiHost]), novu.apiUrl])];
    const skews = await Promise.all(hosts.map(async (host) => ({ host, ms: await skewOf(host).catch(() => null) })));
    const known = skews.flatMap(({ host, ms }) => (ms === null ? [] : [{ host, ms }]));
    if (known.length === 0) return warning("no service sent its time; the other lines have the reason");
    const off = known.filter(({ ms }) => Math.abs(ms) > OFF_MS);
    if (off.length === 0) return ok("all clocks agree within half a minute");
    return off.map(({ host, ms }) => {
      const says = `the clock of ${host} is ${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? "ahead of" : "behind"} this one; correct the wrong one with NTP, or signatures are refused`;
      return Math.abs(ms) > FAR_OFF_MS ? trouble(says) : warning(says);
    });
  }
}

function provenBy(secret: string, body: string): Record<string, string> {
  if (!secret.startsWith("whsec_")) return { "x-webhook-secret": secret };
  return { ...sign({ id: `doctor-${randomUUID()}`, body, key: keyOf(secret), nowMs: Date.now() }) };
}

/**
 * How far the host's clock is ahead of ours, in milliseconds; null without a Date header. The Date header has whole
 * seconds, and is compared with the middle of the call.
 */
async function skewOf(host: string): Promise<number | null> {
  const before = Date.now();
  const { headers } = await ask({ host, unreachable: `${host} does not answer` }, { method: "HEAD", path: "" });
  const at = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(at) ? null : at - (before + Date.now()) / 2;
}
