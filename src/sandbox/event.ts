import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { PostHog } from "posthog-node";
import type { LabDelivery } from "../contracts/lab.ts";
import { describeError } from "../lib/errors.ts";
import { paint, print, printError } from "../lib/terminal.ts";
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

/** What the app said, and which delivery it answered. */
type Answer = { status: number | null; answer: string; delivery: string };

try {
  process.exitCode = await main();
} catch (error) {
  printError(`${describeError(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      person: { type: "string" },
      prop: { type: "string", multiple: true, default: [] },
      set: { type: "string", multiple: true, default: [] },
      uuid: { type: "string" },
      source: { type: "string", default: "posthog" },
      port: { type: "string", default: String(SANDBOX_PORTS.app) },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const [event] = positionals;
  if (values.help) {
    print(HELP);
    return 0;
  }
  if (event === undefined || values.person === undefined) {
    printError(`an event needs a name and a person\n\n${HELP}`);
    return 2;
  }
  if (!["posthog", "segment"].includes(values.source)) {
    printError(`"${values.source}" is no source: it is posthog or segment\n\n${HELP}`);
    return 2;
  }

  const uuid = values.uuid ?? randomUUID();
  const properties = { ...sampleProperties(event), ...pairs(values.prop) };
  const message = { event, distinctId: values.person, uuid, properties };
  const studio = `http://localhost:${values.port}/studio`;
  if (values.source === "segment") await reached(tellSegment({ ...message, traits: pairs(values.set) }, studio));
  else await reached(capture(message, pairs(values.set), studio));
  const answer = await answerTo(uuid, studio);

  if (values.json) print(JSON.stringify({ event, person: values.person, uuid, ...answer }));
  else print(explain(answer, values.source, studio));
  return answer === null || answer.status === 202 ? 0 : 1;
}

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
async function answerTo(uuid: string, studio: string): Promise<Answer | null> {
  const url = `${studio}/api/deliveries?event=${encodeURIComponent(uuid)}`;
  for (const startedAt = performance.now(); performance.now() - startedAt < ANSWER_WITHIN_MS; await sleep(50)) {
    const { deliveries } = (await (await fetch(url)).json()) as { deliveries: LabDelivery[] };
    const [newest] = deliveries;
    if (newest === undefined) return null;
    const last = newest.attempts.at(-1);
    if (last !== undefined) return { status: last.status, answer: last.answer, delivery: newest.id };
  }
  throw new Error("the app has not answered the delivery; look at the output of npm run dev");
}

function explain(answer: Answer | null, source: string, studio: string): string {
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
