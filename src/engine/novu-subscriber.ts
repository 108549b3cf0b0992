import type { Send } from "../contracts/send.ts";

/** The fields of a call's subscriber that the engine reads. Novu sends more of them than the framework's type has. */
export function novuSubscriber(subscriber: object | undefined): {
  addresses: Send["addresses"];
  timeZone: string | undefined;
} {
  const { email, phone, channels, timezone } = (subscriber ?? {}) as Pick<Send["addresses"], "email" | "phone"> & {
    channels?: unknown;
    timezone?: unknown;
  };
  return {
    addresses: {
      email,
      phone,
      channels: Array.isArray(channels) ? channels.filter((one) => typeof one === "object" && one !== null) : undefined,
    },
    timeZone: typeof timezone === "string" ? timezone : undefined,
  };
}
