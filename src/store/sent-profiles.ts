import type { Selectable } from "kysely";
import { Subscriber } from "../contracts/routing.ts";
import { inOrder, insertRows, type Parts, prepared, type Row, together } from "./engine.ts";
import type { People, Profile, SentProfile } from "./people.ts";
import type { Tables } from "./tables.ts";

type Note = Parameters<People["saveSentProfile"]>[0];

const profilesOf = prepared<{ distinctIds: string[] }, Selectable<Tables["profiles"]>>((on, value) =>
  on.selectFrom("profiles").selectAll().where("distinct_id", "in", value("distinctIds")),
);

/** The profiles that were sent to Novu. */
export function sentProfiles({ db, now, fromRows, shareOne }: Parts) {
  return {
    findSentProfile: together(async (distinctIds: string[]) => {
      const sent = await read(distinctIds);
      return distinctIds.map((id) => sent.get(id) ?? null);
    }),

    saveSentProfile: together(async (notes: Note[]) => {
      const sent = await read(notes.map(({ profile }) => idOf(profile)));
      const newest = notes.map((note) => {
        const before = sent.get(idOf(note.profile));
        // The person was deleted during the call to Novu, so the profile is not saved again.
        if (before === undefined && note.known !== null) return { ...note.profile, isDoubtful: false };
        const after = afterNote(note, before);
        sent.set(idOf(note.profile), after);
        return after;
      });
      await write([...sent.values()]);
      return newest;
    }),
  } satisfies Partial<People>;

  async function read(distinctIds: string[]): Promise<Map<string, SentProfile>> {
    const { rows } = await profilesOf(db, { distinctIds: [...new Set(distinctIds)] });
    return new Map(rows.map((row) => [row.distinct_id, profileOf(row)]));
  }

  async function write(profiles: SentProfile[]): Promise<void> {
    const rows = inOrder(
      profiles.map((profile) => rowOf(profile, now())),
      ({ distinct_id }) => distinct_id,
    );
    await shareOne(async (on) =>
      insertRows(on, fromRows, "profiles", rows)
        ?.onConflict((conflict) =>
          conflict
            .column("distinct_id")
            .doUpdateSet((row) => ({
              occurred_at: row.ref("excluded.occurred_at"),
              body: row.ref("excluded.body"),
              is_doubtful: row.ref("excluded.is_doubtful"),
              saved_at: row.ref("excluded.saved_at"),
            }))
            .whereRef("excluded.occurred_at", ">=", "profiles.occurred_at"),
        )
        .execute(),
    );
  }
}

/**
 * Novu does not change absent fields, so the stored profile has the fields of both profiles. A field of both has the
 * newer value.
 */
function afterNote({ profile, known }: Note, before: SentProfile | undefined): SentProfile {
  if (before === undefined || isSame(before, profile)) {
    const isNewer = before !== undefined && before.occurredAt > profile.occurredAt;
    return { ...(isNewer ? before : profile), isDoubtful: false };
  }
  if (before.occurredAt > profile.occurredAt)
    return { ...before, subscriber: { ...profile.subscriber, ...before.subscriber }, isDoubtful: true };
  const wasKnown = known !== null && known.occurredAt === before.occurredAt && isSame(known, before);
  return { ...profile, subscriber: { ...before.subscriber, ...profile.subscriber }, isDoubtful: !wasKnown };
}

function isSame(one: Profile, other: Profile): boolean {
  return JSON.stringify(Subscriber.parse(one.subscriber)) === JSON.stringify(Subscriber.parse(other.subscriber));
}

function idOf({ subscriber }: Profile): string {
  return subscriber.subscriberId;
}

function profileOf({ body, occurred_at, is_doubtful }: Selectable<Tables["profiles"]>): SentProfile {
  return { subscriber: Subscriber.parse(JSON.parse(body)), occurredAt: occurred_at, isDoubtful: is_doubtful === 1 };
}

function rowOf({ subscriber, occurredAt, isDoubtful }: SentProfile, now: number): Row<"profiles"> {
  return {
    distinct_id: subscriber.subscriberId,
    occurred_at: occurredAt,
    body: JSON.stringify(subscriber),
    is_doubtful: isDoubtful ? 1 : 0,
    saved_at: now,
  };
}
