import { z } from "zod";
import { type Channel, type Decision, NOTHING_COMPOSED, type Objection } from "../contracts/decision.ts";
import type { Person } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import type { Recipient, Send } from "../contracts/send.ts";
import { addressHash } from "../lib/address-hash.ts";
import { isSwitchedOff, withSwitch } from "./controls.ts";
import type { Experiments } from "./experiment.ts";
import { messageFlags } from "./message-flags.ts";
import { publishedControls } from "./novu-schema.ts";
import { isWrongAtNovu, recipientOf } from "./recipient.ts";
import type { CurrentRun } from "./run-in-payload.ts";
import type { Tools } from "./tools.ts";
import { watched } from "./watched.ts";

/** How often Novu asks for a step in all, after 1, 2 and 4 s again, when it is answered 503. */
const NOVU_ASKS = 4;
/** Made once: Novu asks for a workflow's steps at each call. */
const ONLY_THE_SWITCH = publishedControls(withSwitch(z.object({})));

/** What a send can look at: the person read at this moment, and what a colleague set in Novu. */
export interface Moment<Controls> {
  person: Person["properties"];
  distinctId: string;
  controls: Controls;
  /** What time it is; the clock of the machine may be another. */
  now: Date;
  /**
   * A link as it goes into this message: with `utm_…`, and through a redirect that counts the click,
   * which an SMS is too short for unless `track` says so. What does not lead to the web stays as it is.
   */
  link(url: string, options?: { track?: boolean }): string;
}

/** What a message is made of: the same, and what is tried out on this person. */
export interface Composition<Controls, Variants> extends Moment<Controls> {
  variants: Variants;
}

export interface SendOptions<Controls extends z.ZodObject = z.ZodObject> {
  /** What Novu's dashboard lets people change, besides whether it is sent at all; give each field a title and a default. */
  controlSchema?: Controls;
  /** Why this message is not right for this person now, in a few words; false when it is. */
  skip?(moment: Moment<z.output<Controls>>): string | false;
  /**
   * Whether it goes out at night as well, as what answers something the person has just done; unless
   * said otherwise marketing does not, and the rest does. In the app there is no night.
   */
  atAnyHour?: boolean;
}

/** When the person cannot be asked for: send by what the event brought, or have Novu ask again and, if that ends in vain, one of the two. */
export type WhenUnreadable = "send" | { hold: "then send" | "then skip" };

/** What holds for all messages of a workflow. */
export interface Rules extends Pick<Send, "topic" | "holdout"> {
  workflow: string;
  whenUnreadable: WhenUnreadable;
  /** The channels that the workflow's own preferences have off, unless the subscriber may turn them on and has. */
  off: { channels: Channel[]; isLocked: boolean };
  experiments: Experiments;
}

/** One run of a workflow, as its steps see it at this moment. */
export interface Present {
  run: CurrentRun;
  rules: Rules;
  tools: Tools;
  /** What Novu has of the person. */
  addresses: Send["addresses"];
  /** Read once for all that happens in one bridge call. */
  person(): Promise<Person | null>;
  /** Each decision of this call's step, on its way to the bridge, which records it when it has the step's answer. */
  decisions: Decision[];
  /** The person's other runs that a digest has put into this one. */
  digested(): Run[];
}

/**
 * One guarded message. Novu asks `skip` first and, unless it says yes, `resolve`, both within one
 * bridge call. All the work is done in `skip`, so that it ends with the last look at whether the
 * person has left: between that and Novu's having the message lies nothing that takes time.
 */
export function guardedMessage<Controls extends z.ZodObject, Output, Variants>({
  present: { run, rules, tools, addresses, person, decisions, digested },
  id,
  channel,
  compose,
  options,
  template = () => null,
  mayReplace = false,
}: {
  present: Present;
  id: string;
  channel: Channel;
  compose: (moment: Composition<z.output<Controls>, Variants>) => Output | Promise<Output>;
  options: SendOptions<Controls>;
  /** Which email was composed, by name. */
  template?: () => string | null;
  /** Whether the message itself can name another recipient than Novu has. */
  mayReplace?: boolean;
}) {
  const about = { transactionId: run.transactionId, workflow: rules.workflow, step: id, distinctId: run.distinctId };
  let composed: Promise<Output> | undefined;
  let recipient: Recipient = null;
  const flags = messageFlags<Variants>(rules.experiments, (experiments) => tools.variants(run, experiments));

  return {
    /** The address that the message itself has to name; null where Novu's is right. */
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
        const objection = (await objectionTo(controls)) ?? (await afterTheWork(controls));
        if (objection !== null) await decide("skipped", objection);
        return objection !== null;
      },
    },
  };

  function make(controls: unknown): Promise<Output> {
    composed ??= Promise.all([moment(controls), flags.variants()]).then(([moment, variants]) =>
      compose({ ...moment, variants }),
    );
    return composed;
  }

  async function moment(controls: unknown): Promise<Moment<z.output<Controls>>> {
    const who = await person();
    if (who === null)
      throw new Error(`${rules.workflow}/${id} has nobody to write to, although its skip did not say so`);
    return {
      person: who.properties,
      distinctId: who.distinctId,
      controls: controls as z.output<Controls>,
      now: new Date(tools.now()),
      // Of a rehearsal there is no run that a click could count for.
      link: (url, { track = channel !== "sms" } = {}) =>
        tools.link(url, { ...about, channel, track: track && !run.rehearsal }),
    };
  }

  async function objectionTo(controls: unknown): Promise<Objection | null> {
    const left = await hasLeft();
    if (left !== null) return left;
    if (isSwitchedOff(controls)) return { reason: "not needed", detail: "switched off in Novu" };
    if (await isOff()) return { reason: "opted out at Novu", detail: "by the workflow" };
    const who = await person();
    if (who === null) return { reason: "person not found", detail: null };
    if (who.source === "snapshot" && !run.rehearsal) {
      const unreadable = await holdUp();
      if (unreadable !== null) return unreadable;
    }
    const { properties, asked } = watched(who);
    const unwanted = options.skip?.({ ...(await moment(controls)), person: properties });
    if (unwanted) return { reason: "not needed", detail: unwanted };
    if (asked().length > 0) return { reason: "unreadable", detail: asked().join(", ") };
    // Whoever tries a workflow from Novu's dashboard wants to see it.
    const { topic, holdout } = run.rehearsal ? { topic: null, holdout: null } : rules;
    await compareAddresses(who);
    const { unreadable } = who;
    const send = { ...about, channel, person: who.properties, unreadable, addresses, recipient, topic, holdout };
    const { objection, holdouts } = await tools.objectionTo(send);
    flags.heardOf(holdouts);
    return objection;
  }

  async function isOff(): Promise<boolean> {
    const { channels, isLocked } = rules.off;
    if (!channels.includes(channel)) return false;
    return isLocked || !(await tools.isTurnedOn({ ...about, channel }));
  }

  async function compareAddresses(who: Person): Promise<void> {
    // A rehearsal goes to the colleague's address, as Novu has it.
    const known = run.rehearsal ? ({ ...who, source: "sample" } as const) : who;
    recipient = recipientOf({ channel, person: known, addresses, mayReplace });
    if (isWrongAtNovu(channel, known, addresses)) await tools.refresh(run, { waitMs: 0, isWrong: true });
  }

  async function afterTheWork(controls: unknown): Promise<Objection | null> {
    await make(controls);
    return hasLeft();
  }

  async function hasLeft(): Promise<Objection | null> {
    const exit = await tools.exitedBy({ ...run, workflow: rules.workflow });
    return exit === null ? null : { reason: "exited", detail: exit };
  }

  /** Throws for Novu to ask again, unless it has asked for the last time. */
  async function holdUp(): Promise<Objection | null> {
    if (rules.whenUnreadable === "send") return null;
    if ((await tools.putOff(about)) < NOVU_ASKS)
      throw new Error("the person cannot be asked for; Novu is to ask again");
    return rules.whenUnreadable.hold === "then send" ? null : { reason: "person unavailable", detail: null };
  }

  async function decide(outcome: Decision["outcome"], objection: Objection | null): Promise<void> {
    if (run.rehearsal) return;
    const source = objection?.reason === "exited" ? null : ((await person())?.source ?? null);
    const facts = {
      ...about,
      channel,
      personSource: source === "sample" ? null : source,
      unreadable: objection?.reason === "exited" ? [] : ((await person())?.unreadable ?? []),
      address:
        outcome === "sent" && recipient !== null && recipient !== "changed"
          ? { via: recipient.via, hash: addressHash(recipient.address) }
          : null,
      template: template(),
      ...flags.noted(outcome, objection),
      decidedAt: new Date(tools.now()).toISOString(),
    };
    decisions.push({ ...facts, outcome, reason: null, detail: null, ...objection });
  }

  /** Of the runs that this one speaks for, whatever becomes of its own message. */
  function decideForDigested(): void {
    const said = { outcome: "skipped", reason: "digested", detail: run.rehearsal ? null : run.transactionId } as const;
    for (const { transactionId } of digested()) {
      const decidedAt = new Date(tools.now()).toISOString();
      decisions.push({ ...about, transactionId, channel, ...said, ...NOTHING_COMPOSED, decidedAt });
    }
  }
}
