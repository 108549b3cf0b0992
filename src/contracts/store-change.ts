import { hkdfSync } from "node:crypto";
import { z } from "zod";

/**
 * A change of the store that a command sends to the running app. With SQLite only the app writes the database file: if
 * a second process writes or checkpoints the file, commits can be lost.
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

/** `failed` is a reason for the person at the terminal, such as a file that exists already. */
export const StoreChangeAnswer = z.union([
  z.object({ count: z.number().int() }),
  z.object({ counts: z.record(z.string(), z.number().int()) }),
  z.object({ failed: z.string() }),
]);
export type StoreChangeAnswer = z.infer<typeof StoreChangeAnswer>;

export const STORE_CHANGE_PATH = "/commands";

/**
 * The Standard Webhooks secret (`whsec_…`) with which a command signs its calls to the running app. The command and the
 * app derive it from LINK_SIGNING_KEYS, so there is no further secret to configure.
 */
export function commandSecret(linkSigningKey: string): string {
  return `whsec_${Buffer.from(hkdfSync("sha256", linkSigningKey, "", "commands", 32)).toString("base64")}`;
}
