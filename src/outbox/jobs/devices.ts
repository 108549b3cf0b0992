import type { DeviceList } from "../../contracts/device.ts";
import type { ChangedDevices } from "../../contracts/job.ts";
import { PermanentError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";

/**
 * Sends a list of device tokens to Novu, which replaces its own list. Jobs of one list may run in any order and at the
 * same time, so the list is read again after each call, and sent again if it has changed.
 */
export function createDevices({
  listTokens,
  novu,
  pace,
  log,
}: {
  listTokens(distinctId: string, list: DeviceList): Promise<string[]>;
  novu: {
    setDeviceTokens(subscriberId: string, list: DeviceList, tokens: string[]): Promise<void>;
    hasSubscriber(subscriberId: string): Promise<boolean>;
    createEmpty(subscriberId: string): Promise<void>;
  };
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  pace(): Promise<void>;
  log: Log;
}) {
  return async ({ distinctId, provider, integration }: ChangedDevices): Promise<void> => {
    const list = { provider, integration };
    const read = () => listTokens(distinctId, list);
    for (let tokens = await read(), sent: string[] | null = null; !isSame(tokens, sent); tokens = await read()) {
      await send(distinctId, list, tokens);
      log.info({ component: "outbox", outcome: "devices sent", provider, devices: tokens.length });
      sent = tokens;
    }
  };

  async function send(distinctId: string, list: DeviceList, tokens: string[]): Promise<void> {
    await pace();
    try {
      await novu.setDeviceTokens(distinctId, list, tokens);
    } catch (error) {
      // Novu answers 400 for a subscriber and for an integration that it does not have.
      if (!(error instanceof PermanentError) || (await novu.hasSubscriber(distinctId))) throw error;
      // The person may have been deleted since the first read, and must not come back.
      if ((await listTokens(distinctId, list)).length === 0) return;
      await pace();
      await novu.createEmpty(distinctId);
      await pace();
      await novu.setDeviceTokens(distinctId, list, tokens);
    }
  }
}

function isSame(tokens: string[], sent: string[] | null): boolean {
  return sent !== null && JSON.stringify(tokens) === JSON.stringify(sent);
}
