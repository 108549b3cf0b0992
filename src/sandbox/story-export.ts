import type { Decision } from "../contracts/decision.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import type { NovuRun } from "./local-novu/state.ts";
import type { CapturedEvent } from "./local-posthog/state.ts";
import { midnightBefore, momentOf, storyLines } from "./story-lines.ts";

type Properties = Record<string, unknown>;

/** Something done by hand that is no event. */
export type NewAct =
  | { kind: "becomes"; person: string; properties: Properties }
  | { kind: "sees" | "reads"; person: string }
  | { kind: "controls"; workflow: string; step: string; values: Properties };

export type Act = NewAct & {
  at: number;
  /** How many events PostHog had by then: a standing clock has several acts at one time. */
  afterEvents: number;
};

/** The app's own reports come of themselves. */
const OUR_LIB = "posthog-novu-bridge";
/** What a client library adds, and what a story says in words of its own. */
const LEFT_OUT = /^\$(lib|lib_version|geoip_disable|is_server|set|set_once)$/;
/** From test/workflows/stories. */
const STORY_WORDS = "../story.ts";
const NAME = /^[A-Za-z_]\w*$/;

/** A test of everything done so far and its results, in the words of test/workflows/story.ts. */
export function exportStory({
  events,
  acts,
  decisions,
  runs,
  now,
}: {
  events: CapturedEvent[];
  acts: Act[];
  decisions: Decision[];
  runs: NovuRun[];
  now: number;
}): string {
  const done = inOrder(events, acts);
  const startAt = Math.floor((done[0]?.at ?? now) / MINUTE_MS) * MINUTE_MS;
  const midnight = midnightBefore(startAt);

  const acted: string[] = [];
  let at = startAt;
  const passTo = (time: number) => {
    if (momentOf(time, midnight) !== momentOf(at, midnight))
      acted.push(`await story.until(${literal(momentOf(time, midnight))});`);
    at = Math.max(at, time);
  };
  for (const one of done) {
    passTo(one.at);
    acted.push(one.text);
  }
  passTo(now);

  const lines = storyLines({ decisions, runs, midnight }).map((line) => withNames(line, events));
  return `import { expect, it } from "vitest";
import { openStory } from ${literal(STORY_WORDS)};

it("goes as it went in the sandbox", async () => {
  await using story = await openStory({
    startAt: Date.parse(${literal(new Date(startAt).toISOString())}),
    people: ${literal(peopleOf(events))},
  });
${acted.map((line) => `  ${line}\n`).join("")}
  expect(await story.lines()).toEqual([
${lines.map((line) => `    ${literal(line)},\n`).join("")}  ]);
});
`;
}

function inOrder(events: CapturedEvent[], acts: Act[]): Array<{ at: number; text: string }> {
  const told = (after: number) => acts.filter((act) => act.afterEvents === after).map(textOfAct);
  return [
    ...told(0),
    ...events.flatMap((event, index) => [...(isOurs(event) ? [] : [textOfEvent(event)]), ...told(index + 1)]),
  ];
}

function textOfEvent({ event, distinctId, properties, capturedAt }: CapturedEvent) {
  const said = Object.fromEntries(Object.entries(properties).filter(([name]) => !LEFT_OUT.test(name)));
  const set = objectOf(properties.$set);
  const values = [said, set].slice(0, isEmpty(set) ? (isEmpty(said) ? 0 : 1) : 2);
  const words = [distinctId, event, ...values].map(literal).join(", ");
  return { at: Date.parse(capturedAt), text: `await story.does(${words});` };
}

function textOfAct(act: Act) {
  const { at } = act;
  if (act.kind === "becomes") return { at, text: `story.becomes(${literal(act.person)}, ${literal(act.properties)});` };
  if (act.kind === "controls") {
    const words = [act.workflow, act.step, act.values].map(literal).join(", ");
    return { at, text: `story.sandbox.novu.setControls(${words});` };
  }
  return { at, text: `await story.${act.kind}(${literal(act.person)});` };
}

/** What PostHog knew of everybody before anything happened. */
function peopleOf(events: CapturedEvent[]): Record<string, Properties> {
  const people = new Map<string, Properties>();
  for (const event of events) {
    if (isOurs(event)) continue;
    people.set(event.distinctId, { ...objectOf(event.properties.$set_once), ...people.get(event.distinctId) });
  }
  return Object.fromEntries(people);
}

/** A story names its events itself: the first of ada's has the uuid "ada-1". */
function withNames(line: string, events: CapturedEvent[]): string {
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

/** A value as code; JSON, but for names that need no quotes and for what JSON leaves out. */
function literal(value: unknown): string {
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, one]) => `${nameOf(name)}: ${literal(one)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function nameOf(name: string): string {
  // Written plainly, this one would set the prototype.
  if (name === "__proto__") return '["__proto__"]';
  return NAME.test(name) ? name : JSON.stringify(name);
}
