import type { SandboxDelivery } from "../../contracts/sandbox.ts";
import { RowTable } from "../ui/fields.tsx";
import { Empty, olderLink, Panel } from "../ui/parts.tsx";
import { DELIVERY_COLUMNS } from "./delivery-fields.tsx";
import { newestFirst, sandboxPage } from "./sandbox-page.ts";

interface Deliveries {
  deliveries: SandboxDelivery[];
  before: number | null;
}

/** The webhooks of the local PostHog and Segment, with the answers of the app. */
export const deliveriesPage = sandboxPage<Deliveries>({
  path: "/deliveries",
  async read({ sandbox, query: { event, before: shownBefore } }) {
    const { rows, before } = newestFirst(sandbox.deliveries(), {
      before: shownBefore,
      isWanted: ({ eventUuid }) => event === undefined || eventUuid === event,
    });
    return { deliveries: rows, before };
  },

  view: ({ deliveries, before }, frame) => ({
    title: "Deliveries",
    lead: "Each webhook of the local PostHog and the local Segment, with the answer of the app.",
    content: (
      <Panel
        title="Newest first"
        footer={olderLink("Older deliveries", "/studio/deliveries", { event: frame.query.event }, before)}
      >
        {deliveries.length === 0 ? (
          <Empty icon="deliveries" title="No delivery yet">
            <a href="/studio/fire">Fire an event</a>.
          </Empty>
        ) : (
          <RowTable
            caption="Deliveries"
            fields={DELIVERY_COLUMNS}
            rows={deliveries}
            keyOf={({ id }) => id}
            frame={frame}
          />
        )}
      </Panel>
    ),
  }),
});
