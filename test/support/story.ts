import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Message } from "../../src/sandbox/local-novu/state.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { midnightBefore, momentOf, storyLines } from "../../src/sandbox/story-lines.ts";
import { testProduct } from "./product/product.ts";
import { type TestSandboxOptions, testSandbox } from "./sandbox.ts";
import { type Properties, postHogTells, segmentTells } from "./story-sources.ts";

const MOMENT = /^day (\d+) (\d\d):(\d\d)$/;

export interface Story extends AsyncDisposable {
  sandbox: Sandbox;
  /**
   * Somebody does something, now, and the source tells of it; `set` is what it changes of them. Their first
   * event has the uuid "ada-1". Resolves when all that follows at once has happened. What happened before
   * says when, in ISO 8601.
   */
  does(person: string, event: string, properties?: Properties, set?: Properties, happenedAt?: string): Promise<void>;
  /** What the source knows of somebody changes, and no event says so. */
  becomes(person: string, properties: Properties): void;
  /** The source deletes somebody. */
  forgets(person: string): void;
  /** Somebody opens the app and sees the notes that are there by now, without clicking one. */
  sees(person: string): Promise<void>;
  /** Somebody opens each of the notes that are there by now. */
  reads(person: string): Promise<void>;
  /** What the app said to each event of somebody: that of one that starts nothing has the reason. */
  answers(person: string): string[];
  /** Lets time pass until "day 2 09:00", in UTC; a story begins on "day 0 09:00", a Monday. */
  until(moment: string): Promise<void>;
  /**
   * Who was sent what when, and why the rest was not, the earliest first, and at one moment by person and workflow:
   * "day 2 09:00  ada  onboarding  setup-nudge  sent" or "… not sent: not needed: onboarding is completed".
   * A step that failed at Novu has a line of its own.
   */
  lines(): Promise<string[]>;
  /** What somebody was sent, the earliest first. */
  messages(person: string): Message[];
  /** The subject lines of these. */
  subjects(person: string): string[];
}

export type StoryOptions = TestSandboxOptions & { people: Record<string, Properties> };

/**
 * A story on the virtual clock, on Novu's Free plan unless told otherwise: the real app, its webhook
 * and its bridge, and these people, whom the source knows, by an address and a name besides what is said. `workflows` keeps
 * the others out of it. It is of the tests' product, unless told otherwise; test/workflows/story.ts tells it of the shipped one.
 */
export async function openStory({ people, product = testProduct, ...options }: StoryOptions): Promise<Story> {
  const sandbox = await testSandbox({ product, ...options });
  const { novu, clock } = sandbox;
  // vitest.config.ts has them told by each.
  const source =
    process.env.STORIES_BY === "segment" ? segmentTells(sandbox, product.segmentNames) : postHogTells(sandbox);
  const eventsOf = new Map<string, number>();
  const midnight = midnightBefore(clock.now());
  for (const [person, properties] of Object.entries(people)) await meet(person, properties);

  return {
    sandbox,
    async does(person, event, properties = {}, set = {}, happenedAt) {
      const nth = (eventsOf.get(person) ?? 0) + 1;
      eventsOf.set(person, nth);
      await source.tell({ person, uuid: `${person}-${nth}`, event, properties, set, happenedAt });
      await sandbox.settled();
    },
    becomes: source.change,
    forgets: source.forget,
    async sees(person) {
      const path = `/v2/subscribers/${person}/notifications/seen`;
      await novuApi("POST", path, { notificationIds: notes(person).map(({ id }) => id) });
    },
    async reads(person) {
      for (const { id } of notes(person))
        await novuApi("PATCH", `/v2/subscribers/${person}/notifications/${id}/read`, {});
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
      return storyLines({ decisions, runs: novu.state.runs, midnight });
    },
    messages,
    subjects: (person) => messages(person).map(({ content }) => String(content.subject)),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };

  /** Whoever has `push_enabled` has a device at Novu as well. */
  async function meet(person: string, properties: Properties): Promise<void> {
    const email = `${person}@example.com`;
    const name = person.charAt(0).toUpperCase() + person.slice(1);
    source.meet(person, { email, name, ...properties });
    if (properties.push_enabled !== true) return;
    await novuApi("POST", "/v2/subscribers", { subscriberId: person });
    const credentials = { deviceTokens: [`${person}'s phone`] };
    await novuApi("PUT", `/v1/subscribers/${person}/credentials`, { providerId: "fcm", credentials });
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
