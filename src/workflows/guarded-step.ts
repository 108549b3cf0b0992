import type { ExecuteInput } from "@novu/framework";
import type { ReactElement } from "react";
import { z } from "zod";
import type { Channel, Decision } from "../contracts/decision.ts";
import type { Person } from "../contracts/person.ts";
import { publishedControls } from "./novu-schema.ts";
import { renderEmail } from "./render-email.ts";
import type { CurrentRun } from "./run-in-payload.ts";
import type { Tools } from "./tools.ts";
import { type Duration, splitWait } from "./wait.ts";

type NovuStep = ExecuteInput<Record<string, unknown>, Record<string, unknown>>["step"];
type InAppOutput = Awaited<ReturnType<Parameters<NovuStep["inApp"]>[1]>>;
type Objection = Pick<Decision, "reason" | "detail">;

/** What a send can look at: the person read at this moment, and what a colleague set in Novu. */
interface Moment<Controls> {
  person: Person["properties"];
  distinctId: string;
  controls: Controls;
}

interface SendOptions<Controls extends z.ZodObject> {
  /** What Novu's dashboard lets people change; give each field a title and a default. */
  controlSchema?: Controls;
  /** Why this message is not right for this person now, in a few words; false when it is. */
  skip?(moment: Moment<z.output<Controls>>): string | false;
}

/**
 * Novu's `step`, in which every send is guarded: it reads the person when the step is due, is left
 * out for one stated reason or sent, and is recorded either way. Action steps are Novu's own.
 */
export interface GuardedStep extends Pick<NovuStep, "delay" | "digest" | "throttle" | "custom"> {
  email<Controls extends z.ZodObject>(
    id: string,
    compose: (moment: Moment<z.output<Controls>>) => { subject: string; body: ReactElement },
    options?: SendOptions<Controls>,
  ): Promise<void>;
  inApp<Controls extends z.ZodObject>(
    id: string,
    compose: (moment: Moment<z.output<Controls>>) => InAppOutput,
    options?: SendOptions<Controls>,
  ): Promise<{ seen: boolean; read: boolean }>;
  /** A delay of any length, spread over as many delay steps as the Novu plan needs. */
  wait(id: string, duration: Duration): Promise<void>;
}

export function guardedStep({
  step,
  run,
  addressAtNovu,
  workflow,
  tools,
}: {
  step: NovuStep;
  run: CurrentRun;
  addressAtNovu: string | null | undefined;
  workflow: string;
  tools: Tools;
}): GuardedStep {
  const person = once(() => tools.person(run));

  return {
    delay: step.delay,
    digest: step.digest,
    throttle: step.throttle,
    custom: step.custom,

    async email(id, compose, options = {}) {
      const send = guarded({ id, channel: "email", options });
      const resolve = send.resolve(async (moment) => {
        const { subject, body } = compose(moment);
        return { subject, body: renderEmail(body) };
      });
      await step.email(id, resolve, send.options);
    },

    async inApp(id, compose, options = {}) {
      const send = guarded({ id, channel: "in_app", options });
      return step.inApp(
        id,
        send.resolve(async (moment) => compose(moment)),
        send.options,
      );
    },

    async wait(id, duration) {
      for (const delay of splitWait(id, duration, tools.longestDelayMs)) {
        await step.delay(delay.id, () => ({ type: "regular", amount: delay.amount, unit: delay.unit }));
      }
    },
  };

  /** Novu asks `skip` first and, unless it says yes, `resolve`; both within one bridge call. */
  function guarded<Controls extends z.ZodObject>({
    id,
    channel,
    options,
  }: {
    id: string;
    channel: Channel;
    options: SendOptions<Controls>;
  }) {
    const momentOf = (who: Person, controls: unknown) => ({
      person: who.properties,
      distinctId: who.distinctId,
      controls: controls as z.output<Controls>,
    });

    async function objectionTo(controls: unknown): Promise<Objection | null> {
      const exit = await tools.leftBy(run);
      if (exit !== null) return { reason: "left", detail: exit };
      const who = await person();
      if (who === null) return { reason: "person not found", detail: null };
      const unwanted = options.skip?.(momentOf(who, controls));
      if (unwanted) return { reason: "not needed", detail: unwanted };
      if (channel !== "email") return null;
      if (who.properties.email === undefined) return { reason: "unreachable", detail: "no email address" };
      // Novu sends to the address that it has.
      if (!addressAtNovu) return { reason: "unreachable", detail: "Novu has no email address" };
      return null;
    }

    async function record(outcome: Decision["outcome"], objection: Objection): Promise<void> {
      if (run.rehearsal) return;
      const { transactionId, distinctId } = run;
      const source = objection.reason === "left" ? null : ((await person())?.source ?? null);
      await tools.record({
        transactionId,
        workflow,
        step: id,
        channel,
        distinctId,
        outcome,
        ...objection,
        personSource: source === "sample" ? null : source,
        decidedAt: new Date(tools.now()).toISOString(),
      });
    }

    return {
      resolve:
        <Output>(compose: (moment: Moment<z.output<Controls>>) => Promise<Output>) =>
        async (controls: unknown): Promise<Output> => {
          const who = await person();
          if (who === null)
            throw new Error(`${workflow}/${id} has nobody to write to, although its skip did not say so`);
          const message = await compose(momentOf(who, controls));
          await record("sent", { reason: null, detail: null });
          return message;
        },
      options: {
        controlSchema: publishedControls(options.controlSchema ?? z.object({})),
        // React escapes what it renders; Novu's sanitizer would escape it a second time.
        disableOutputSanitization: true,
        async skip(controls: unknown): Promise<boolean> {
          const objection = await objectionTo(controls);
          if (objection !== null) await record("skipped", objection);
          return objection !== null;
        },
      },
    };
  }
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
