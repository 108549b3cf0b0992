import type { EmailProvider } from "../contracts/email-provider.ts";

/** What a mail has besides its subject and its HTML. */
export interface MailParts {
  headers: Record<string, string>;
  text: string;
}

/** The parts in the words of one provider's API, into which Novu merges them. */
type Body = Record<string, unknown>;

const inHeadersAndText = ({ headers, text }: MailParts): Body => ({ headers, text });

/** Sources: the APIs of these providers, and Novu's packages/providers, which says what is merged where. */
const WORDS: Record<EmailProvider, (parts: MailParts) => Body> = {
  sendgrid: inHeadersAndText,
  resend: inHeadersAndText,
  ses: inHeadersAndText,
  nodemailer: inHeadersAndText,
  postmark: ({ headers, text }) => ({
    Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
    TextBody: text,
  }),
  mailgun: ({ headers, text }) => ({
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
