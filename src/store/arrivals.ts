import type { ArrivedEvent, OptOutChangeRecord, ReplyRecord } from "../contracts/history.ts";
import type { Parts } from "./engine.ts";
import type { Events } from "./events.ts";

/** Everything that arrived in a period, page by page, for a rehearsal. */
export function arrivals({ db }: Parts) {
  return {
    async listArrived({ since, until, after, limit }) {
      const rows = await db
        .selectFrom("events")
        .select(["received_at", "body"])
        .where("received_at", ">=", after?.receivedAt ?? since)
        .where("received_at", "<", until)
        .$if(after !== null, (query) =>
          query.where(({ eb, refTuple, tuple }) =>
            eb(refTuple("received_at", "uuid"), ">", tuple(after?.receivedAt ?? 0, after?.uuid ?? "")),
          ),
        )
        .orderBy("received_at")
        .orderBy("uuid")
        .limit(limit)
        .execute();
      return rows.map(({ received_at, body }): ArrivedEvent => ({ ...JSON.parse(body), receivedAt: received_at }));
    },

    async listReplies({ since, until, after, limit }) {
      const rows = await db
        .selectFrom("reports")
        .select(["transaction_id", "step", "status", "distinct_id", "reported_at"])
        .where("reported_at", ">=", after?.at ?? since)
        .where("reported_at", "<", until)
        .where("status", "in", ["seen", "read"])
        .$if(after !== null, (query) =>
          query.where(({ eb, refTuple, tuple }) =>
            eb(
              refTuple("reported_at", "transaction_id", "step", "status"),
              ">",
              tuple(after?.at ?? 0, after?.transactionId ?? "", after?.step ?? "", after?.kind ?? ""),
            ),
          ),
        )
        .orderBy("reported_at")
        .orderBy("transaction_id")
        .orderBy("step")
        .orderBy("status")
        .limit(limit)
        .execute();
      return rows.map(
        (row): ReplyRecord => ({
          at: row.reported_at,
          transactionId: row.transaction_id,
          step: row.step,
          kind: row.status === "seen" ? "seen" : "read",
          distinctId: row.distinct_id,
        }),
      );
    },

    async listOptOutChanges({ after, limit }) {
      const rows = await db
        .selectFrom("opt_outs")
        .select(["distinct_id", "topic", "at", "is_out"])
        .where(({ eb, refTuple, tuple }) =>
          eb(
            refTuple("distinct_id", "topic", "at", "is_out"),
            ">",
            tuple(after?.distinctId ?? "", after?.topic ?? "", after?.at ?? "", after?.isOut ? 1 : 0),
          ),
        )
        .orderBy("distinct_id")
        .orderBy("topic")
        .orderBy("at")
        .orderBy("is_out")
        .limit(limit)
        .execute();
      return rows.map(
        ({ distinct_id, topic, at, is_out }): OptOutChangeRecord => ({
          ...{ distinctId: distinct_id, topic, at },
          isOut: is_out === 1,
        }),
      );
    },
  } satisfies Partial<Events>;
}
