import { z } from "zod";

/**
 * A link that an event brings along: to the web, and to nothing that a mail program or a browser
 * would run. `example` is what previews show; an event has to bring its own.
 */
export function webUrl(example: string) {
  return z.url({ protocol: /^https?$/ }).meta({ default: example });
}
