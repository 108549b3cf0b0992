import { createHash } from "node:crypto";
import type { Message } from "../sandbox/local-novu/state.ts";

/** Our links have the port of the rehearsal, and a sealed text that is new in each message. */
const OWN_LINK = /http:\/\/127\.0\.0\.1:\d+(\/(r|u)\/[\w-]+)?/g;
const LENGTH = 16;

/** The hash of a message's content, the same for the same content in another rehearsal. */
function contentHash({ content }: Pick<Message, "content">): string {
  const text = JSON.stringify(content).replace(OWN_LINK, "/$2/");
  return createHash("sha256").update(text).digest("base64url").slice(0, LENGTH);
}

/** The content hashes of messages, by run and step. */
export function createContents() {
  const hashes = new Map<string, string>();
  return {
    add: (message: Message) => void hashes.set(keyOf(message.transactionId, message.stepId), contentHash(message)),
    find: (transactionId: string, step: string) => hashes.get(keyOf(transactionId, step)) ?? null,
  };
}

function keyOf(transactionId: string, step: string): string {
  return `${transactionId} ${step}`;
}
