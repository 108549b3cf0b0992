import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { DAY_MS } from "../../src/lib/durations.ts";

const DAYS = 30;
/** A history ends here. */
export const UNTIL = Date.parse("2026-11-01T00:00:00Z");
export const SINCE = UNTIL - DAYS * DAY_MS;

const SIGN_UP = "user_signed_up";
/** Three people in ten sign up in these days. */
const NEW_PEOPLE = 0.3;
/** Out of a hundred events. */
const SHARES: Record<string, number> = {
  session_started: 38,
  session_ended: 12,
  feature_first_used: 8,
  pricing_page_viewed: 8,
  onboarding_step_completed: 7,
  checkout_started: 6,
  $set: 5,
  key_action_completed: 5,
  checkout_completed: 4,
  onboarding_completed: 3,
  onboarding_stalled: 2,
  subscription_upgraded: 2,
};
const NAMES = Object.entries(SHARES).flatMap(([name, share]) => Array.from({ length: share }, () => name));
const STEPS = ["connect_data", "invite_team", "build_report"];
const FEATURES = ["alerts", "dashboards", "exports"];
const ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"];

/** Webhook bodies of PostHog: 30 days with this number of events of a fifth as many people, always the same. */
export async function writeHistory(file: string, events: number): Promise<void> {
  const random = randomNumbers();
  const pick = <Item>(items: Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const people = Math.ceil(events / 5);
  const times = Array.from({ length: events }, () => SINCE + Math.floor(random() * DAYS * DAY_MS)).sort(
    (a, b) => a - b,
  );
  const signUps = Array.from({ length: Math.floor(people * NEW_PEOPLE) }, (_, index) => index);

  const out = createWriteStream(file);
  for (const [number, at] of times.entries()) {
    // Each of the new people signs up once, evenly over the days.
    const signsUp =
      Math.floor((number * signUps.length) / events) < Math.floor(((number + 1) * signUps.length) / events);
    const person = signsUp ? Math.floor((number * signUps.length) / events) : Math.floor(random() * people);
    const name = signsUp ? SIGN_UP : pick(NAMES);
    if (!out.write(`${JSON.stringify(body(number, at, person, name))}\n`)) await once(out, "drain");
  }
  out.end();
  await finished(out);

  function body(number: number, at: number, person: number, name: string) {
    const distinctId = `person-${person}`;
    const timestamp = new Date(at).toISOString();
    const known = { email: `${distinctId}@example.com`, name: `Person ${person}`, $timezone: ZONES[person % 4] };
    const changed = name === "$set" ? { onboarding_completed: random() < 0.5 } : {};
    return {
      event: {
        ...{ uuid: `event-${number}`, event: name, distinct_id: distinctId, timestamp, captured_at: timestamp },
        properties: { ...propertiesOf(name, number), $set: changed, $lib: "posthog-node" },
      },
      person: { id: `id-${person}`, properties: { ...known, ...changed } },
    };
  }

  function propertiesOf(name: string, number: number): Record<string, unknown> {
    if (name === SIGN_UP) return { signup_method: "google" };
    if (name === "checkout_started")
      return {
        cart_value: Math.floor(random() * 200),
        currency: "USD",
        checkout_url: `https://app.acme.example/${number}`,
      };
    if (name === "session_ended") return { key_action: "build_report", key_action_completed: random() < 0.5 };
    if (name === "feature_first_used") return { feature_name: pick(FEATURES) };
    if (name.startsWith("onboarding_")) return { step: pick(STEPS) };
    return name === "subscription_upgraded" ? { plan: "pro" } : {};
  }
}

/** From 0 until 1, the same in each process. */
function randomNumbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
