import { z } from "zod";
import type { Channel } from "../contracts/channel.ts";
import { type Decision, NOTHING_COMPOSED, type Objection } from "../contracts/decision.ts";
import { addressHash } from "../contracts/opt-out.ts";
import { type Person, propertyHashes, trackUnreadable } from "../contracts/person.ts";
import type { Recipient } from "../contracts/send.ts";
import { controlsIn, controlsPerLocale } from "./controls.ts";
import { acceptRecipient } from "./email-providers.ts";
import { flagExposures } from "./experiment.ts";
import type { Compose, SendOptions } from "./guarded-step.ts";
import { type MessageMoment, momentOf } from "./moment.ts";
import { publishedControls, publishedOnce } from "./novu-schema.ts";
import { ownCode } from "./own-code.ts";
import type { StepName } from "./providers.ts";
import { findRecipient } from "./recipient.ts";
import type { RunContext } from "./run-context.ts";

/** Novu calls for a step four times in all, 1, 2 and 4 s apart, while the answer is 503. */
const NOVU_ATTEMPTS = 4;
/** Made once, because the workflow's code runs at each call. */
const SWITCH_CONTROLS = publishedControls(withSwitch(z.object({})));

/**
 * Decides one message: sent, or skipped for one reason. In one bridge call the framework calls `skip` and, if `skip`
 * returns false, `resolve`. `skip` makes all checks and composes the message; `resolve` returns the composed message.
 * The check for an exit is repeated at the end, because composing may take long. The decision "sent" is not final:
 * Novu's receipt confirms or corrects it (outbox/jobs/receipt.ts). A test is a run that a colleague starts in
 * Novu's dashboard.
 */
export function decideMessage<Output, Variants>({
  context,
  id,
  channel,
  compose,
  options,
  template,
}: {
  context: RunContext;
  id: string;
  channel: Channel;
  compose: Compose<MessageMoment<never>, Output, Variants>;
  options: Pick<SendOptions<StepName, never>, "controlSchema" | "skip">;
  /** The name of the email that was composed. */
  template: () => string | null;
}) {
  const { run, rules, deps, facts, addresses, person, digested } = context;
  const about = { transactionId: run.transactionId, workflow: rules.workflow, step: id, distinctId: run.distinctId };
  const { controlSchema, skip } = options;
  let composed: Promise<Output> | undefined;
  let recipient: Recipient = null;
  const flags = flagExposures<Variants>(rules.experiments, (experiments) => deps.variants(run, experiments));

  return {
    /** The address that the message itself has to contain; null if the address at Novu is right. */
    to: () => (recipient?.via === "provider" ? recipient.address : null),
    momentOf: messageMoment,
    async resolve(controls: unknown): Promise<Output> {
      const message = await composeOnce(controls);
      await decide("sent", null);
      return message;
    },
    options: {
      controlSchema:
        controlSchema === undefined
          ? SWITCH_CONTROLS
          : publishedOnce(rules.published, id, () => withSwitch(controlsPerLocale(controlSchema, deps.locales))),
      // React escapes what it renders; Novu's sanitizer would escape it a second time.
      disableOutputSanitization: true,
      async skip(controls: unknown): Promise<boolean> {
        decideForDigested();
        const objection = (await firstObjection(controls)) ?? (await composeAndCheckExit(controls));
        // A trial shows the message that is not sent; without a person there is none.
        if (facts.isTrial) facts.objection = objection;
        if (facts.isTrial && (await person()) !== null) return false;
        if (objection !== null) await decide("skipped", objection);
        return objection !== null;
      },
    },
  };

  async function firstObjection(controls: unknown): Promise<Objection | null> {
    const exit = await exitObjection();
    if (exit !== null) return exit;
    if (context.ended !== null) return { reason: "not needed", detail: context.ended };
    if (isMessageOff(controls)) return { reason: "not needed", detail: "switched off in Novu" };
    if (await isChannelOff()) return { reason: "opted out at Novu", detail: "by the workflow" };
    const found = await person();
    if (found === null) return { reason: "person not found", detail: null };
    if (found.source === "snapshot" && !run.isTest) {
      const unavailable = await retryOrObject();
      if (unavailable !== null) return unavailable;
    }
    const { properties, usedUnreadable } = trackUnreadable(found);
    const internal = run.isOthersEvent ? deps.whyInternal(found) : null;
    if (internal !== null) return { reason: "not needed", detail: internal };
    const moment = { ...(await messageMoment(controls)), person: properties };
    const notNeeded = skip && (await ownCode(facts, "skip", () => skip(moment)));
    if (notNeeded) return { reason: "not needed", detail: notNeeded };
    if (usedUnreadable().length > 0) return { reason: "unreadable", detail: usedUnreadable().join(", ") };
    return guardsObjection(found);
  }

  async function exitObjection(): Promise<Objection | null> {
    const exit = await deps.exitedBy({ ...run, workflow: rules.workflow });
    return exit === null ? null : { reason: "exited", detail: exit };
  }

  async function isChannelOff(): Promise<boolean> {
    const { channels, isLocked } = rules.off;
    if (!channels.includes(channel)) return false;
    return isLocked || !(await deps.isTurnedOn({ ...about, channel }));
  }

  /** The person cannot be read now. Throws so that Novu retries the step, until its last attempt. */
  async function retryOrObject(): Promise<Objection | null> {
    const { whenPersonUnavailable: then } = rules;
    // The event of another person says nothing about this person, such as an opt-out.
    const isUnknown = run.isOthersEvent === true;
    if (then === "send" && !isUnknown) return null;
    if ((await deps.countAttempt(about)) < NOVU_ATTEMPTS)
      throw new Error("the person cannot be read now; Novu retries this step");
    const mayRisk = then === "send" || then.hold === "then send";
    return mayRisk && !isUnknown ? null : { reason: "person unavailable", detail: null };
  }

  async function guardsObjection(found: Person): Promise<Objection | null> {
    // A colleague who starts a test wants to see the message, also after an opt-out or in a holdout.
    const { topic, holdout } = run.isTest && !facts.isTrial ? { topic: null, holdout: null } : rules;
    await setRecipient(found);
    const { unreadable } = found;
    const { isTrial } = facts;
    const sent = { person: found.properties, unreadable, addresses, recipient };
    const send = { ...about, channel, ...sent, topic, holdout, isTrial };
    const { objection, holdouts } = await deps.guard(send);
    flags.addHoldouts(holdouts);
    return objection;
  }

  /** Sets the recipient, and refreshes a subscriber with a wrong address. */
  async function setRecipient(found: Person): Promise<void> {
    const { eventEmail, isTest } = run;
    const { usesNovuAddresses, emailProviders } = deps;
    const mayReplace = acceptRecipient(emailProviders);
    const asked = { channel, person: found, addresses, eventEmail, isTest, usesNovuAddresses, mayReplace };
    const { recipient: now, isWrong } = findRecipient(asked);
    recipient = now;
    if (isWrong) await deps.refreshSubscriber(run, { waitMs: 0, isWrong: true });
  }

  async function composeAndCheckExit(controls: unknown): Promise<Objection | null> {
    await composeOnce(controls);
    return exitObjection();
  }

  function composeOnce(controls: unknown): Promise<Output> {
    composed ??= Promise.all([messageMoment(controls), flags.variants()]).then(([moment, variants]) =>
      ownCode(facts, "compose", () => compose({ ...moment, variants })),
    );
    return composed;
  }

  async function messageMoment(controls: unknown): Promise<MessageMoment<never>> {
    if ((await person()) === null)
      throw new Error(`${rules.workflow}/${id} has no person, but its skip returned false`);
    const moment = await momentOf(context, controls);
    return {
      ...moment,
      // The framework has validated the controls against `controlSchema`.
      controls: controlsIn(moment.locale, controls as never, controlSchema, deps.locales),
      // A test has no stored run, so a click cannot be reported.
      link: (url, { track = channel !== "sms" } = {}) =>
        deps.link(url, { ...about, channel, track: track && !run.isTest }),
    };
  }

  async function decide(outcome: Decision["outcome"], objection: Objection | null): Promise<void> {
    if (run.isTest) return;
    const found = objection?.reason === "exited" ? null : await person();
    facts.decisions.push({
      ...about,
      channel,
      personSource: found === null || found.source === "sample" ? null : found.source,
      unreadable: found?.unreadable ?? [],
      ...(found !== null && { propertyHashes: propertyHashes(found.properties) }),
      address:
        outcome === "sent" && recipient !== null && recipient.via !== "none"
          ? { via: recipient.via, hash: addressHash(recipient.address) }
          : null,
      template: template(),
      ...flags.forDecision(outcome, objection),
      decidedAt: new Date(deps.now()).toISOString(),
      outcome,
      reason: objection?.reason ?? null,
      detail: objection?.detail ?? null,
    });
  }

  /** Decides for each run that a digest put into this run, also if this run's own message is skipped. */
  function decideForDigested(): void {
    const detail = run.isTest ? null : run.transactionId;
    const decidedAt = new Date(deps.now()).toISOString();
    for (const { transactionId, exit } of digested) {
      const theirs = { ...about, transactionId, channel, ...NOTHING_COMPOSED, decidedAt };
      const why =
        exit === null ? ({ reason: "digested", detail } as const) : ({ reason: "exited", detail: exit } as const);
      facts.decisions.push({ ...theirs, outcome: "skipped", ...why });
    }
  }
}

/** Adds the switch "Send this message", which every message has, after the other controls. */
export function withSwitch(controls: z.ZodObject): z.ZodObject {
  if ("send" in controls.shape)
    throw new Error('every message has a control "send" already; rename the control in controlSchema');
  return controls.extend({ send: z.boolean().default(true).meta({ title: "Send this message" }) });
}

/** Whether a colleague has turned the switch "Send this message" off. */
function isMessageOff(controls: unknown): boolean {
  return (controls as { send?: boolean } | undefined)?.send === false;
}
