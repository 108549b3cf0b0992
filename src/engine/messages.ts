import type { ReactElement } from "react";
import { CHANNELS, type Channel, type EmailProvider } from "../contracts/channel.ts";
import type { Locale } from "../contracts/locale.ts";
import { attachKeptAfterExit } from "../contracts/workflow.ts";
import { isCalled, notCalled } from "./called-step.ts";
import { decideMessage } from "./decide-message.ts";
import { hasTexts, oneLine, renderEmail, withPreheader } from "./email.ts";
import { type Attachment, attachmentProblem, type EmailParts, unsubscribeHeaders } from "./email-providers.ts";
import type { Compose, Email, GuardedStep, NovuStep, SendOptions } from "./guarded-step.ts";
import { messageResult } from "./message-result.ts";
import type { MessageMoment } from "./moment.ts";
import { ownCode } from "./own-code.ts";
import { plainText, plainTextOfReact } from "./plain-text.ts";
import { novuProviders, providerIds, type StepName } from "./providers.ts";
import type { RunContext } from "./run-context.ts";

type Messages<Variants> = Pick<GuardedStep<unknown, Variants>, StepName>;
type ComposeAny<Output, Variants> = Compose<MessageMoment<never>, Output, Variants>;
type Options = SendOptions<StepName, never>;
/** Novu's channel step with simpler types, which its literal schemas infer. */
type NovuMessage = (id: string, resolve: (controls: unknown) => Promise<object>, options: object) => Promise<unknown>;

const NOT_SEEN = { seen: false, read: false, lastSeenDate: null, lastReadDate: null };

/** The steps that send a message. `untilHours` waits for the sending hours. */
export function messageSteps<Variants>(
  step: NovuStep,
  context: RunContext,
  untilHours: (id: string) => Promise<void>,
): Messages<Variants> {
  const { run, rules, deps, facts } = context;

  return {
    email,
    inApp: message("inApp", "in_app"),
    push: message("push", "push"),
    sms: message("sms", "sms"),
    chat: message("chat", "chat"),
    tool: message("tool", "tool"),
  } as unknown as Messages<Variants>;

  async function email(id: string, compose: ComposeAny<Email, Variants>, options: Options = {}) {
    if (!isCalled(facts, id))
      return result("email", id, { channel: "email", options, configured: deps.emailProviders });
    let unsubscribeUrl: string | null = null;
    let template: string | null = null;
    let textOf = plainText;
    let attachments: Attachment[] = [];
    const made = async (moment: MessageMoment<never> & { variants: Variants }) => {
      unsubscribeUrl = unsubscribeUrlOf(id, moment.locale);
      const facts = { ...moment, unsubscribeUrl };
      const { subject, body, preheader, attachments: files = [], ...sender } = await compose(facts);
      await assertArrive(files);
      attachments = files;
      template = nameOf(body);
      if (typeof body !== "string") textOf = plainTextOfReact;
      const html = withPreheader(htmlOf(body, unsubscribeUrl, moment.locale), preheader);
      return { ...sender, subject: oneLine(subject), body: html };
    };
    const partsOf = (output: { body: string }, to: string | null): EmailParts => ({
      to,
      headers: unsubscribeHeaders(unsubscribeUrl, rules.topic),
      text: textOf(output.body),
      attachments,
    });
    return send({
      ...{ id, name: "email", channel: "email", compose: made, options, template: () => template },
      ...{ configured: deps.emailProviders, partsOf },
    });
  }

  /** An email without texts for each locale is in the fallback. */
  function htmlOf(body: Email["body"], url: string | null, wanted: Locale): string {
    const [fallback] = deps.locales;
    const locale = (hasTexts(body) && deps.locales.find((one) => one.locale === wanted)) || fallback;
    const unsubscribe = url === null ? null : { url, text: deps.unsubscribeText(locale.locale) };
    return renderEmail(body, { locale, unsubscribe });
  }

  function message(name: StepName, channel: Channel) {
    return async (id: string, compose: ComposeAny<object, Variants>, options: Options = {}) =>
      isCalled(facts, id)
        ? send({ id, name, channel, compose, options, template: () => null, configured: [] })
        : result(name, id, { channel, options, configured: [] });
  }

  /** The result of a message for a later step, with the wait before the message. */
  async function result(
    name: StepName,
    id: string,
    { channel, options, configured }: { channel: Channel; options: Options; configured: EmailProvider[] },
  ) {
    await hours(id, channel, options);
    const ids = providerIds(options.providers, configured);
    const providers = Object.fromEntries(ids.map((provider) => [provider, notCalled]));
    const seen = await (step[name] as NovuMessage)(id, notCalled, { providers });
    return { ...NOT_SEEN, ...(seen as object), ...(await messageResult(context, id)) };
  }

  async function hours(id: string, channel: Channel, { atAnyHour = rules.topic === null }: Options): Promise<void> {
    if (CHANNELS[channel].interrupts && !atAnyHour) await untilHours(id);
  }

  async function send<Output extends object>({
    id,
    name,
    channel,
    compose,
    options,
    template,
    configured,
    partsOf,
  }: {
    id: string;
    name: StepName;
    channel: Channel;
    compose: ComposeAny<Output, Variants>;
    options: Options;
    template: () => string | null;
    configured: EmailProvider[];
    /** Only for an email. */
    partsOf?(output: Output, to: string | null): EmailParts;
  }) {
    await hours(id, channel, options);
    const {
      to,
      momentOf,
      resolve,
      options: guarded,
    } = decideMessage({ context, id, channel, compose, options, template });
    const providers = novuProviders<Output>({
      own: options.providers,
      configured,
      request: async (provide, { controls, outputs }) => {
        const moment = await momentOf(controls);
        return ownCode(facts, "providers", () => provide({ ...moment, output: outputs } as never));
      },
      partsOf: partsOf && (({ outputs }) => partsOf(outputs, to())),
    });
    const known = options.keepAfterExit === true ? attachKeptAfterExit(resolve) : resolve;
    await (step[name] as NovuMessage)(id, known, { ...guarded, providers });
    return { ...NOT_SEEN, sent: false, reason: null };
  }

  /** Throws if the files would be lost. A preview shows the message all the same. */
  async function assertArrive(files: Attachment[]): Promise<void> {
    const problem = attachmentProblem(deps.emailProviders, files);
    if (problem === null || (await context.person())?.source === "sample") return;
    facts.failure = problem;
    throw new Error(problem);
  }

  /** Null for a message without a topic, because nobody can opt out of it. */
  function unsubscribeUrlOf(id: string, locale: Locale): string | null {
    const { transactionId, distinctId } = run;
    const { topic, workflow } = rules;
    return topic === null
      ? null
      : deps.unsubscribeUrl({ distinctId, topic, workflow, step: id, transactionId, locale });
  }
}

/** The name of the email's component; null for an HTML text. */
function nameOf(body: ReactElement | string): string | null {
  return typeof body !== "string" && typeof body.type === "function" ? body.type.name : null;
}
