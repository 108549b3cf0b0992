import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/lib/durations.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

const EVENTS: Array<[name: string, weight: number]> = [
  ["user_signed_up", 6],
  ["checkout_started", 6],
  ["checkout_completed", 3],
  ["session_ended", 5],
  ["key_action_completed", 2],
  ["onboarding_completed", 2],
  ["session_started", 4],
  ["subscription_upgraded", 3],
];
const PEOPLE = 8;
const ACTS = 36;
const DAYS = 14;

type Random = () => number;

/** The same numbers for the same seed, from 0 until 1. */
function randomOf(seed: number): Random {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Two weeks of a few people in this sandbox, the same for the same seed: events of PostHog and Segment, redeliveries,
 * late events, merges, replies, changes without an event, and outages of Novu and PostHog.
 */
export async function playFortnight(sandbox: Sandbox, seed: number): Promise<void> {
  const random = randomOf(seed);
  const pick = <Item>(items: Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const { posthog, segment, novu, clock } = sandbox;
  const startsAt = clock.now();
  const times = Array.from({ length: ACTS }, () => startsAt + Math.floor(random() * (DAYS - 1) * DAY_MS)).sort(
    (a, b) => a - b,
  );
  const sent: string[] = [];
  for (const at of times) {
    await clock.travelTo(at, sandbox.settled);
    act(at);
    await sandbox.settled();
  }
  novu.injectFault(null);
  posthog.injectFault(null);
  await clock.travelTo(startsAt + DAYS * DAY_MS, sandbox.settled);

  function act(at: number): void {
    const chance = random();
    if (chance < 0.62) return happen(at);
    if (chance < 0.7) return void happenAtSegment();
    if (chance < 0.78 && sent.length > 0) return posthog.resend(pick(sent));
    if (chance < 0.84) return merge();
    if (chance < 0.88) return edit();
    if (chance < 0.93) return read();
    return random() < 0.5 ? failNovu() : failPostHog();
  }

  function person(): string {
    return `person-${Math.floor(random() * PEOPLE)}`;
  }

  function event(): string {
    return pick(EVENTS.flatMap(([name, weight]) => Array.from({ length: weight }, () => name)));
  }

  /** One event in five is late, and one in twenty a day or more. */
  function happen(at: number): void {
    const lateMs = random() < 0.2 ? random() * (random() < 0.25 ? 2 * DAY_MS : 10 * MINUTE_MS) : 0;
    const distinctId = person();
    const name = event();
    sent.push(
      posthog.capture({
        event: name,
        distinctId,
        properties: { ...propertiesOf(name), $set: { email: `${distinctId}@example.com`, name: distinctId } },
        timestamp: new Date(at - Math.floor(lateMs)).toISOString(),
      }),
    );
  }

  function propertiesOf(name: string): Record<string, unknown> {
    if (name === "checkout_started")
      return { checkout_url: "https://app.testwerk.example/checkout/1", cart_value: Math.floor(random() * 100) };
    if (name === "session_ended") return { key_action: "build_report", key_action_completed: random() < 0.3 };
    return name === "subscription_upgraded" ? { plan: "pro" } : {};
  }

  function happenAtSegment(): void {
    const userId = `segment-${Math.floor(random() * 3)}`;
    const traits = { email: `${userId}@example.com`, firstName: "Sam" };
    segment.sendBatch([
      { type: "identify", userId, traits },
      { type: "track", userId, event: pick(["User Registered", "Onboarding Completed", "Application Opened"]) },
    ]);
  }

  /** A visitor of this device, or an identified person, whom PostHog does not merge. */
  function merge(): void {
    const distinctId = person();
    const former = random() < 0.7 ? `device-${Math.floor(random() * 20)}` : person();
    posthog.capture({
      event: "$identify",
      distinctId,
      properties: { $anon_distinct_id: former, $is_identified: true, $set: { email: `${distinctId}@example.com` } },
    });
  }

  function edit(): void {
    const known = posthog.state.persons.map(({ distinctIds }) => distinctIds[0] ?? "");
    if (known.length > 0) posthog.setPerson(pick(known), { onboarding_completed: random() < 0.5 });
  }

  function read(): void {
    const notes = novu.state.messages.filter(({ channel, read }) => channel === "in_app" && !read);
    if (notes.length > 0) novu.mark(pick(notes).id, "read");
  }

  function failNovu(): void {
    novu.injectFault(() => (random() < 0.5 ? { status: 503 } : "hang up"));
    // Short, because the app tries every two seconds.
    clock.at(clock.now() + (3 + random() * 5) * MINUTE_MS, () => novu.injectFault(null));
  }

  function failPostHog(): void {
    posthog.injectFault(({ path }) => (path.includes("persons") ? { status: 500 } : null));
    clock.at(clock.now() + (0.2 + random() * 6) * HOUR_MS, () => posthog.injectFault(null));
  }
}
