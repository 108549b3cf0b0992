import { type BridgeAnswer, LATE, NO_JSON } from "./bridge-call.ts";

/** Novu's error for a sync; null when it accepts the answer, as it does every 2xx. */
export function syncTrouble(bridgeUrl: string, { status, body: { code, message } }: BridgeAnswer): string | null {
  const at = `\`${bridgeUrl}\``;
  if (code === NO_JSON || (status >= 200 && status < 300)) return null;
  // An answer with a code comes from the framework; Novu passes it on.
  if (status !== 0 && typeof code === "string") return String(message);
  if (code === LATE) return `Bridge request timeout for ${at}`;
  if (status === 0 || status === 404)
    return `Unable to reach Bridge Endpoint at ${at}. Run npx novu@latest dev in Local mode, or ensure your Bridge app deployment is available.`;
  if (status === 502)
    return `Could not connect to Bridge Endpoint at ${at}. Make sure you are running your local app server.`;
  if (status === 401)
    return `Bridge authentication failed for ${at}. Please check your NOVU_SECRET_KEY environment variable.`;
  return `Unknown bridge request error calling ${at}`;
}
