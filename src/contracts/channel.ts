import { z } from "zod";

interface ChannelFacts {
  /** The field of a subscriber that holds the address for the channel; null if no field does. */
  addressField: "email" | "phone" | null;
  /** The channel's name in the `preferences` of a workflow's code. */
  option: "email" | "inApp" | "push" | "sms" | "chat" | "tool";
  /** Whether messages interrupt people. Only such messages count for the cap and wait for the sending hours. */
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
  /** A text for another system, such as PagerDuty, and not for the person. */
  tool: { addressField: null, option: "tool", interrupts: false },
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
