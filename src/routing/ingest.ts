import type { Cause } from "../contracts/cause.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { Routing } from "../contracts/notification.ts";
import { PermanentError } from "../lib/errors.ts";
import { uuidV5 } from "../lib/uuid-v5.ts";
import type { Route } from "./route.ts";

type Outcome = { outcome: "accepted" | "duplicate"; reason?: string } | { outcome: "ignored"; reason: string };

/** Keeps an event with all that it causes, or sets it aside with the reason why it causes nothing. */
export function createAccept({
  route,
  keep,
  keepIgnored,
}: {
  route: Route;
  /** Keeps nothing of `another event`, whose uuid is that of an event with another name or distinct id. */
  keep(event: LifecycleEvent, routing: Routing): Promise<"accepted" | "duplicate" | "another event">;
  keepIgnored(aside: { cause: Cause; reason: string; event: LifecycleEvent; body: string }): Promise<void>;
}): (event: LifecycleEvent, body: string) => Promise<Outcome> {
  return async (event, body) => {
    const { problems, ...routing } = route(event);
    for (const problem of problems) await keepIgnored({ ...problem, event, body });
    const { starts, exits, profiles = [], joins = [], traits = [] } = routing;
    const reasons = problems.map(({ reason }) => reason);
    if (starts.length + exits.length + profiles.length + joins.length + traits.length === 0)
      return { outcome: "ignored", reason: reasons.join("; ") };
    try {
      const { outcome, uuid } = await keepApart(event, routing);
      if (uuid !== event.uuid) reasons.push(`its uuid is that of another event, so it is kept as ${uuid}`);
      return { outcome, ...(reasons.length > 0 && { reason: reasons.join("; ") }) };
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      await keepIgnored({ cause: "cannot be stored", reason: error.message, event, body });
      return { outcome: "ignored", reason: error.message };
    }
  };

  /** Some SDK versions repeat a uuid for another person. Such an event gets one of its own, the same each time it is told. */
  async function keepApart(
    event: LifecycleEvent,
    routing: Routing,
  ): Promise<{ outcome: "accepted" | "duplicate"; uuid: string }> {
    const { uuid, name, distinctId } = event;
    const outcome = await keep(event, routing);
    if (outcome !== "another event") return { outcome, uuid };
    const own = { ...event, uuid: uuidV5(JSON.stringify([uuid, name, distinctId])) };
    return keepApart(own, route(own));
  }
}
