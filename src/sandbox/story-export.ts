import type { Decision } from "../contracts/decision.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import type { NovuRun } from "./local-novu/state.ts";
import type { CapturedEvent } from "./local-posthog/state.ts";
import { midnightBefore, momentOf, storyLines } from "./story-lines.ts";

type Properties = Record<string, unknown>;

/**
 * An action in the studio that sends no event. The kinds are methods of test/support/story.ts, except `controls` and
 * `channel`.
 */
export type NewAction =
  | { kind: "becomes"; person: string; properties: Properties }
  | { kind: "sees" | "reads"; person: string }
  | { kind: "entersCohort" | "leavesCohort"; person: string; cohort: number }
  | { kind: "channel"; person: string; provider: string; isConnected: boolean }
  | { kind: "controls"; workflow: string; step: string; values: Properties };

export type Action = NewAction & {
  at: number;
  /** The number of events in PostHog before the action. It gives the order of actions and events at the same time. */
  afterEvents: number;
};

/** The `$lib` of the app's own reports. A story does not repeat them. */
const OUR_LIB = "posthog-novu-bridge";
/** Properties that the client library sets, and those that a story passes as arguments. */
const LEFT_OUT = /^\$(lib|lib_version|geoip_disable|is_server|set|set_once)$/;
/** The path in the imports of test/workflows/stories. */
const STORY_FILE = "../story.ts";
const NAME = /^[A-Za-z_]\w*$/;

/** Everything that was done so far and the results, as a story test for test/workflows/stories. */
export function exportStory({
  events,
  actions,
  decisions,
  runs,
  now,
}: {
  events: CapturedEvent[];
  actions: Action[];
  decisions: Decision[];
  runs: NovuRun[];
  now: number;
}): string {
  const done = inOrder(events, actions);
  const startAt = Math.floor((done[0]?.at ?? now) / MINUTE_MS) * MINUTE_MS;
  const midnight = midnightBefore(startAt);

  const statements: string[] = [];
  let at = startAt;
  const passTo = (time: number) => {
    if (momentOf(time, midnight) !== momentOf(at, midnight))
      statements.push(`await story.until(${literal(momentOf(time, midnight))});`);
    at = Math.max(at, time);
  };
  for (const one of done) {
    passTo(one.at);
    statements.push(one.text);
  }
  passTo(now);

  const lines = storyLines(decisions, runs, midnight).map((line) => withStoryUuids(line, events));
  return `import { expect, it } from "vitest";
import { openStory } from ${literal(STORY_FILE)};

it("goes as it went in the sandbox", async () => {
  await using story = await openStory({
    startAt: Date.parse(${literal(new Date(startAt).toISOString())}),
    people: ${literal(peopleOf(events))},
  });
${statements.map((line) => `  ${line}\n`).join("")}
  expect(await story.lines()).toEqual([
${lines.map((line) => `    ${literal(line)},\n`).join("")}  ]);
});
`;
}

function inOrder(events: CapturedEvent[], actions: Action[]): Array<{ at: number; text: string }> {
  const actionsAfter = (count: number) => actions.filter(({ afterEvents }) => afterEvents === count).map(textOfAction);
  return [
    ...actionsAfter(0),
    ...events.flatMap((event, index) => [...(isOurs(event) ? [] : [textOfEvent(event)]), ...actionsAfter(index + 1)]),
  ];
}

function textOfEvent({ event, distinctId, properties, capturedAt }: CapturedEvent) {
  const own = Object.fromEntries(Object.entries(properties).filter(([name]) => !LEFT_OUT.test(name)));
  const set = objectOf(properties.$set);
  const values = [own, set].slice(0, isEmpty(set) ? (isEmpty(own) ? 0 : 1) : 2);
  const args = [distinctId, event, ...values].map(literal).join(", ");
  return { at: Date.parse(capturedAt), text: `await story.does(${args});` };
}

function textOfAction(action: Action) {
  const { at, kind } = action;
  if (kind === "becomes")
    return { at, text: `story.becomes(${literal(action.person)}, ${literal(action.properties)});` };
  if (kind === "channel") {
    const args = [action.person, action.provider, action.isConnected].map(literal).join(", ");
    return { at, text: `story.sandbox.novu.setChannel(${args});` };
  }
  if (kind === "entersCohort" || kind === "leavesCohort")
    return { at, text: `story.${kind}(${literal(action.person)}, ${literal(action.cohort)});` };
  if (kind === "controls") {
    const args = [action.workflow, action.step, action.values].map(literal).join(", ");
    return { at, text: `story.sandbox.novu.setControls(${args});` };
  }
  return { at, text: `await story.${kind}(${literal(action.person)});` };
}

/** The properties of each person before their first event, from `$set_once`. */
function peopleOf(events: CapturedEvent[]): Record<string, Properties> {
  const people = new Map<string, Properties>();
  for (const event of events) {
    if (isOurs(event)) continue;
    people.set(event.distinctId, { ...objectOf(event.properties.$set_once), ...people.get(event.distinctId) });
  }
  return Object.fromEntries(people);
}

/** A story gives its events other uuids: "ada-1" is the first event of ada. */
function withStoryUuids(line: string, events: CapturedEvent[]): string {
  const counts = new Map<string, number>();
  return events
    .filter((event) => !isOurs(event))
    .reduce((text, { uuid, distinctId }) => {
      const nth = (counts.get(distinctId) ?? 0) + 1;
      counts.set(distinctId, nth);
      return text.replaceAll(uuid, `${distinctId}-${nth}`);
    }, line);
}

function isOurs({ properties }: CapturedEvent): boolean {
  return properties.$lib === OUR_LIB;
}

function objectOf(value: unknown): Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Properties) : {};
}

function isEmpty(properties: Properties): boolean {
  return Object.keys(properties).length === 0;
}

/** A value as TypeScript source. */
function literal(value: unknown): string {
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, one]) => `${nameOf(name)}: ${literal(one)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function nameOf(name: string): string {
  // Without the brackets this key would set the prototype.
  if (name === "__proto__") return '["__proto__"]';
  return NAME.test(name) ? name : JSON.stringify(name);
}
