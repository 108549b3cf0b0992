import type { Cause } from "../contracts/cause.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { Routing } from "../contracts/notification.ts";
import { PermanentError } from "../lib/errors.ts";
import type { Route } from "./route.ts";

type Outcome = { outcome: "accepted" | "duplicate"; reason?: string } | { outcome: "ignored"; reason: string };

/** Keeps an event with all that it causes, or sets it aside with the reason why it causes nothing. */
export function createAccept({
  route,
  keep,
  setAside,
}: {
  route: Route;
  keep(event: LifecycleEvent, routing: Routing): Promise<"accepted" | "duplicate">;
  setAside(aside: { cause: Cause; reason: string; event: LifecycleEvent; body: string }): Promise<void>;
}): (event: LifecycleEvent, body: string) => Promise<Outcome> {
  return async (event, body) => {
    const { problems, ...routing } = route(event);
    for (const problem of problems) await setAside({ ...problem, event, body });
    const { starts, exits, profiles = [], merges = [], traits = [] } = routing;
    const reason = problems.map((problem) => problem.reason).join("; ");
    if (starts.length + exits.length + profiles.length + merges.length + traits.length === 0)
      return { outcome: "ignored", reason };
    try {
      return { outcome: await keep(event, routing), ...(reason !== "" && { reason }) };
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      await setAside({ cause: "cannot be stored", reason: error.message, event, body });
      return { outcome: "ignored", reason: error.message };
    }
  };
}
