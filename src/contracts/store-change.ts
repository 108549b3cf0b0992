import { z } from "zod";

/**
 * A change of the store that a command asks the running app for. With SQLite only the app writes its file:
 * a second process that writes or checkpoints beside it can lose commits.
 */
export const StoreChange = z.discriminatedUnion("change", [
  z.object({
    change: z.literal("redrive"),
    which: z.union([z.literal("all"), z.object({ error: z.string() }), z.object({ id: z.number().int() })]),
  }),
  z.object({ change: z.literal("forget person"), distinctId: z.string() }),
  z.object({ change: z.literal("split person"), distinctId: z.string() }),
  /** `file` is an absolute path on the app's machine. */
  z.object({ change: z.literal("back up"), file: z.string() }),
]);
export type StoreChange = z.infer<typeof StoreChange>;

/** `failed` is a reason that the person at the terminal can read, such as a file that is there already. */
export const StoreChangeAnswer = z.union([
  z.object({ count: z.number().int() }),
  z.object({ counts: z.record(z.string(), z.number().int()) }),
  z.object({ failed: z.string() }),
]);
export type StoreChangeAnswer = z.infer<typeof StoreChangeAnswer>;

export const STORE_CHANGE_PATH = "/commands";
