import { z } from "zod";
import { CHANNELS, type Channel } from "../contracts/channel.ts";
import { type Decision, NOTHING_COMPOSED, type Objection } from "../contracts/decision.ts";
import { addressHash } from "../contracts/opt-out.ts";
import { type Person, trackUnreadable } from "../contracts/person.ts";
import type { Recipient } from "../contracts/send.ts";
import { acceptRecipient } from "./email.ts";
import { flagExposures } from "./experiment.ts";
import type { Compose, Moment, SendOptions } from "./guarded-step.ts";
import { publishedControls } from "./novu-schema.ts";
import type { RunContext } from "./run-context.ts";

/** Novu calls for a step four times in all, 1, 2 and 4 s apart, while the answer is 503. */
const NOVU_ATTEMPTS = 4;
/** Made once, because the workflow's code runs at each call. */
const ONLY_THE_SWITCH = publishedControls(withSwitch(z.object({})));

/**
 * Decides one message: sent, or skipped for one reason. The framework calls `skip` and, unless that is true, `resolve`,
 * both within one bridge call. Everything happens in `skip`, and the last check for an exit comes last, so that no slow
 * work follows it before Novu gets the message.
 */
export function decideMessage<Controls extends z.ZodObject, Output, Variants>({
  context: { run, rules, deps, addresses, person, decisions, digested },
  id,
  channel,
  compose,
  options,
  template,
}: {
  context: RunContext;
  id: string;
  channel: Channel;
  compose: Compose<Controls, Output, Variants>;
  options: SendOptions<Controls>;
  /** The name of the email that was composed. */
  template: () => string | null;
}) {
  const about = { transactionId: run.transactionId, workflow: rules.workflow, step: id, distinctId: run.distinctId };
  let composed: Promise<Output> | undefined;
  let recipient: Recipient = null;
  const flags = flagExposures<Variants>(rules.experiments, (experiments) => deps.variants(run, experiments));

  return {
    /** The address that the message itself has to contain; null if the address at Novu is right. */
    to: () =>
      recipient !== null && recipient !== "changed" && recipient.via === "provider" ? recipient.address : null,
    async resolve(controls: unknown): Promise<Output> {
      const message = await make(controls);
      await decide("sent", null);
      return message;
    },
    options: {
      controlSchema: options.controlSchema ? publishedControls(withSwitch(options.controlSchema)) : ONLY_THE_SWITCH,
      // React escapes what it renders; Novu's sanitizer would escape it a second time.
      disableOutputSanitization: true,
      async skip(controls: unknown): Promise<boolean> {
        decideForDigested();
        const objection = (await objectionTo(controls)) ?? (await makeAndCheckExit(controls));
        if (objection !== null) await decide("skipped", objection);
        return objection !== null;
      },
    },
  };

  async function objectionTo(controls: unknown): Promise<Objection | null> {
    const exit = await exitObjection();
    if (exit !== null) return exit;
    if (isSwitchedOff(controls)) return { reason: "not needed", detail: "switched off in Novu" };
    if (await isOff()) return { reason: "opted out at Novu", detail: "by the workflow" };
    const found = await person();
    if (found === null) return { reason: "person not found", detail: null };
    if (found.source === "snapshot" && !run.rehearsal) {
      const unavailable = await waitForPerson();
      if (unavailable !== null) return unavailable;
    }
    const { properties, usedUnreadable } = trackUnreadable(found);
    const notNeeded = options.skip?.({ ...(await moment(controls)), person: properties });
    if (notNeeded) return { reason: "not needed", detail: notNeeded };
    if (usedUnreadable().length > 0) return { reason: "unreadable", detail: usedUnreadable().join(", ") };
    return guardsObjection(found);
  }

  async function exitObjection(): Promise<Objection | null> {
    const exit = await deps.exitedBy({ ...run, workflow: rules.workflow });
    return exit === null ? null : { reason: "exited", detail: exit };
  }

  async function isOff(): Promise<boolean> {
    const { channels, isLocked } = rules.off;
    if (!channels.includes(channel)) return false;
    return isLocked || !(await deps.isTurnedOn({ ...about, channel }));
  }

  /** Throws so that Novu retries the step, until its last attempt. */
  async function waitForPerson(): Promise<Objection | null> {
    if (rules.whenUnreadable === "send") return null;
    if ((await deps.countAttempt(about)) < NOVU_ATTEMPTS)
      throw new Error("the person cannot be read now; Novu retries this step");
    return rules.whenUnreadable.hold === "then send" ? null : { reason: "person unavailable", detail: null };
  }

  async function guardsObjection(found: Person): Promise<Objection | null> {
    // A colleague who triggers a workflow in Novu's dashboard wants to see it.
    const { topic, holdout } = run.rehearsal ? { topic: null, holdout: null } : rules;
    await compareAddresses(found);
    const { unreadable } = found;
    const send = { ...about, channel, person: found.properties, unreadable, addresses, recipient, topic, holdout };
    const { objection, holdouts } = await deps.objectionTo(send);
    flags.addHoldouts(holdouts);
    return objection;
  }

  /**
   * Finds the recipient. Novu loads its subscriber before it calls the bridge, so the message itself has to contain an
   * address that Novu does not have by then.
   */
  async function compareAddresses({ properties, source }: Person): Promise<void> {
    const { addressField } = CHANNELS[channel];
    if (addressField === null) return;
    const own = properties[addressField];
    const atNovu = addresses[addressField];
    // An older copy of a person may be older than the address at Novu. A rehearsal goes to the colleague's address.
    const isRead = source !== "snapshot" && source !== "sample" && !run.rehearsal;
    const isWrong = isRead && (own && atNovu ? !isSame(own, atNovu) : Boolean(own) !== Boolean(atNovu));
    if (own && atNovu) {
      const mayReplace = channel === "email" && acceptRecipient(deps.emailProviders);
      const replacement: Recipient = mayReplace ? { via: "provider", address: own } : "changed";
      recipient = isWrong ? replacement : { via: "subscriber", address: atNovu };
    }
    if (isWrong) await deps.refreshSubscriber(run, { waitMs: 0, isWrong: true });
  }

  async function makeAndCheckExit(controls: unknown): Promise<Objection | null> {
    await make(controls);
    return exitObjection();
  }

  function make(controls: unknown): Promise<Output> {
    composed ??= Promise.all([moment(controls), flags.variants()]).then(([moment, variants]) =>
      compose({ ...moment, variants }),
    );
    return composed;
  }

  async function moment(controls: unknown): Promise<Moment<z.output<Controls>>> {
    const found = await person();
    if (found === null) throw new Error(`${rules.workflow}/${id} has no person, but its skip returned false`);
    return {
      person: found.properties,
      distinctId: found.distinctId,
      // The framework has validated them against `controlSchema`.
      controls: controls as z.output<Controls>,
      now: new Date(deps.now()),
      // A rehearsal has no run that a click could count for.
      link: (url, { track = channel !== "sms" } = {}) =>
        deps.link(url, { ...about, channel, track: track && !run.rehearsal }),
    };
  }

  async function decide(outcome: Decision["outcome"], objection: Objection | null): Promise<void> {
    if (run.rehearsal) return;
    const found = objection?.reason === "exited" ? null : await person();
    decisions.push({
      ...about,
      channel,
      personSource: found === null || found.source === "sample" ? null : found.source,
      unreadable: found?.unreadable ?? [],
      address:
        outcome === "sent" && recipient !== null && recipient !== "changed"
          ? { via: recipient.via, hash: addressHash(recipient.address) }
          : null,
      template: template(),
      ...flags.forDecision(outcome, objection),
      decidedAt: new Date(deps.now()).toISOString(),
      ...{ outcome, reason: null, detail: null, ...objection },
    });
  }

  /** For the runs that a digest put into this one, also where this run's own message is skipped. */
  function decideForDigested(): void {
    const detail = run.rehearsal ? null : run.transactionId;
    const decidedAt = new Date(deps.now()).toISOString();
    for (const { transactionId } of digested) {
      const facts = { ...about, transactionId, channel, ...NOTHING_COMPOSED, decidedAt };
      decisions.push({ ...facts, outcome: "skipped", reason: "digested", detail });
    }
  }
}

/** These controls and, last, the switch that every message has. */
export function withSwitch(controls: z.ZodObject): z.ZodObject {
  if ("send" in controls.shape) throw new Error('the control "send" is the switch that every message has');
  return controls.extend({ send: z.boolean().default(true).meta({ title: "Send this message" }) });
}

/** Whether a colleague has turned that switch off. */
function isSwitchedOff(controls: unknown): boolean {
  return (controls as { send?: boolean } | undefined)?.send === false;
}

/** Whether both are one address; the case of letters, and blanks between digits, do not count. */
function isSame(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(address: string): string {
  return address.includes("@") ? address.trim().toLowerCase() : address.replace(/[\s()./-]/g, "");
}
