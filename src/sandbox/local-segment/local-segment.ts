import express from "express";
import type { Clock } from "../../lib/clock.ts";
import { type Listening, serve } from "../../lib/server.ts";
import { createActivity } from "../activity.ts";
import { type Interference, interferable } from "../interference.ts";
import { createDeliveries, type SegmentDestination } from "./deliveries.ts";
import { completed, messagesIn } from "./message.ts";
import { counted, type ProfileLimits, type ProfileReads, profileApi } from "./profile-api.ts";
import { find, profileAfter, setTraits } from "./profiles.ts";
import { emptySegmentState, type SegmentCall, type SegmentMessage, type SegmentState } from "./state.ts";
import { trackingApi } from "./tracking-api.ts";

export interface LocalSegment extends Pick<Listening, "url" | "close"> {
  state: SegmentState;
  /** Of profiles, over the API. */
  reads: ProfileReads;
  limits: ProfileLimits;
  /** Where messages go from now on. */
  connect(destination: SegmentDestination): void;
  /** Takes a message in, as its Tracking API does, and answers its messageId. */
  send(call: SegmentCall): string;
  sendBatch(calls: SegmentCall[]): string[];
  /** Sends a message to the destination once more. */
  resend(messageId: string): void;
  /**
   * Sends a body as it is, with the proof of the destination's way, and answers the delivery's id. The
   * messages in it and their people are known from then on. Throws when nothing is connected.
   */
  deliver(body: string): string;
  /** Sets traits of a person without any message; undefined takes one away. Throws for somebody unknown. */
  setTraits(userId: string, traits: Record<string, unknown>): void;
  deleteProfile(userId: string): void;
  /** Resolves when every delivery has come to its end or waits for its retry. */
  idle(): Promise<void>;
  interfere(interference: Interference | null): void;
}

/** Segment on this machine as far as the bridge can tell: tracking, profiles, and deliveries that are retried. */
export async function openLocalSegment({
  segmentWriteKey: writeKey,
  segmentSpaceId: spaceId,
  segmentProfileToken: token,
  clock,
  port,
  state: remembered,
}: {
  segmentWriteKey: string;
  segmentSpaceId: string;
  segmentProfileToken: string;
  clock: Clock;
  port: number;
  state?: SegmentState | undefined;
}): Promise<LocalSegment> {
  // What was saved by an earlier version may lack what came since.
  const state: SegmentState = { ...emptySegmentState(), ...remembered };
  const reads: ProfileReads = { calls: 0, inProgress: 0, mostInProgress: 0 };
  // The clock of a sandbox may stand, and then a second would never be over.
  const limits: ProfileLimits = { readsLeft: null };
  const activity = createActivity(clock);
  const interference = interferable();
  const deliveries = createDeliveries({ state, clock, activity });

  const app = express()
    .disable("x-powered-by")
    .use(counted(reads))
    .use(interference.handler)
    .use(profileApi({ state, spaceId, token, limits }))
    .use(trackingApi({ writeKey, take: sendBatch }))
    .use((_request, response) => {
      response.status(404).json({ message: "the local Segment does not know this route" });
    });

  const server = await serve(app, { port, host: "127.0.0.1" });
  return {
    url: server.url,
    close: server.close,
    state,
    reads,
    limits,
    connect: deliveries.connect,
    send(call) {
      const [messageId = ""] = sendBatch([call]);
      return messageId;
    },
    sendBatch,
    resend(messageId) {
      const message = state.messages.find((one) => one.messageId === messageId);
      if (message === undefined) throw new Error(`no message ${messageId} to send again`);
      deliveries.send([message]);
    },
    deliver(body) {
      const known = new Set(state.messages.map(({ messageId }) => messageId));
      keep(messagesIn(body, clock.now()).filter(({ messageId }) => !known.has(messageId)));
      return deliveries.deliver(body);
    },
    setTraits: (userId, traits) => setTraits(state.profiles, userId, traits),
    deleteProfile(userId) {
      const gone = find(state.profiles, userId);
      if (gone !== undefined) state.profiles.splice(state.profiles.indexOf(gone), 1);
    },
    idle: activity.idle,
    interfere: interference.set,
  };

  function sendBatch(calls: SegmentCall[]): string[] {
    const messages = calls.map((call) => completed(call, clock.now()));
    keep(messages);
    deliveries.send(messages);
    return messages.map(({ messageId }) => messageId);
  }

  function keep(messages: SegmentMessage[]): void {
    for (const message of messages) profileAfter(state.profiles, message);
    state.messages.push(...messages);
  }
}
