import type { ProfileField } from "./notification.ts";

/** What Novu's API said to one call. */
export interface NovuAnswer {
  /** null when no answer came: refused, reset, timed out. */
  httpStatus: number | null;
  /** Novu's own word on a trigger, such as "processed". */
  triggerStatus?: string;
  /** The fields of a subscriber that Novu names when it refuses them; none when it names none. */
  refusedFields?: ProfileField[];
  /** For the person on call; no payloads. */
  message: string;
  /** From Retry-After. */
  retryAfterMs?: number;
}
