import type { EmailProvider } from "../contracts/channel.ts";
import { oneLine } from "./email.ts";

/** A file that an email carries. */
export interface Attachment {
  /** The name of the file, such as "invite.ics". */
  name: string;
  /** A text, or the bytes. */
  content: string | Uint8Array;
  /** The media type, such as "text/calendar"; by default the provider goes by the name. */
  type?: string;
}

/** The parts of an email that a step's output has no fields for. */
export interface EmailParts {
  /** The address that replaces the subscriber's; null if the subscriber's is right. */
  to: string | null;
  headers: Record<string, string>;
  text: string;
  attachments: Attachment[];
}

/** The parts as fields of one provider's API, into which Novu merges them. */
type Body = Record<string, unknown>;

/** Sources: the APIs of these providers, and Novu's packages/providers, which shows where Novu merges. */
const BODY_OF: Record<EmailProvider, (parts: EmailParts) => Body> = {
  sendgrid: (parts) => inHeadersAndText(parts, ({ name, type }) => ({ filename: name, type })),
  // Novu's client for Resend passes no media type on.
  resend: (parts) => inHeadersAndText(parts, ({ name }) => ({ filename: name })),
  ses: (parts) => inHeadersAndText(parts, forNodemailer),
  nodemailer: (parts) => inHeadersAndText(parts, forNodemailer),
  postmark: ({ to, headers, text, attachments }) => ({
    ...(to !== null && { To: to }),
    Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
    TextBody: text,
    ...(attachments.length > 0 && {
      Attachments: attachments.map(({ name: Name, type = "application/octet-stream", ...file }) => ({
        Name,
        Content: base64Of(file),
        ContentType: type,
      })),
    }),
  }),
  mailgun: ({ to, headers, text, attachments }) => ({
    ...(to !== null && { to }),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`h:${name}`, value])),
    text,
    ...(attachments.length > 0 && { attachment: attachments.map(forMailgun) }),
  }),
};

function inHeadersAndText({ to, headers, text, attachments }: EmailParts, factsOf: (file: Attachment) => Body): Body {
  return {
    headers,
    text,
    ...(to !== null && { to }),
    ...(attachments.length > 0 && {
      attachments: attachments.map((file) => ({ content: base64Of(file), ...factsOf(file) })),
    }),
  };
}

function forNodemailer({ name, type }: Attachment): Body {
  return { filename: name, encoding: "base64", contentType: type };
}

function forMailgun({ name, content }: Attachment): Body {
  return { filename: name, data: content };
}

/** Why the files would not arrive; null if they will. */
export function attachmentProblem(providers: EmailProvider[], files: Attachment[]): string | null {
  if (files.length === 0) return null;
  // Novu's output of an email has no field for files, so they go into the request to a provider.
  if (providers.length === 0) return "attachments need the setting EMAIL_PROVIDERS";
  // Novu's client for Mailgun takes a text as the text of the file, and JSON has no bytes.
  const hasBytes = files.some(({ content }) => typeof content !== "string");
  return hasBytes && providers.includes("mailgun") ? "Mailgun takes only texts as attachments" : null;
}

function base64Of({ content }: Pick<Attachment, "content">): string {
  return Buffer.from(content).toString("base64");
}

/** SendGrid's request also has a list of recipients, which wins over `to`. */
const ACCEPTS_RECIPIENT: Record<EmailProvider, boolean> = {
  sendgrid: false,
  resend: true,
  ses: true,
  nodemailer: true,
  postmark: true,
  mailgun: true,
};

/** Whether each of these providers accepts another recipient with an email. */
export function acceptRecipient(providers: EmailProvider[]): boolean {
  return providers.length > 0 && providers.every((provider) => ACCEPTS_RECIPIENT[provider]);
}

/** The parts as the request of one provider, for a step's `providers` option. */
export function partsFor(provider: EmailProvider, parts: EmailParts): { _passthrough: { body: Body } } {
  return { _passthrough: { body: BODY_OF[provider](parts) } };
}

/** One-click unsubscribe (RFC 8058) and the list's id (RFC 2919); empty for an email without an unsubscribe link. */
export function unsubscribeHeaders(unsubscribeUrl: string | null, topic: string | null): Record<string, string> {
  if (unsubscribeUrl === null || topic === null) return {};
  return {
    "List-Unsubscribe": oneLine(`<${unsubscribeUrl}>`),
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-ID": oneLine(`<${topic}.${new URL(unsubscribeUrl).hostname}>`),
  };
}
