import type { LifecycleEvent } from "../contracts/event.ts";
import { matchKey } from "../contracts/exit-match.ts";
import { email } from "../contracts/property-types.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { jsonOf } from "../lib/json.ts";
import { recordingReads } from "./recorded-reads.ts";

/** The effect of an event on one workflow, without storing or sending anything. */
export interface Outcome {
  /** By matcher of the event; "fails" if its `where` throws. */
  matches: Array<boolean | "unreadable" | "fails">;
  starts: boolean;
  /** Why the event would start nothing although it matches; null if it fits. Names fields, and no values. */
  misfit: string | null;
  /** The properties because of which no matcher can read the event, or because of which it ends all runs of a person. */
  mistyped: string[];
  /** The fields of the payload that are empty, and the properties that have no email address. */
  empty: string[];
  /** The same text for the same matches, payload and email address. */
  text: string;
}

export function outcomeOf(workflow: WorkflowRoutes, event: LifecycleEvent): Outcome {
  const matchers = workflow.matchers.filter((matcher) => matcher.event === event.name);
  const matches = matchers.map(({ wants }) => attempt(() => wants(event)));
  const starts = matchers.some(({ does }, index) => does === "starts" && matches[index] === true);
  // Only an event that can start the workflow has its properties.
  const fitted = matchers.some(({ does }) => does === "starts") ? workflow.payloadOf(event) : { payload: {} };
  const payload = "payload" in fitted ? fitted.payload : {};
  const emails = matchers.flatMap(({ emailIn }) =>
    emailIn === undefined ? [] : [{ emailIn, reading: email(event.properties[emailIn]) }],
  );
  return {
    matches,
    starts,
    misfit: starts && "misfit" in fitted ? fitted.misfit : null,
    mistyped: [
      ...new Set(matches.includes(true) ? valuesLacking() : matchers.flatMap(({ mistyped }) => mistyped(event))),
    ],
    empty: [
      ...Object.keys(payload).filter((name) => payload[name] == null),
      ...emails.flatMap(({ emailIn, reading }) => (typeof reading === "string" ? [emailIn] : [])),
    ],
    text: jsonOf([matches, fitted, workflow.exitBy(event).matches, workflow.waitsEndedBy(event).waits, emails]) ?? "",
  };

  /** The properties by which the event would end only some runs, if they had a usable value. */
  function valuesLacking(): string[] {
    return matchers.flatMap(({ same }) =>
      same === undefined || matchKey(workflow.id, same.payload, event.properties[same.event]) !== null
        ? []
        : [same.event],
    );
  }
}

/** The properties that the workflow reads in this event: in a `where`, for its payload or its address, or to end certain runs. */
export function readsIn(workflow: WorkflowRoutes, event: LifecycleEvent): string[] {
  const names = new Set<string>();
  outcomeOf(workflow, { ...event, properties: recordingReads(event.properties, names) });
  return [...names];
}

/** The same event with another value of one property; undefined removes the property. */
export function withProperty(event: LifecycleEvent, property: string, value: unknown): LifecycleEvent {
  const { [property]: _, ...others } = event.properties;
  return { ...event, properties: value === undefined ? others : { ...others, [property]: value } };
}

function attempt<Value>(run: () => Value): Value | "fails" {
  try {
    return run();
  } catch {
    return "fails";
  }
}
