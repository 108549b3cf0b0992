import type { ReactElement, ReactNode } from "react";
import type { Source } from "../../contracts/event.ts";
import { PROPERTY_NAMES } from "../../contracts/person.ts";
import { SOURCES } from "../../contracts/sources.ts";
import type { PersonReading } from "../facts.ts";
import type { Concealed } from "../privacy.ts";
import type { RawProperty } from "../sandbox-sources.ts";
import { exact, Id, Notice, Panel, Pill } from "../ui/parts.tsx";

interface Reading {
  reading: Concealed<PersonReading>;
  /** The source of the runs that read the person this way. */
  source: Source;
  readAt: string;
  /** The properties as the source has them; null if unknown. */
  raw: Record<string, RawProperty> | null;
}

type Found = Extract<Reading["reading"], { outcome: "found" }>;

/** The declared properties of a person as a step reads them. */
export function ReadPanel({ reading, source, readAt, raw, footer }: Reading & { footer: ReactNode }): ReactElement {
  const unreadable = reading.outcome === "found" ? reading.unreadable.length : 0;
  return (
    <Panel
      title="Properties that the workflows read"
      actions={
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
            {reading.outcome === "not found" ? notFound(reading, readAt) : unavailable(reading, { source, readAt })}
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
  reading: Found;
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
          Read from {source === "own" ? "the events that this app received" : SOURCES[source].label} at{" "}
          <time dateTime={readAt}>{exact(readAt)}</time>. Each step reads them again.
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
              <Raw raw={raw?.[name]} name={name} value={properties[name]} sourceName={labelOf(source)} />
            </dd>
          </div>
        ))}
      </dl>
      <div className="body">
        {unreadable.length === 0 ? null : (
          <p>A message is not sent if its condition needs a property that cannot be read.</p>
        )}
        {absent.length === 0 ? null : <p className="quiet">Not there: {absent.join(", ")}</p>}
      </div>
    </>
  );
}

/** The property as the source has it, if that differs from the value that was read. */
function Raw({
  raw,
  name,
  value,
  sourceName,
}: {
  raw: RawProperty | undefined;
  name: string;
  value: unknown;
  sourceName: string;
}): ReactElement | null {
  if (raw === undefined) return null;
  if (raw.spelled === null) return <span className="two">{sourceName} has it under other names.</span>;
  if (raw.spelled === name && JSON.stringify(raw.value) === JSON.stringify(value)) return null;
  return (
    <span className="two">
      {sourceName} has <code>{raw.spelled}</code>: <code>{JSON.stringify(raw.value)}</code>
    </span>
  );
}

function notFound({ source }: Extract<PersonReading, { outcome: "not found" }>, readAt: string): string {
  const missing = `${labelOf(source)} had no such person at ${exact(readAt)}.`;
  return source === "own" ? missing : `${missing} A step sends no message to a person who does not exist.`;
}

function unavailable(
  { why }: Extract<PersonReading, { outcome: "unavailable" }>,
  { source, readAt }: Pick<Reading, "source" | "readAt">,
): string {
  const copy = "the properties of the event that started its run";
  const known = SOURCES[source].storesPersons ? `the events that this app received, or ${copy}` : copy;
  return `The person could not be read at ${exact(readAt)}: ${why}. As long as this lasts, a step uses ${known}, unless its workflow waits for the person.`;
}

function labelOf(source: Found["source"]): string {
  return source === "own" ? "This app" : SOURCES[source].label;
}
