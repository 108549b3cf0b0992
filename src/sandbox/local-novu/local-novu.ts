import express, { type Express } from "express";
import { NOVU_PLANS, type NovuPlan } from "../../contracts/novu.ts";
import type { Clock } from "../../lib/clock.ts";
import { serve } from "../../lib/server.ts";
import { createActivity } from "../activity.ts";
import { createFaultInjection } from "../fault-injection.ts";
import type { SignedTarget } from "../signed-webhook.ts";
import { accountRoutes, authorize, rateLimit, someIntegrations } from "./account.ts";
import { activityRoutes } from "./activity.ts";
import { answer, refuse } from "./answer.ts";
import { type BridgeCall, createBridgeClient } from "./bridge-call.ts";
import { credentialRoutes, setChannel } from "./credentials.ts";
import { forgetDaily } from "./forget.ts";
import { inboxApi } from "./inbox/api.ts";
import { inboxPage, localOnly } from "./inbox/page.ts";
import { type Mark, marked } from "./mark.ts";
import { emptyNovuState, find, type Message, type NovuState } from "./state.ts";
import type { ProviderRefusal } from "./steps/step.ts";
import { inboxRoutes, preferenceRoutes, subscriberRoutes } from "./subscribers.ts";
import { createTriggers, idempotency } from "./triggers.ts";
import { findStep, tryStep } from "./try-step.ts";
import { createNovuWebhooks } from "./webhooks.ts";
import { createNovuWorker } from "./worker.ts";
import { workflowRoutes } from "./workflows.ts";

/** The differences between Novu installations. */
export interface NovuSettings {
  /** Whether Novu refuses a subscriber id with other characters than letters, digits and `_ : . -`. Addresses pass. */
  checksIds: boolean;
  /** Whether Novu reads `Idempotency-Key`. A self-hosted Novu does so only when configured. */
  isIdempotent: boolean;
  /** The type of Novu's only environment. */
  environment: "dev" | "prod";
}

export type LocalNovu = Awaited<ReturnType<typeof openLocalNovu>>;

interface NovuOptions {
  secretKey: string;
  plan: NovuPlan;
  /** No call is refused because of the plan's rates, and data about ended runs is deleted after some days. */
  isRehearsal?: boolean;
  /** Replaces the plan's rate. */
  triggersPerSecond?: number | undefined;
  settings?: Partial<NovuSettings>;
  clock: Clock;
  port: number;
  state?: NovuState | undefined;
}

/** The parts of Novu's API and worker that the bridge uses, with the limits of a plan and without an account. */
export async function openLocalNovu({ secretKey, plan, isRehearsal = false, clock, port, ...options }: NovuOptions) {
  const limits = NOVU_PLANS[plan];
  const { triggersPerSecond = limits.triggersPerSecond } = options;
  // The saved state of an earlier version lacks newer fields.
  const state: NovuState = { ...emptyNovuState(), ...options.state };
  const settings: NovuSettings = { checksIds: false, isIdempotent: true, environment: "dev", ...options.settings };
  const integrations = someIntegrations();
  const bridgeCalls: BridgeCall[] = [];
  const activity = createActivity(clock);
  const onCall = (call: BridgeCall) => {
    if (!isRehearsal) bridgeCalls.push(call);
  };
  const bridge = createBridgeClient({ secretKey, pause: activity.pause, onCall });
  const webhooks = createNovuWebhooks({ clock, activity });
  let refusal: ProviderRefusal = () => null;
  let onMessage: (message: Message) => void = () => {};
  const worker = createNovuWorker({
    state,
    bridge,
    plan: limits,
    refusal: (message) => refusal(message),
    environment: () => settings.environment,
    onMessage(message) {
      onMessage(message);
      webhooks.sendResult(message);
    },
    clock,
    activity,
  });
  const triggers = createTriggers({ state, settings, keepsCalls: !isRehearsal, begin: worker.begin, clock, activity });
  const faults = createFaultInjection();
  const server = await serve(api(), { port, host: "127.0.0.1" });
  worker.resume();
  if (isRehearsal) forgetDaily(state, clock);
  return {
    url: server.url,
    async close(withinMs?: number) {
      await server.close(withinMs);
      bridge.close();
    },
    state,
    /** A test may change a setting at any time; the next request uses it. */
    settings,
    /** Only the API uses these. Messages here need no integration. */
    integrations,
    /** Every call to a bridge since the start. */
    bridgeCalls,
    webhooks,
    mark,
    triggerRequests: triggers.triggerRequests,
    triggers: triggers.triggers,
    holdTriggers: triggers.hold,
    /** Outbound webhooks go to this target from now on. Throws on a plan without webhooks. */
    sendWebhooks(target: SignedTarget) {
      if (plan !== "team" && plan !== "enterprise") throw new Error(`Novu's ${plan} plan has no webhooks`);
      webhooks.forward(target);
    },
    /** Sends a provider's report on a message; `error` is the text of a failure. Throws for an unknown message. */
    report: (messageId: string, event: "delivered" | "seen" | "failed", error?: string) =>
      webhooks.send(event, messageOf(messageId), error),
    /** From now on the providers refuse messages as `newRefusal` says; if it is null, they refuse none. */
    refuseMessages(newRefusal: ProviderRefusal | null) {
      refusal = newRefusal ?? (() => null);
    },
    /** Calls `listener` with each message from now on, also one that its provider refused. */
    watchMessages(listener: (message: Message) => void) {
      onMessage = listener;
    },
    /** Changes the controls of a step, as the dashboard does. Throws for an unknown step. */
    setControls(workflowId: string, stepId: string, values: Record<string, unknown>) {
      findStep(state, workflowId, stepId);
      state.controls[workflowId] = { ...state.controls[workflowId], [stepId]: values };
    },
    /** Gives a subscriber a device or a chat at a provider, such as "fcm" or "slack", or takes it away. */
    setChannel: (subscriberId: string, providerId: string, isConnected: boolean) =>
      setChannel(state, { subscriberId, providerId, isConnected }),
    /** Calls the bridge for a step outside any run, with the subscriber's present data, or in another locale. */
    tryStep: (
      workflowId: string,
      stepId: string,
      request: { subscriberId: string; payload: object; locale?: string | undefined; jobId?: string | undefined },
    ) => tryStep({ state, bridge }, { workflowId, stepId, ...request }),
    /** Resolves when every run waits for time to pass or has ended. */
    idle: activity.idle,
    tasks: activity.count,
    injectFault: faults.set,
  };

  /** Each route behind the rate limit of its category. */
  function api(): Express {
    // Novu has one limit for triggers and cancels, and one for subscribers, preferences and lists of workflows.
    const limited = (perSecond: number) => rateLimit(isRehearsal ? Number.POSITIVE_INFINITY : perSecond);
    const limitTriggers = limited(triggersPerSecond);
    const limitConfiguration = limited(limits.profilesPerSecond);
    const replays = idempotency(() => settings.isIdempotent);

    // The delay comes after the idempotency check: a slow Novu knows the key already, and answers 409 to a retry.
    const trigger = [triggers.log, limitTriggers, replays, faults.delay, triggers.accept];

    return express()
      .disable("x-powered-by")
      .disable("etag")
      .use(activity.countRequest)
      .use("/inbox", localOnly, inboxPage(state, { secretKey }))
      .use(faults.answer)
      .use("/v1/inbox", localOnly, express.json(), inboxApi(state, { secretKey, mark, now: clock.now }))
      .use(authorize(secretKey))
      .use(express.json({ limit: "5mb" }))
      .post("/v1/events/trigger", ...trigger)
      .use(faults.delay)
      .delete("/v1/events/trigger/:transactionId", limitTriggers, (request, response) => {
        answer(response, 200, worker.cancel(String(request.params.transactionId)));
      })
      .get("/v2/workflows", limitConfiguration)
      .use(workflowRoutes(state, bridge, limits))
      .use(accountRoutes(integrations))
      .use(activityRoutes(state, limited(limits.readsPerSecond)))
      .use(subscriberRoutes(state, limitConfiguration))
      .put("/v1/subscribers/:id/credentials", limitConfiguration)
      .use(credentialRoutes(state, integrations))
      .use(preferenceRoutes(state, limitConfiguration))
      .use(inboxRoutes(state, { mark, limited: limitConfiguration }))
      .use((_request, response) => refuse(response, 404, "the local Novu does not have this route"));
  }

  /** Marks an in-app message at the clock's time. Throws for other messages. */
  function mark(messageId: string, as: Mark): Message {
    const message = messageOf(messageId);
    if (message.channel !== "in_app") throw new Error(`there is no in-app message "${messageId}"`);
    Object.assign(message, marked(as, new Date(clock.now()).toISOString()));
    webhooks.send(as, message);
    return message;
  }

  function messageOf(messageId: string): Message {
    const message = find(state).message(messageId);
    if (message === undefined) throw new Error(`there is no message "${messageId}"`);
    return message;
  }
}
