import type { EmailProvider } from "../contracts/email-provider.ts";

/** What a mail has besides its subject and its HTML. */
export interface MailParts {
  /** The address that replaces the subscriber's; null when it does not. */
  to: string | null;
  headers: Record<string, string>;
  text: string;
}

/** The parts in the words of one provider's API, into which Novu merges them. */
type Body = Record<string, unknown>;

const inHeadersAndText = ({ to, headers, text }: MailParts): Body => ({ headers, text, ...(to !== null && { to }) });

/** SendGrid's request has the recipients in a list as well, which counts for more. */
const TAKES_RECIPIENT: Record<EmailProvider, boolean> = {
  sendgrid: false,
  resend: true,
  ses: true,
  nodemailer: true,
  postmark: true,
  mailgun: true,
};

/** Whether each of those who may send an email takes another recipient with it. */
export function takeRecipient(providers: EmailProvider[]): boolean {
  return providers.length > 0 && providers.every((provider) => TAKES_RECIPIENT[provider]);
}

/** Sources: the APIs of these providers, and Novu's packages/providers, which says what is merged where. */
const WORDS: Record<EmailProvider, (parts: MailParts) => Body> = {
  sendgrid: inHeadersAndText,
  resend: inHeadersAndText,
  ses: inHeadersAndText,
  nodemailer: inHeadersAndText,
  postmark: ({ to, headers, text }) => ({
    ...(to !== null && { To: to }),
    Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
    TextBody: text,
  }),
  mailgun: ({ to, headers, text }) => ({
    ...(to !== null && { to }),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`h:${name}`, value])),
    text,
  }),
};

/**
 * Headers and the text part for those who send the emails, and for nobody else: Novu asks for each
 * one's, and a step fails with any of them. A step's output itself has no place for them.
 */
export function mailProviders<Output>(providers: EmailProvider[], partsOf: (output: Output) => MailParts) {
  return Object.fromEntries(
    providers.map((provider) => [
      provider,
      ({ outputs }: { outputs: Output }) => ({ _passthrough: { body: WORDS[provider](partsOf(outputs)) } }),
    ]),
  );
}

/**
 * The headers by which a mailbox offers the way out (RFC 8058) and tells one list from another (RFC
 * 2919); none without a way out.
 */
export function headersOf(unsubscribeUrl: string | null, topic: string | null): Record<string, string> {
  if (unsubscribeUrl === null || topic === null) return {};
  return {
    "List-Unsubscribe": oneLine(`<${unsubscribeUrl}>`),
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-ID": oneLine(`<${topic}.${new URL(unsubscribeUrl).hostname}>`),
  };
}

/** Without what would end a header, or hide in it. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
