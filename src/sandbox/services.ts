import type { App } from "../app.ts";
import { LOCAL_KEYS } from "./local-keys.ts";
import type { LocalNovu } from "./local-novu/local-novu.ts";
import type { LocalPostHog } from "./local-posthog/local-posthog.ts";
import type { LocalSegment } from "./local-segment/local-segment.ts";

export interface Services {
  posthog: LocalPostHog;
  segment: LocalSegment;
  novu: LocalNovu;
}

/** Resolves when the app and the services only wait for time to pass. */
export async function settle({ posthog, segment, novu }: Services, app: () => App): Promise<void> {
  // Work that ends in one service may start work in another. Repeat until a pass has started nothing new.
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
    return posthog.tasks() + segment.tasks() + novu.tasks();
  }
}

/** Calls an API of the local Novu, as Novu's dashboard and Novu's command-line tool do. */
export async function postToNovu({ url }: LocalNovu, path: string, body: object): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the local Novu answered ${response.status}: ${await response.text()}`);
}
