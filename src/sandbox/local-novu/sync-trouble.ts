import { type BridgeAnswer, LATE, NO_JSON } from "./bridge-call.ts";

/** Why a sync fails, in Novu's own words; null when Novu takes the answer, as it does any with a status of 2xx. */
export function syncTrouble(bridgeUrl: string, { status, body: { code, message } }: BridgeAnswer): string | null {
  const at = `\`${bridgeUrl}\``;
  if (code === NO_JSON || (status >= 200 && status < 300)) return null;
  // An answer of the framework itself has a code, and is passed on.
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
