import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { openLocalNovu } from "../../src/sandbox/local-novu/local-novu.ts";
import { openLocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock } from "../../src/sandbox/virtual-clock.ts";
import { openStub } from "../bench/stub.ts";
import { answerAsks } from "./answer-asks.ts";
import { openFront } from "./novu-front.ts";
import type { Arrived, Opened, ServicesAsk } from "./services.ts";

const TRIGGERS_PER_SECOND = 2_000;

let front: Awaited<ReturnType<typeof openFront>>;
let sync: (bridgeUrl: string) => Promise<void> = async () => {};

answerAsks<ServicesAsk, Opened | Arrived | null>(async (ask) => {
  if (ask.kind === "open") return ask.local ? openLocal() : openStubs();
  if (ask.kind === "connect") await sync(ask.bridgeUrl);
  if (ask.kind === "trouble") front.setTrouble(ask.trouble);
  return ask.kind === "take" ? front.take() : null;
});

async function openStubs(): Promise<Opened> {
  const stub = await openStub();
  front = await openFront(null);
  return { novuUrl: front.url, posthogUrl: stub.url };
}

async function openLocal(): Promise<Opened> {
  const clock = createVirtualClock({ startAt: Date.now(), flowing: true });
  const novu = await openLocalNovu({
    secretKey: LOCAL_KEYS.novu,
    plan: "enterprise",
    triggersPerSecond: TRIGGERS_PER_SECOND,
    clock,
    port: 0,
  });
  const posthog = await openLocalPostHog({ ...LOCAL_KEYS, clock, port: 0 });
  front = await openFront(novu.url);
  sync = async (bridgeUrl) => {
    const response = await fetch(`${novu.url}/v1/bridge/sync`, {
      method: "POST",
      headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
      body: JSON.stringify({ bridgeUrl }),
    });
    if (!response.ok) throw new Error(`the workflows cannot be synced: ${await response.text()}`);
  };
  return { novuUrl: front.url, posthogUrl: posthog.url };
}
