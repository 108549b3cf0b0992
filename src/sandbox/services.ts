import type { App } from "../app.ts";
import type { NovuPlan } from "../contracts/novu.ts";
import type { Clock } from "../lib/clock.ts";
import { LOCAL_KEYS } from "./local-keys.ts";
import { type LocalNovu, openLocalNovu } from "./local-novu/local-novu.ts";
import type { NovuState } from "./local-novu/state.ts";
import { type LocalPostHog, openLocalPostHog } from "./local-posthog/local-posthog.ts";
import type { PostHogState } from "./local-posthog/state.ts";
import { type LocalSegment, openLocalSegment } from "./local-segment/local-segment.ts";
import type { SegmentState } from "./local-segment/state.ts";

export interface Services {
  posthog: LocalPostHog;
  segment: LocalSegment;
  novu: LocalNovu;
}

export interface ServiceStates {
  novuState?: NovuState | undefined;
  posthogState?: PostHogState | undefined;
  segmentState?: SegmentState | undefined;
}

export async function openServices({
  clock,
  plan,
  ports,
  novuState,
  posthogState,
  segmentState,
}: ServiceStates & {
  clock: Clock;
  plan: NovuPlan;
  ports: { posthog: number; segment: number; novu: number };
}): Promise<Services> {
  return {
    posthog: await openLocalPostHog({ ...LOCAL_KEYS, clock, port: ports.posthog, state: posthogState }),
    segment: await openLocalSegment({ ...LOCAL_KEYS, clock, port: ports.segment, state: segmentState }),
    novu: await openLocalNovu({ secretKey: LOCAL_KEYS.novu, plan, clock, port: ports.novu, state: novuState }),
  };
}

/** Resolves when the app and the services only wait for time to pass. */
export async function settle({ posthog, segment, novu }: Services, app: () => App): Promise<void> {
  // The end of something in one of them may start something in another: all must be idle in one pass.
  let before: number;
  do {
    before = countAll();
    await posthog.idle();
    await segment.idle();
    await app().idle();
    await novu.idle();
    await new Promise(setImmediate);
  } while (countAll() !== before);

  function countAll(): number {
    return (
      posthog.state.events.length +
      posthog.state.deliveries.length +
      segment.state.messages.length +
      segment.state.deliveries.length +
      novu.bridgeCalls.length +
      novu.triggers.length +
      novu.webhooks.deliveries.flatMap(({ attempts }) => attempts).length +
      novu.state.messages.length
    );
  }
}

/** Calls an API of the local Novu that its dashboard and its command call. */
export async function postToNovu({ url }: LocalNovu, path: string, body: object): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the local Novu answered ${response.status}: ${await response.text()}`);
}
