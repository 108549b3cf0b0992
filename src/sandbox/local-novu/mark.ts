import type { Message } from "./state.ts";

/** A change of a note by its subscriber, by the names of Novu's webhooks. */
export type Mark = "seen" | "read" | "unread" | "archived" | "unarchived";

/** The fields that Novu sets at each mark; `at` is ISO 8601. */
export function marked(as: Mark, at: string): Partial<Message> {
  const seen = { seen: true, lastSeenDate: at };
  const read = { ...seen, read: true, lastReadDate: at };
  switch (as) {
    case "seen":
      return seen;
    case "read":
      return read;
    case "unread":
      return { ...seen, read: false, lastReadDate: null, archivedAt: null };
    case "archived":
      return { ...read, archivedAt: at };
    case "unarchived":
      return { ...read, archivedAt: null };
  }
}
