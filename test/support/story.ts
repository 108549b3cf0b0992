import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { contextKeysOf } from "../../src/sandbox/local-novu/contexts.ts";
import type { Message } from "../../src/sandbox/local-novu/state.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { midnightBefore, momentOf, storyLines } from "../../src/sandbox/story-lines.ts";
import { testProduct } from "./product/product.ts";
import { type TestSandboxOptions, testSandbox } from "./sandbox.ts";
import { type Properties, postHogSource, segmentSource } from "./story-sources.ts";

const MOMENT = /^day (\d+) (\d\d):(\d\d)$/;

export interface Story extends AsyncDisposable {
  sandbox: Sandbox;
  /**
   * A person does something now, or at `happenedAt` (ISO 8601), and the source sends the event; `set` are the person
   * properties that it changes. The first event of ada has the uuid "ada-1". Resolves when everything that follows at
   * once has happened.
   */
  does(person: string, event: string, properties?: Properties, set?: Properties, happenedAt?: string): Promise<void>;
  /** Changes a person's properties at the source without an event. */
  becomes(person: string, properties: Properties): void;
  /** The source deletes a person. */
  forgets(person: string): void;
  /** PostHog puts a person into a cohort, which the daily sweep finds. Throws if no workflow starts on the cohort. */
  entersCohort(person: string, cohort: number): void;
  /** PostHog takes a person out of a cohort. */
  leavesCohort(person: string, cohort: number): void;
  /** A person opens the app and sees all in-app messages, without a click. */
  sees(person: string): Promise<void>;
  /** A person reads all in-app messages. */
  reads(person: string): Promise<void>;
  /** The app's answer to each event of a person. That to an ignored event has the reason. */
  answers(person: string): string[];
  /** Travels to "day 2 09:00", in UTC. A story begins on "day 0 09:00", a Monday. */
  until(moment: string): Promise<void>;
  /**
   * A line for each decision and each step that failed at Novu, by time and, at one moment, by person and workflow:
   * "day 2 09:00  ada  onboarding  setup-nudge  sent" or "… not sent: not needed: onboarding is completed".
   */
  lines(): Promise<string[]>;
  /** The messages of a person, the earliest first. */
  messages(person: string): Message[];
  /** Their subjects. */
  subjects(person: string): string[];
}

export type StoryOptions = TestSandboxOptions & { people: Record<string, Properties> };

/**
 * A story on the virtual clock, on Novu's Free plan by default, with the real app. The source has `people`, each with
 * an address and a name. `workflows` replaces those of the product, which is the tests' by default;
 * test/workflows/story.ts takes the fork's.
 */
export async function openStory({ people, product = testProduct, ...options }: StoryOptions): Promise<Story> {
  const sandbox = await testSandbox({ product, ...options });
  // The first read of a cohort only records its members, so it ends before a person can enter.
  await sandbox.settled();
  const { novu, clock } = sandbox;
  // vitest.config.ts runs the stories with each source.
  const source =
    process.env.STORIES_BY === "segment" ? segmentSource(sandbox, product.segmentNames) : postHogSource(sandbox);
  const eventsOf = new Map<string, number>();
  const midnight = midnightBefore(clock.now());
  for (const [person, properties] of Object.entries(people)) await meet(person, properties);

  return {
    sandbox,
    async does(person, event, properties = {}, set = {}, happenedAt) {
      const nth = (eventsOf.get(person) ?? 0) + 1;
      eventsOf.set(person, nth);
      await source.send({ person, uuid: `${person}-${nth}`, event, properties, set, happenedAt });
      await sandbox.settled();
    },
    becomes: source.change,
    forgets: source.forget,
    entersCohort(person, cohort) {
      // With Segment as the source, PostHog does not have the person yet.
      if (sandbox.posthog.propertiesOf(person) === undefined)
        postHogSource(sandbox).meet(person, { ...contactOf(person), ...people[person] });
      sandbox.posthog.setMember(person, cohort, true);
    },
    leavesCohort: (person, cohort) => sandbox.posthog.setMember(person, cohort, false),
    async sees(person) {
      const path = `/v2/subscribers/${person}/notifications/seen`;
      await novuApi("POST", path, { notificationIds: notes(person).map(({ id }) => id) });
    },
    async reads(person) {
      for (const { id, transactionId } of notes(person)) {
        const run = novu.state.runs.find((one) => one.transactionId === transactionId);
        const query = new URLSearchParams(contextKeysOf(run).map((key): [string, string] => ["contextKeys", key]));
        await novuApi("PATCH", `/v2/subscribers/${person}/notifications/${id}/read?${query}`, {});
      }
    },
    answers: (person) =>
      source
        .deliveries()
        .filter(({ distinctId, eventUuid }) => distinctId === person && eventUuid.startsWith(`${person}-`))
        .map(({ attempts }) => attempts.at(-1)?.answer ?? ""),
    async until(moment) {
      const [, day, hour, minute] = MOMENT.exec(moment)?.map(Number) ?? [];
      if (day === undefined || hour === undefined || minute === undefined)
        throw new Error(`"${moment}" is no moment of a story, such as "day 2 09:00"`);
      const at = midnight + ((day * 24 + hour) * 60 + minute) * 60_000;
      if (at < clock.now()) throw new Error(`"${moment}" has passed; it is ${momentOf(clock.now(), midnight)}`);
      await sandbox.travel({ seconds: (at - clock.now()) / 1000 });
    },
    async lines() {
      const decisions = await sandbox.app.store.decisions.list({ limit: 10_000 });
      return storyLines(decisions, novu.state.runs, midnight);
    },
    messages,
    subjects: (person) => messages(person).map(({ content }) => String(content.subject)),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };

  /** A person with `push_enabled` also gets a device at Novu, and one with `chat_connected` a chat. */
  async function meet(person: string, properties: Properties): Promise<void> {
    source.meet(person, { ...contactOf(person), ...properties });
    const channels = [
      ...(properties.push_enabled === true
        ? [{ providerId: "fcm", credentials: { deviceTokens: [`${person}'s phone`] } }]
        : []),
      ...(properties.chat_connected === true
        ? [{ providerId: "slack", credentials: { webhookUrl: `https://hooks.slack.example/${person}` } }]
        : []),
    ];
    if (channels.length > 0) await novuApi("POST", "/v2/subscribers", { subscriberId: person });
    for (const channel of channels) await novuApi("PUT", `/v1/subscribers/${person}/credentials`, channel);
  }

  async function novuApi(method: string, path: string, body: object): Promise<void> {
    const response = await fetch(`${novu.url}${path}`, {
      method,
      headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
  }

  function notes(person: string): Message[] {
    return messages(person).filter(({ channel }) => channel === "in_app");
  }

  function messages(person: string): Message[] {
    return novu.state.messages.filter(
      ({ subscriberId, errorText }) => subscriberId === person && errorText === undefined,
    );
  }
}

function contactOf(person: string): Properties {
  return { email: `${person}@example.com`, name: person.charAt(0).toUpperCase() + person.slice(1) };
}
