import { toPlainText } from "@react-email/components";
import type { ReactElement } from "react";
import type { z } from "zod";
import { CHANNELS, type Channel } from "../contracts/channel.ts";
import { decideMessage } from "./decide-message.ts";
import { acceptRecipient, emailOverrides, oneLine, renderEmail, unsubscribeHeaders } from "./email.ts";
import type { Compose, GuardedStep, NovuStep, SendOptions } from "./guarded-step.ts";
import type { RunContext } from "./run-context.ts";

/** The steps that send a message. */
export function messageSteps<Variants>(
  step: NovuStep,
  context: RunContext,
  untilHours: (id: string) => Promise<void>,
): Pick<GuardedStep<unknown, Variants>, "email" | "inApp" | "push" | "sms" | "chat"> {
  const { run, rules, deps } = context;

  return {
    async email<Controls extends z.ZodObject>(
      id: string,
      compose: Compose<Controls, { subject: string; body: ReactElement }, Variants>,
      options: SendOptions<Controls> = {},
    ) {
      let template: string | null = null;
      const { to, resolve, ...guarded } = await message(
        id,
        "email",
        (moment: Parameters<typeof compose>[0]) => {
          const { subject, body } = compose(moment);
          template = nameOf(body);
          return { subject: oneLine(subject), body: renderEmail(body, unsubscribeUrl(id)) };
        },
        options,
        () => template,
      );
      const providers = emailOverrides(deps.emailProviders, ({ body }: { body: string }) => ({
        to: to(),
        headers: unsubscribeHeaders(unsubscribeUrl(id), rules.topic),
        text: toPlainText(body),
      }));
      await step.email(id, resolve, { ...guarded.options, providers });
    },

    async inApp(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "in_app", compose, options);
      return step.inApp(id, resolve, guarded);
    },

    async push(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "push", compose, options);
      await step.push(id, resolve, guarded);
    },

    async sms(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "sms", compose, options);
      await step.sms(id, resolve, guarded);
    },

    async chat(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "chat", compose, options);
      await step.chat(id, resolve, guarded);
    },
  };

  async function message<Controls extends z.ZodObject, Output>(
    id: string,
    channel: Channel,
    compose: Compose<Controls, Output, Variants>,
    options: SendOptions<Controls>,
    template?: () => string | null,
  ) {
    const { atAnyHour = rules.topic === null } = options;
    if (CHANNELS[channel].interrupts && !atAnyHour) await untilHours(id);
    const mayReplace = channel === "email" && acceptRecipient(deps.emailProviders);
    return decideMessage({ context, id, channel, compose, options, mayReplace, ...(template && { template }) });
  }

  /** Null for a message without a topic, from which there is no opt-out. */
  function unsubscribeUrl(id: string): string | null {
    const { transactionId, distinctId } = run;
    const { topic, workflow } = rules;
    return topic === null ? null : deps.unsubscribeUrl({ distinctId, topic, workflow, step: id, transactionId });
  }
}

/** The name of the email's component. */
function nameOf({ type }: ReactElement): string | null {
  return typeof type === "function" ? type.name : null;
}
