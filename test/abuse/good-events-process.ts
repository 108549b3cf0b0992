import { randomUUID } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { delivery } from "../support/webhook.ts";
import { answerAsks } from "./answer-asks.ts";
import type { GoodAsk, Sent } from "./good-events.ts";
import { postHogProof } from "./signing.ts";
import { openTimedSender } from "./timed-sender.ts";
import { bytesOf } from "./wire.ts";

const TURN_MS = 25;

let timer: NodeJS.Timeout | undefined;
let sender: ReturnType<typeof openTimedSender> | null = null;
const delay = monitorEventLoopDelay({ resolution: 5 });

answerAsks<GoodAsk, Sent | null>(async (ask) => {
  if (ask.kind === "stop") return stop();
  sender = openTimedSender(ask.port);
  delay.reset();
  delay.enable();
  const perTurn = (ask.rate * TURN_MS) / 1000;
  const startedAt = performance.now();
  let sent = 0;
  timer = setInterval(() => {
    // All that are due, also after a late timer.
    const due = ((performance.now() - startedAt) / TURN_MS) * perTurn;
    for (; sent < due; sent += 1) sender?.send(goodEvent());
  }, TURN_MS);
  return null;
});

async function stop(): Promise<Sent> {
  clearInterval(timer);
  const seen = await sender!.close();
  delay.disable();
  return { ...seen, ownDelayP99Ms: Math.round(delay.percentile(99) / 1e5) / 10 };
}

function goodEvent(): { transactionId: string; bytes: Buffer } {
  const uuid = randomUUID();
  const body = JSON.stringify(
    delivery({
      uuid,
      event: "checkout_started",
      distinctId: `person-${uuid}`,
      timestamp: new Date().toISOString(),
      properties: { checkout_url: "https://app.acme.example/checkout" },
    }),
  );
  const headers = { "content-type": "application/json", ...postHogProof(uuid, body) };
  return {
    transactionId: `${uuid}:drop-off`,
    bytes: bytesOf({ method: "POST", target: "/webhooks/posthog", headers, body }),
  };
}
