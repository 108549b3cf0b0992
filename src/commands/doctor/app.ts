import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Config, PostHogConfig } from "../../config.ts";
import { OUR_LIB } from "../../contracts/report.ts";
import { MINUTE_MS } from "../../lib/durations.ts";
import { keyOf, sign } from "../../lib/standard-webhooks.ts";
import { askApp } from "./ask-app.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

const ANSWER_WITHIN_MS = 8_000;
/** Signatures are taken within five minutes. */
const FAR_OFF_MS = 4 * MINUTE_MS;
const OFF_MS = 30_000;

const Discovered = z.object({ workflows: z.array(z.object({ workflowId: z.string() })) });

/** The running app as PostHog and Novu reach it: that it is ready, the bridge, the door for webhooks, and everybody's clock. */
export function appChecks({ publicUrl = "", novu, posthog }: Config, workflowIds: string[]): Check[] {
  return [
    { what: "app", look: ready },
    { what: "bridge", look: bridge },
    ...(posthog === null ? [] : [{ what: "webhook", look: () => webhook(posthog) }]),
    { what: "clocks", look: clocks },
  ];

  async function ready(): Promise<Finding[]> {
    const { status, body } = await askApp(publicUrl, "/readyz");
    const isPlain = publicUrl.startsWith("http:") && !isThisMachine(publicUrl);
    if (status === 200)
      return [ok(`${publicUrl} is ready`), ...(isPlain ? [warning("PUBLIC_URL is http; serve it by https")] : [])];
    const reason = z.object({ reason: z.string() }).safeParse(body).data?.reason;
    return [
      trouble(`${publicUrl}/readyz answered ${status}${reason === undefined ? "; is that this app?" : `: ${reason}`}`),
    ];
  }

  async function bridge(): Promise<Finding[]> {
    const at = Date.now();
    const signature = createHmac("sha256", novu.secretKey).update(`${at}.{}`).digest("hex");
    const { status, body } = await askApp(publicUrl, "/api/novu?action=discover", {
      headers: { "novu-signature": `t=${at},v1=${signature}` },
    });
    if (status === 401)
      return [
        trouble("the app refuses what is signed with NOVU_SECRET_KEY: it runs with another one, or its clock is wrong"),
      ];
    const there = Discovered.safeParse(body).data?.workflows.map(({ workflowId }) => workflowId);
    if (status !== 200 || there === undefined)
      return [
        trouble(`${publicUrl}/api/novu answered ${status} to discover; it is on processes with the role ingress`),
      ];
    const others = [
      ...workflowIds.filter((id) => !there.includes(id)),
      ...there.filter((id) => !workflowIds.includes(id)),
    ];
    if (others.length > 0)
      return [
        warning(`the app runs another version: it and this folder differ in ${others.join(", ")}; deploy, then sync`),
      ];
    return [ok(`${publicUrl}/api/novu has all ${there.length} workflows`)];
  }

  /** A report of our own comes in as an echo, which is dropped, once it has been let in. */
  async function webhook({ webhookSecrets }: PostHogConfig): Promise<Finding[]> {
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
            ? `the app refuses what is proved by POSTHOG_WEBHOOK_SECRETS${which}: restart it with this environment, and look at its clock`
            : `${publicUrl}/webhooks/posthog answered ${status} to a delivery; a proxy before it has to pass it on as it is`,
        ),
      );
    }
    const forged = await deliver(body, provenBy(`whsec_${randomBytes(32).toString("base64")}`, body));
    if (forged.status < 300)
      findings.push(trouble("it takes deliveries with a wrong signature; does PUBLIC_URL lead to this app?"));
    return findings.length > 0 ? findings : [ok("it takes what is signed, and refuses what is signed wrongly")];
  }

  function deliver(body: string, proof: Record<string, string>) {
    return askApp(publicUrl, "/webhooks/posthog", {
      method: "POST",
      headers: { "content-type": "application/json", ...proof },
      body,
    });
  }

  async function clocks(): Promise<Finding[]> {
    const hosts = [...new Set([publicUrl, ...(posthog === null ? [] : [posthog.apiHost]), novu.apiUrl])];
    const skews = await Promise.all(hosts.map(async (host) => ({ host, ms: await skewOf(host).catch(() => null) })));
    const known = skews.flatMap(({ host, ms }) => (ms === null ? [] : [{ host, ms }]));
    if (known.length === 0) return [warning("nobody says what time it is; the other lines say why")];
    const off = known.filter(({ ms }) => Math.abs(ms) > OFF_MS);
    if (off.length === 0) return [ok("this one and the others agree within half a minute")];
    return off.map(({ host, ms }) => {
      const says = `the clock of ${host} is ${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? "ahead of" : "behind"} this one; set the wrong one by NTP, or signatures are refused`;
      return Math.abs(ms) > FAR_OFF_MS ? trouble(says) : warning(says);
    });
  }
}

function provenBy(secret: string, body: string): Record<string, string> {
  if (!secret.startsWith("whsec_")) return { "x-webhook-secret": secret };
  return { ...sign({ id: `doctor-${randomUUID()}`, body, key: keyOf(secret), nowMs: Date.now() }) };
}

/** By the Date header, which has whole seconds, and half of the way there and back. */
async function skewOf(host: string): Promise<number | null> {
  const before = Date.now();
  const response = await fetch(host, {
    method: "HEAD",
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const at = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(at) ? null : at - (before + Date.now()) / 2;
}

function isThisMachine(url: string): boolean {
  return /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);
}
