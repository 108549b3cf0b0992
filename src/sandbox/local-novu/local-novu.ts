import { randomUUID } from "node:crypto";
import express, { type Request, type Response } from "express";
import { z } from "zod";
import { NOVU_PLANS, type NovuPlan } from "../../contracts/novu-plan.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Listening, serve } from "../../lib/server.ts";
import { refusedCharacters } from "../../lib/subscriber-id.ts";
import { createActivity } from "../activity.ts";
import { type Interference, interferable } from "../interference.ts";
import type { SignedTarget } from "../signed-webhook.ts";
import { accountRoutes, type NovuIntegration, someIntegrations } from "./account.ts";
import { activityRoutes } from "./activity.ts";
import { answer, refuse, refuseFields } from "./answer.ts";
import { type BridgeAnswer, type BridgeCall, createBridgeClient } from "./bridge-call.ts";
import { hashOf, idempotency } from "./idempotency.ts";
import { rateLimit } from "./rate-limit.ts";
import { emptyNovuState, type Message, type NovuState } from "./state.ts";
import type { ProviderRefusal } from "./steps/step.ts";
import { messagesOnFields } from "./subscriber-fields.ts";
import { Subscriber, subscriberRoutes, upsertSubscriber } from "./subscribers.ts";
import { createTriggerQueue, type TriggerQueue } from "./trigger-queue.ts";
import { tryStep } from "./try-step.ts";
import { createNovuWebhooks, type NovuWebhooks } from "./webhooks.ts";
import { createNovuWorker } from "./worker.ts";
import { workflowRoutes } from "./workflows.ts";

/** In what Novus differ. */
export interface NovuSettings {
  /** Whether it refuses subscribers' ids with other signs than letters, digits and `_ : . -`, unless they are addresses. */
  checksIds: boolean;
  /** Whether it heeds `Idempotency-Key`. A Novu of one's own does not, unless told to. */
  isIdempotent: boolean;
  /** Of its one environment. */
  environment: "dev" | "prod";
}

export interface LocalNovu extends Pick<Listening, "url" | "close"> {
  state: NovuState;
  /** Holds at once when it is changed. */
  settings: NovuSettings;
  /** Lets the triggers that come from now on wait for its worker, until the function that it returns is called. */
  holdTriggers: TriggerQueue["hold"];
  /** What its channels are connected to; deliveries here do without. */
  integrations: NovuIntegration[];
  /** What it tells others of its messages. */
  webhooks: Pick<NovuWebhooks, "deliveries" | "resend">;
  /** Sends its outbound webhooks there from now on. Throws on a plan that has none. */
  sendWebhooks(target: SignedTarget): void;
  /** A provider reports on a message that it has; `error` is what it says of one that failed. Throws for an unknown message. */
  report(messageId: string, event: "delivered" | "seen" | "failed", error?: string): void;
  /** Every call to a bridge since the start. */
  bridgeCalls: BridgeCall[];
  /** Every trigger that came, whatever it was answered: its transaction id, a hash of its body, and the real time. */
  asked: Array<{ transactionId: string; hash: string; atMs: number }>;
  /** Every trigger that was taken, repeated transaction ids included. */
  triggers: Array<{ transactionId: string; idempotencyKey: string | null; body: string }>;
  /** Which messages the providers do not take from now on; null when they take all. */
  refuseMessages(refusal: ProviderRefusal | null): void;
  /** What the person does in their Inbox, at the clock's time; who has read has seen. Throws for an unknown message. */
  mark(messageId: string, as: "seen" | "read"): Message;
  /** What a colleague changes of a message in the dashboard. Throws for an unknown step. */
  setControls(workflowId: string, stepId: string, values: Record<string, unknown>): void;
  /** Asks the bridge for one step, as it is for a subscriber now, in no run. */
  tryStep(
    workflowId: string,
    stepId: string,
    request: { subscriberId: string; payload: object },
  ): Promise<BridgeAnswer>;
  /** Resolves when every run waits for time to pass or is over. */
  idle(): Promise<void>;
  interfere(interference: Interference | null): void;
}

const LARGEST_TRIGGER_BYTES = 512 * 1024;

const Recipient = z.union([
  Subscriber,
  z
    .string()
    .min(1)
    .transform((subscriberId) => ({ subscriberId })),
]);
const Trigger = z.object({
  name: z.string().min(1),
  to: z.union([Recipient.transform((one) => [one]), z.array(Recipient).min(1)]),
  payload: z.record(z.string(), z.unknown()).default({}),
  transactionId: z
    .string()
    .min(1)
    .default(() => randomUUID()),
});

/** Novu's API and worker on this machine, as far as the bridge needs them, with the limits of a plan and no account. */
export async function openLocalNovu({
  secretKey,
  plan,
  triggersPerSecond = NOVU_PLANS[plan].triggersPerSecond,
  settings: { checksIds = false, isIdempotent = true, environment = "dev" } = {},
  clock,
  port,
  state: remembered,
}: {
  secretKey: string;
  plan: NovuPlan;
  /** Instead of the plan's rate. */
  triggersPerSecond?: number | undefined;
  settings?: Partial<NovuSettings>;
  clock: Clock;
  port: number;
  state?: NovuState | undefined;
}): Promise<LocalNovu> {
  // What was saved by an earlier version may lack what came since.
  const state: NovuState = { ...emptyNovuState(), ...remembered };
  const settings: NovuSettings = { checksIds, isIdempotent, environment };
  const integrations = someIntegrations();
  const bridgeCalls: BridgeCall[] = [];
  const asked: LocalNovu["asked"] = [];
  const triggers: LocalNovu["triggers"] = [];
  const activity = createActivity(clock);
  const bridge = createBridgeClient({ secretKey, pause: activity.pause, onCall: (call) => bridgeCalls.push(call) });
  const webhooks = createNovuWebhooks({ clock, activity });
  let refusedBy: ProviderRefusal = () => null;
  const worker = createNovuWorker({
    state,
    bridge,
    plan: NOVU_PLANS[plan],
    refusedBy: (message) => refusedBy(message),
    environment: () => settings.environment,
    onMessage(message) {
      if (message.errorText !== undefined) return webhooks.tell("failed", message, message.errorText);
      webhooks.tell("sent", message);
      // Nobody else will say so of what is in Novu's own Inbox.
      if (message.channel === "in_app") webhooks.tell("delivered", message);
    },
    clock,
    activity,
  });
  const queue = createTriggerQueue({ state, begin: worker.begin, activity });
  const interference = interferable();
  const remembers = idempotency({ isOn: () => settings.isIdempotent });
  // Novu counts by category: cancels with triggers, preferences and lists of workflows with subscribers.
  const events = rateLimit(triggersPerSecond);
  const configuration = rateLimit(NOVU_PLANS[plan].profilesPerSecond);

  const app = express()
    .disable("x-powered-by")
    .use(interference.instead)
    .use(authorize)
    .use(express.json({ limit: "5mb" }))
    // A Novu that takes long has the key already, and answers 409 to the next try.
    .post("/v1/events/trigger", note, events, remembers, interference.delay, trigger)
    .use(interference.delay)
    .delete("/v1/events/trigger/:transactionId", events, (request, response) => {
      answer(response, 200, worker.cancel(String(request.params.transactionId)));
    })
    .get("/v2/workflows", configuration)
    .use(workflowRoutes({ state, bridge, limits: NOVU_PLANS[plan] }))
    .use(accountRoutes({ integrations }))
    .use(activityRoutes({ state, limited: rateLimit(NOVU_PLANS[plan].readsPerSecond) }))
    .use(subscriberRoutes({ state, limited: configuration, mark }))
    .use((_request, response) => refuse(response, 404, "the local Novu does not know this route"));

  const server = await serve(app, { port, host: "127.0.0.1" });
  worker.resume();
  return {
    url: server.url,
    async close(withinMs) {
      await server.close(withinMs);
      bridge.close();
    },
    state,
    settings,
    holdTriggers: queue.hold,
    integrations,
    bridgeCalls,
    asked,
    triggers,
    webhooks,
    sendWebhooks(target) {
      if (plan !== "team" && plan !== "enterprise") throw new Error(`Novu's ${plan} plan has no webhooks`);
      webhooks.forward(target);
    },
    report(messageId, event, error) {
      webhooks.tell(event, messageOf("message", messageId), error);
    },
    refuseMessages(refusal) {
      refusedBy = refusal ?? (() => null);
    },
    mark,
    setControls(workflowId, stepId, values) {
      stepOf(workflowId, stepId);
      state.controls[workflowId] = { ...state.controls[workflowId], [stepId]: values };
    },
    tryStep: (workflowId, stepId, request) =>
      tryStep({ state, bridge }, { workflowId, ...stepOf(workflowId, stepId), ...request }),
    idle: activity.idle,
    interfere: interference.set,
  };

  function authorize(request: Request, response: Response, next: () => void): void {
    if (request.get("authorization") === `ApiKey ${secretKey}`) next();
    else refuse(response, 401, "API Key not found");
  }

  function note(request: Request, _response: Response, next: () => void): void {
    asked.push({
      transactionId: String(request.body?.transactionId),
      hash: hashOf(request.body),
      atMs: performance.now(),
    });
    next();
  }

  function trigger(request: Request, response: Response): void {
    const body = JSON.stringify(request.body);
    if (Buffer.byteLength(body) > LARGEST_TRIGGER_BYTES) return refuse(response, 413, "request entity too large");
    const parsed = Trigger.safeParse(request.body);
    if (!parsed.success)
      return refuseFields(
        response,
        parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`),
      );
    const { name, to, payload, transactionId } = parsed.data;
    const workflow = state.workflows.find(({ workflowId }) => workflowId === name);
    if (workflow === undefined) return refuse(response, 422, "workflow_not_found");

    triggers.push({ transactionId, idempotencyKey: request.get("idempotency-key") ?? null, body });
    const known = to.filter(({ subscriberId }) => !settings.checksIds || refusedCharacters(subscriberId).length === 0);
    const status = known.length > 0 ? "processed" : "invalid_recipients";
    answer(response, 201, { acknowledged: true, status, transactionId });
    for (const recipient of known) {
      // The worker drops a recipient with a field that it does not take, and says so to nobody.
      if (messagesOnFields(recipient).length > 0) continue;
      upsertSubscriber(state, recipient);
      begin(recipient.subscriberId);
    }

    function begin(subscriberId: string): void {
      if (workflow === undefined || workflow.steps.length === 0) return;
      const jobs = workflow.steps.map(({ stepId, type }) => ({
        id: randomUUID(),
        stepId,
        type,
        status: "pending" as const,
        outputs: {},
        error: null,
        wakesAt: null,
        changedAt: null,
      }));
      queue.add({
        transactionId,
        workflowId: name,
        subscriberId,
        payload,
        startedAt: clock.now(),
        jobs,
      });
    }
  }

  function stepOf(workflowId: string, stepId: string) {
    const steps = state.workflows.find((workflow) => workflow.workflowId === workflowId)?.steps ?? [];
    const index = steps.findIndex((step) => step.stepId === stepId);
    if (index === -1) throw new Error(`the local Novu knows no step "${stepId}" of "${workflowId}"`);
    return { steps, index };
  }

  function mark(messageId: string, as: "seen" | "read"): Message {
    const message = messageOf("in-app message", messageId);
    const at = new Date(clock.now()).toISOString();
    if (as === "seen") Object.assign(message, { seen: true, lastSeenDate: at });
    else
      Object.assign(message, {
        seen: true,
        read: true,
        lastSeenDate: message.lastSeenDate ?? at,
        lastReadDate: at,
      });
    webhooks.tell(as, message);
    return message;
  }

  function messageOf(what: "message" | "in-app message", messageId: string): Message {
    const message = state.messages.find(({ id }) => id === messageId);
    if (message === undefined || (what !== "message" && message.channel !== "in_app"))
      throw new Error(`there is no ${what} "${messageId}"`);
    return message;
  }
}
