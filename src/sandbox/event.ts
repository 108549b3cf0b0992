import { randomUUID } from "node:crypto";
import { PostHog } from "posthog-node";
import type { SandboxDelivery } from "../contracts/sandbox.ts";
import { defineCommand, UsageError } from "../lib/command.ts";
import type { CommandIo, Paint } from "../lib/command-io.ts";
import { runAsMain } from "../lib/run-as-main.ts";
import { SANDBOX_PORTS } from "./ports.ts";
import { samplePersonProperties, sampleProperties } from "./samples.ts";
import { LOCAL_KEYS } from "./sandbox.ts";
import { tellSegment } from "./tell-segment.ts";

const HELP = `npm run event -- NAME --person ID [options]

Captures an event at the sandbox's PostHog, as your backend would with posthog-node, or tells
its Segment, and shows what the bridge answered. npm run dev must be running.

  --person ID       who did it; an unknown person is made up as ID@example.com
  --prop KEY=VALUE  a property of the event; VALUE is JSON or text; repeatable
  --set KEY=VALUE   a property of the person; repeatable
  --uuid UUID       the event's own id; the same one again is a redelivery
  --source NAME     posthog, which it is otherwise, or segment: a track by NAME, with --set as traits
                    in its context, or an identify with them as traits when NAME is identify
  --port N          the app's port (4000)
  --json            print one JSON object
  --help

  npm run event -- user_signed_up --person ada
  npm run event -- checkout_started --person grace --prop cart_value=80
  npm run event -- onboarding_completed --person ada --set onboarding_completed=true
  npm run event -- "User Registered" --person ada --source segment
  npm run event -- identify --person ada --source segment --set firstName=Ada`;

const ANSWER_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** What the app said, and which delivery it answered. */
type Answer = { status: number | null; answer: string; delivery: string };

export const event = defineCommand({
  name: "event",
  help: HELP,
  options: {
    person: { type: "string" },
    prop: { type: "string", multiple: true },
    set: { type: "string", multiple: true },
    uuid: { type: "string" },
    source: { type: "string", default: "posthog" },
    port: { type: "string", default: String(SANDBOX_PORTS.app) },
  },
  takesPositionals: true,
  async run({ options: { person, prop, set, uuid = randomUUID(), source, port, json }, positionals: [name], io }) {
    if (name === undefined || person === undefined) throw new UsageError("an event needs a name and a person");
    if (!["posthog", "segment"].includes(source))
      throw new UsageError(`"${source}" is no source: it is posthog or segment`);

    const properties = { ...sampleProperties(name), ...pairs(prop) };
    const message = { event: name, distinctId: person, uuid, properties };
    const studio = `http://localhost:${port}/studio`;
    if (source === "segment") await reached(tellSegment({ ...message, traits: pairs(set) }, studio));
    else await reached(capture(message, pairs(set), studio));
    const answer = await answerTo(uuid, studio, io);

    if (json) io.print(JSON.stringify({ event: name, person, uuid, ...answer }));
    else io.print(explain(answer, { source, studio, paint: io.paint }));
    return answer === null || answer.status === 202 ? 0 : 1;
  },
});

async function reached(telling: Promise<void>): Promise<void> {
  try {
    await telling;
  } catch (error) {
    throw new Error("the sandbox does not answer; start it with npm run dev", { cause: error });
  }
}

async function capture(
  { properties, ...message }: { event: string; distinctId: string; uuid: string; properties: Record<string, unknown> },
  $set: Record<string, unknown>,
  studio: string,
): Promise<void> {
  const client = new PostHog(LOCAL_KEYS.projectToken, {
    host: `http://127.0.0.1:${SANDBOX_PORTS.posthog}`,
    fetchRetryCount: 0,
    disableGeoip: true,
  });
  // Its own complaints are less to the point than ours.
  client.on("error", () => {});
  const $set_once = samplePersonProperties(message.distinctId);
  // The sandbox may have travelled; what happens now happens at its now.
  const { now } = (await (await fetch(`${studio}/api/time`)).json()) as { now: number };
  client.capture({ ...message, properties: { ...properties, $set, $set_once }, timestamp: new Date(now) });
  await client.flush();
}

/** What the app said to the newest delivery of the event; null when the destination is not sent such events. */
async function answerTo(
  uuid: string,
  studio: string,
  { sleep, uptimeMs }: Pick<CommandIo, "sleep" | "uptimeMs">,
): Promise<Answer | null> {
  const url = `${studio}/api/deliveries?event=${encodeURIComponent(uuid)}`;
  for (const startedAt = uptimeMs(); uptimeMs() - startedAt < ANSWER_WITHIN_MS; await sleep(LOOK_EVERY_MS)) {
    const { deliveries } = (await (await fetch(url)).json()) as { deliveries: SandboxDelivery[] };
    const [newest] = deliveries;
    if (newest === undefined) return null;
    const last = newest.attempts.at(-1);
    if (last !== undefined) return { status: last.status, answer: last.answer, delivery: newest.id };
  }
  throw new Error("the app has not answered the delivery; look at the output of npm run dev");
}

function explain(
  answer: Answer | null,
  { source, studio, paint }: { source: string; studio: string; paint: Paint },
): string {
  if (answer === null && source === "segment") return "Segment has it, and is connected to nobody.";
  if (answer === null) return "PostHog has the event and forwards it to nobody: no workflow listens to it.";
  return `${paint(answer.status === 202 ? "green" : "red", String(answer.status ?? "no answer"))} ${answer.answer}\nSee ${studio}/deliveries/${answer.delivery}`;
}

function pairs(list: string[]): Record<string, unknown> {
  return Object.fromEntries(
    list.map((pair) => {
      const [key = "", ...rest] = pair.split("=");
      if (key === "" || rest.length === 0) throw new Error(`"${pair}" is not KEY=VALUE`);
      return [key, jsonOrText(rest.join("="))];
    }),
  );
}

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

await runAsMain(event, import.meta.url);
