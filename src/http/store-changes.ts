import type { IncomingMessage, ServerResponse } from "node:http";
import { StoreChange, type StoreChangeAnswer } from "../contracts/store-change.ts";
import { describeError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { type WebhookEndpoint, webhookEndpoint } from "../lib/webhook-endpoint.ts";

/** Larger than any distinct id or error text. */
const LARGEST_BODY = 64 * 1024;

interface Changes {
  redrive(which: Extract<StoreChange, { change: "redrive" }>["which"]): Promise<number>;
  forgetPerson(distinctId: string): Promise<Record<string, number>>;
  splitPerson(distinctId: string): Promise<number>;
  backup(file: string): Promise<void>;
}

/**
 * Changes the store for commands on this machine: signed like a webhook, and 404 for anybody else. The
 * sender is a person at a terminal, so the answer says why a change failed.
 */
export function storeChanges({
  changes,
  ...door
}: WebhookEndpoint & { changes: Changes }): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { log } = door;
  const answer = webhookEndpoint({ ...door, largestBody: LARGEST_BODY, take });
  return async (request, response) => {
    if (isFromThisMachine(request)) return answer(request, response);
    response.writeHead(404).end();
  };

  async function take(body: string): Promise<StoreChangeAnswer> {
    const read = StoreChange.safeParse(parseJson(body));
    if (!read.success) return { failed: "the app is of another version and does not know this change" };
    try {
      const result = await make(read.data);
      log.info({ component: "commands", outcome: read.data.change, ...result });
      return result;
    } catch (error) {
      log.error({ component: "commands", outcome: "failed", change: read.data.change, error: describeError(error) });
      return { failed: describeError(error) };
    }
  }

  async function make(wanted: StoreChange): Promise<StoreChangeAnswer> {
    if (wanted.change === "redrive") return { count: await changes.redrive(wanted.which) };
    if (wanted.change === "forget person") return { counts: await changes.forgetPerson(wanted.distinctId) };
    if (wanted.change === "split person") return { count: await changes.splitPerson(wanted.distinctId) };
    await changes.backup(wanted.file);
    return { count: 1 };
  }
}

/** A proxy on this machine looks like this machine too: the signature is what proves the sender. */
function isFromThisMachine({ socket: { remoteAddress = "" } }: IncomingMessage): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(remoteAddress);
}
