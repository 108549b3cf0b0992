import express, { type RequestHandler } from "express";
import type { Clock } from "../../lib/clock.ts";
import { serve } from "../../lib/server.ts";
import { createActivity } from "../activity.ts";
import { commandRoutes } from "../command-routes.ts";
import { createFaultInjection } from "../fault-injection.ts";
import type { Attempt } from "../signed-webhook.ts";
import { counted, type ProfileLimits, type ProfileReads, profileApi, trackingApi } from "./api.ts";
import { createDeliveries } from "./deliveries.ts";
import { messageOf, messagesIn } from "./message.ts";
import { applyMessage, find, setTraits } from "./profiles.ts";
import { emptySegmentState, type SegmentCall, type SegmentMessage, type SegmentState } from "./state.ts";

export type LocalSegment = Awaited<ReturnType<typeof openLocalSegment>>;

interface SegmentOptions {
  segmentWriteKey: string;
  segmentSpaceId: string;
  segmentProfileToken: string;
  /** No message and no delivery is kept. */
  isRehearsal?: boolean;
  clock: Clock;
  port: number;
  state?: SegmentState | undefined;
}

/** The parts of Segment that the bridge uses: tracking, profiles, and deliveries with retries. */
export async function openLocalSegment({
  segmentWriteKey: writeKey,
  segmentSpaceId: spaceId,
  segmentProfileToken: token,
  isRehearsal = false,
  clock,
  port,
  state: savedState,
}: SegmentOptions) {
  // The saved state of an earlier version lacks newer fields.
  const state: SegmentState = { ...emptySegmentState(), ...savedState };
  const reads: ProfileReads = { calls: 0, inProgress: 0, mostInProgress: 0 };
  // Reads are never refilled, because the clock of a sandbox may stand still.
  const limits: ProfileLimits = { readsLeft: null };
  const activity = createActivity(clock);
  const faults = createFaultInjection();
  const deliveries = createDeliveries({ state, keepsDeliveries: !isRehearsal, clock, activity });

  const app = express()
    .disable("x-powered-by")
    .disable("etag")
    .use(commandRoutes(state, clock), activity.countRequest, counted(reads))
    .use(faults.answer, faults.delay)
    .use(profileApi(state, { spaceId, token }, limits))
    .use(trackingApi(writeKey, sendBatch))
    .use(noRoute);

  const server = await serve(app, { port, host: "127.0.0.1" });
  return {
    url: server.url,
    close: server.close,
    state,
    reads,
    limits,
    /** Messages go to this destination from now on. */
    connect: deliveries.connect,
    /** Ingests a call as the Tracking API does, and returns the call's messageId. */
    send(call: SegmentCall): string {
      const [messageId = ""] = sendBatch([call]);
      return messageId;
    },
    sendBatch,
    /** Sends a message to the destination again. */
    resend(messageId: string): void {
      const message = state.messages.find((one) => one.messageId === messageId);
      if (message === undefined) throw new Error(`no message ${messageId} to send again`);
      deliveries.send([message]);
    },
    /**
     * Saves the messages in a body and their profiles, then signs the body and sends it unchanged. Returns the id of
     * the delivery. Throws if no destination is connected.
     */
    deliver(body: string): string {
      const known = new Set(state.messages.map(({ messageId }) => messageId));
      insert(messagesIn(body, clock.now()).filter(({ messageId }) => !known.has(messageId)));
      return deliveries.deliver(body).id;
    },
    /** Sends a webhook's body of the past again. Returns the attempts of the delivery, which come later. */
    replay(body: string): Attempt[] {
      insert(messagesIn(body, clock.now()));
      return deliveries.deliver(body).attempts;
    },
    /** Sets traits of a user without a message; undefined removes a trait. Throws for an unknown user. */
    setTraits: (userId: string, traits: Record<string, unknown>) => setTraits(state.profiles, userId, traits),
    deleteProfile(userId: string): void {
      const gone = find(state.profiles, userId);
      if (gone !== undefined) state.profiles.splice(state.profiles.indexOf(gone), 1);
    },
    /** Resolves when every delivery has ended or waits for its retry. */
    idle: activity.idle,
    tasks: activity.count,
    injectFault: faults.set,
  };

  function sendBatch(calls: SegmentCall[]): string[] {
    const messages = calls.map((call) => messageOf(call, clock.now()));
    insert(messages);
    deliveries.send(messages);
    return messages.map(({ messageId }) => messageId);
  }

  function insert(messages: SegmentMessage[]): void {
    for (const message of messages) applyMessage(state.profiles, message);
    if (!isRehearsal) state.messages.push(...messages);
  }
}

const noRoute: RequestHandler = (_request, response) => {
  response.status(404).json({ message: "the local Segment does not have this route" });
};
