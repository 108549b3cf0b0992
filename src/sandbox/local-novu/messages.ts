import type { Message, NovuState } from "./state.ts";

/** Throws for an unknown message. */
export function findMessage({ messages }: Pick<NovuState, "messages">, messageId: string): Message {
  const message = messages.find(({ id }) => id === messageId);
  if (message === undefined) throw new Error(`there is no message "${messageId}"`);
  return message;
}

/** Marks an in-app message as seen or read; a read message is also seen. Throws for another message. */
export function markMessage(
  state: Pick<NovuState, "messages">,
  { messageId, as, now }: { messageId: string; as: "seen" | "read"; now: number },
): Message {
  const message = findMessage(state, messageId);
  if (message.channel !== "in_app") throw new Error(`there is no in-app message "${messageId}"`);
  const at = new Date(now).toISOString();
  if (as === "seen") return Object.assign(message, { seen: true, lastSeenDate: at });
  const lastSeenDate = message.lastSeenDate ?? at;
  return Object.assign(message, { seen: true, read: true, lastSeenDate, lastReadDate: at });
}
