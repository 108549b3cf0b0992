import { createHmac, randomUUID } from "node:crypto";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

/** Calls the bridge of a sandbox for one step, signed as Novu signs, and returns the status and the body. */
export async function callBridge(
  { app }: Sandbox,
  { workflow, step, jobId = randomUUID(), body }: { workflow: string; step: string; jobId?: string; body: object },
): Promise<{
  status: number;
  body: { options?: { skip: boolean }; outputs?: Record<string, unknown>; code?: string };
}> {
  const query = new URLSearchParams({ action: "execute", workflowId: workflow, stepId: step, jobId });
  const text = JSON.stringify({ controls: {}, state: [], subscriber: {}, context: {}, env: { type: "prod" }, ...body });
  const at = Date.now();
  const signature = createHmac("sha256", LOCAL_KEYS.novu).update(`${at}.${text}`).digest("hex");
  const response = await fetch(`${app.url}/api/novu?${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", "novu-signature": `t=${at},v1=${signature}` },
    body: text,
  });
  return { status: response.status, body: (await response.json()) as never };
}

/** The workflows that the bridge of a sandbox shows to Novu. */
export async function discoverBridge({ app }: Sandbox): Promise<{ workflows: DiscoveredWorkflow[] }> {
  const at = Date.now();
  const signature = createHmac("sha256", LOCAL_KEYS.novu).update(`${at}.{}`).digest("hex");
  const response = await fetch(`${app.url}/api/novu?action=discover`, {
    headers: { "novu-signature": `t=${at},v1=${signature}` },
  });
  return (await response.json()) as { workflows: DiscoveredWorkflow[] };
}

interface DiscoveredWorkflow {
  workflowId: string;
  steps: Array<{ stepId: string; results: { schema: object } }>;
}
