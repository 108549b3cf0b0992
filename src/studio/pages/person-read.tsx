import type { ReactElement, ReactNode } from "react";
import type { Source } from "../../contracts/event.ts";
import { PROPERTY_NAMES } from "../../contracts/person.ts";
import type { PersonReading } from "../facts.ts";
import type { RawProperty } from "../sandbox-sources.ts";
import { exact, Id, Notice, Panel, Pill } from "../ui/parts.tsx";

const FROM = {
  posthog: { read: "Read from PostHog", place: "PostHog" },
  segment: { read: "Read from Segment", place: "Segment" },
  own: { read: "Read from the store’s own records of their events", place: "The store" },
} as const;

interface Reading {
  reading: PersonReading;
  /** The source of the runs that read so. */
  source: Source;
  readAt: string;
  /** As their source has them, where that is known. */
  raw: Record<string, RawProperty> | null;
}

/** The declared properties of a person as a step reads them. */
export function ReadPanel({ reading, source, readAt, raw, footer }: Reading & { footer: ReactNode }): ReactElement {
  const unreadable = reading.outcome === "found" ? reading.unreadable.length : 0;
  return (
    <Panel
      title="Properties that the workflows read"
      aside={
        unreadable === 0 ? undefined : (
          <Pill tone="bad" count={unreadable}>
            cannot be read
          </Pill>
        )
      }
      footer={footer}
    >
      {reading.outcome === "found" ? (
        <Properties reading={reading} readAt={readAt} raw={raw} />
      ) : (
        <div className="body">
          <Notice tone="warn">
            {reading.outcome === "not found" ? missing(reading, readAt) : unasked(reading, { source, readAt })}
          </Notice>
        </div>
      )}
    </Panel>
  );
}

function Properties({
  reading: { source, properties, unreadable },
  readAt,
  raw,
}: {
  reading: Extract<PersonReading, { outcome: "found" }>;
  readAt: string;
  raw: Reading["raw"];
}): ReactElement {
  const isThere = (name: (typeof PROPERTY_NAMES)[number]) =>
    unreadable.includes(name) || properties[name] !== undefined;
  const absent = PROPERTY_NAMES.filter((name) => !isThere(name));
  return (
    <>
      <div className="body">
        <p className="quiet">
          {FROM[source].read} at <time dateTime={readAt}>{exact(readAt)}</time>. A step reads them anew when it runs.
        </p>
      </div>
      <dl className="reads">
        {PROPERTY_NAMES.filter(isThere).map((name) => (
          <div key={name}>
            <dt>
              <Id>{name}</Id>
            </dt>
            <dd>
              {unreadable.includes(name) ? (
                <>
                  <Pill tone="bad">cannot be read</Pill>
                  {name === "unsubscribed_from" ? <span>It counts as an opt-out from everything.</span> : null}
                </>
              ) : (
                <code>{JSON.stringify(properties[name])}</code>
              )}
              <Raw raw={raw?.[name]} name={name} value={properties[name]} place={FROM[source].place} />
            </dd>
          </div>
        ))}
      </dl>
      <div className="body">
        {unreadable.length === 0 ? null : (
          <p>A message whose condition asks for a property that cannot be read is not sent.</p>
        )}
        {absent.length === 0 ? null : <p className="quiet">Not there: {absent.join(", ")}</p>}
      </div>
    </>
  );
}

/** The property as its source has it, where that is not what was read. */
function Raw({
  raw,
  name,
  value,
  place,
}: {
  raw: RawProperty | undefined;
  name: string;
  value: unknown;
  place: string;
}): ReactElement | null {
  if (raw === undefined) return null;
  if (raw.spelled === null) return <span className="two">{place} has it under other names.</span>;
  if (raw.spelled === name && JSON.stringify(raw.value) === JSON.stringify(value)) return null;
  return (
    <span className="two">
      {place} has <code>{raw.spelled}</code>: <code>{JSON.stringify(raw.value)}</code>
    </span>
  );
}

function missing({ source }: Extract<PersonReading, { outcome: "not found" }>, readAt: string): string {
  const nobody = `${FROM[source].place} had no such person at ${exact(readAt)}.`;
  return source === "own" ? nobody : `${nobody} A step sends nothing to somebody who is not there.`;
}

function unasked(
  { why }: Extract<PersonReading, { outcome: "unavailable" }>,
  { source, readAt }: Pick<Reading, "source" | "readAt">,
): string {
  const copy = "the copy that came with the event of its run";
  const known = source === "segment" ? `the store’s own records of the person, or else by ${copy}` : copy;
  return `The person could not be asked for at ${exact(readAt)}: ${why}. A step that runs meanwhile goes by ${known}, unless its workflow waits for the person.`;
}
