import { z } from "zod";

interface ChannelFacts {
  /** The subscriber's field with its address; null where Novu has the address elsewhere, or needs none. */
  addressField: "email" | "phone" | null;
  /** Its name in the options of a workflow in code. */
  option: "email" | "inApp" | "push" | "sms" | "chat";
  /** Whether it interrupts people, so that it counts for the frequency cap and waits for the sending hours. */
  interrupts: boolean;
}

/**
 * Novu's channels, in the order of menus. A service such as WhatsApp is no channel: it is a provider of `chat`
 * in Novu's integrations. `.github/CONTRIBUTING.md` has the steps to add a channel.
 */
export const CHANNELS = {
  email: { addressField: "email", option: "email", interrupts: true },
  in_app: { addressField: null, option: "inApp", interrupts: false },
  push: { addressField: null, option: "push", interrupts: true },
  sms: { addressField: "phone", option: "sms", interrupts: true },
  chat: { addressField: null, option: "chat", interrupts: true },
} as const satisfies Record<string, ChannelFacts>;

export const Channel = z.enum(Object.keys(CHANNELS) as Array<keyof typeof CHANNELS>);
export type Channel = z.infer<typeof Channel>;

/** Whether a type of step sends messages. */
export function isChannel(type: string): type is Channel {
  return Object.hasOwn(CHANNELS, type);
}

/** A provider that sends emails, by the name of its integration at Novu. */
export const EmailProvider = z.enum(["sendgrid", "resend", "ses", "nodemailer", "postmark", "mailgun"]);
export type EmailProvider = z.infer<typeof EmailProvider>;
