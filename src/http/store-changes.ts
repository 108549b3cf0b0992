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
 * Changes the store for commands on this machine, which sign their calls like webhooks. Other machines get a 404.
 * The answer contains the error of a failed change, for the person at the terminal.
 */
export function storeChanges({
  changes,
  ...endpoint
}: WebhookEndpoint & { changes: Changes }): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { log } = endpoint;
  const answer = webhookEndpoint({ ...endpoint, component: "http", largestBody: LARGEST_BODY, handle });
  return async (request, response) => {
    if (isFromThisMachine(request)) return answer(request, response);
    response.writeHead(404).end();
  };

  async function handle(body: string): Promise<StoreChangeAnswer> {
    const read = StoreChange.safeParse(parseJson(body));
    if (!read.success) return { failed: "the app has another version, which does not support this change" };
    try {
      const result = await apply(read.data);
      log.info({ component: "http", outcome: read.data.change, ...result });
      return result;
    } catch (error) {
      log.error({ component: "http", outcome: "failed", change: read.data.change, error: describeError(error) });
      return { failed: describeError(error) };
    }
  }

  async function apply(change: StoreChange): Promise<StoreChangeAnswer> {
    if (change.change === "redrive") return { count: await changes.redrive(change.which) };
    if (change.change === "forget person") return { counts: await changes.forgetPerson(change.distinctId) };
    if (change.change === "split person") return { count: await changes.splitPerson(change.distinctId) };
    await changes.backup(change.file);
    return { count: 1 };
  }
}

/** A proxy on this machine passes this check too; the signature authenticates the sender. */
function isFromThisMachine({ socket: { remoteAddress = "" } }: IncomingMessage): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(remoteAddress);
}
