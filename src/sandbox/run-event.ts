import { randomUUID } from "node:crypto";
import { PostHog } from "posthog-node";
import { type RunContext, UsageError } from "../lib/command.ts";
import type { CommandIo, Paint } from "../lib/command-io.ts";
import { parseJson } from "../lib/json.ts";
import type { LastAttempt } from "./command-routes.ts";
import { readSettingsOf } from "./dev/settings-file.ts";
import type { OPTIONS } from "./event-command.ts";
import type { EventEffects } from "./event-effects.ts";
import { effectsText, suggestion } from "./event-effects-text.ts";
import { LOCAL_KEYS } from "./local-keys.ts";
import type { Samples } from "./samples.ts";

const ANSWER_WITHIN_MS = 10_000;
const POLL_EVERY_MS = 50;
const RESTARTS_WITHIN_MS = 15_000;

type SourceName = "posthog" | "segment";

interface Message {
  event: string;
  distinctId: string;
  uuid: string;
  properties: Record<string, unknown>;
  /** Properties of the person. */
  set: Record<string, unknown>;
  /** Properties for a person whom the source does not have yet. */
  unknownPerson: Record<string, unknown>;
}

/** The app's answer to the last attempt; `delivery` is the id of the delivery. */
interface Answer {
  status: number | null;
  answer: string;
  delivery: string;
}

/** The addresses of a sandbox. */
interface Addresses {
  app: string;
  posthog: string;
  segment: string;
}

export async function runEvent(
  {
    options: { person, prop, set, uuid = randomUUID(), source, data, json },
    positionals: [name],
    io,
  }: RunContext<typeof OPTIONS>,
  samples: Samples,
): Promise<number> {
  if (name === undefined || person === undefined) throw new UsageError("an event needs a name and a person");
  if (source !== "posthog" && source !== "segment")
    throw new UsageError(`"${source}" is no source; use posthog or segment`);

  const at = addressesOf(data);
  await untilOpen(at, io);
  const properties = { ...samples.properties[name], ...pairs(prop) };
  const changes = { set: pairs(set), unknownPerson: samples.person(person) };
  const send = source === "segment" ? sendToSegment : capture;
  await send({ event: name, distinctId: person, uuid, properties, ...changes }, at);
  const answer = await answerTo(uuid, at[source], io);
  const { names, ...effects } = await getJson<EventEffects>(
    `${at.posthog}/sandbox/effects/${encodeURIComponent(uuid)}`,
  );
  const isKnown = names.includes(name) || name === IDENTIFY;

  if (json) io.print(JSON.stringify({ event: name, person, uuid, ...answer, ...effects, isKnown }));
  else {
    const hint = isKnown ? "" : suggestion(name, names);
    io.print(explain(answer, source, io.paint) + hint);
    const now = await timeOf(at);
    if (answer?.status === 202 && isKnown) io.print(effectsText(effects, { now, paint: io.paint }).join("\n"));
    if (answer !== null) io.print(`See ${at.app}/studio/deliveries/${answer.delivery}`);
  }
  return isKnown && answer?.status === 202 ? 0 : 1;
}

/** The call of Segment that has no event name. */
const IDENTIFY = "identify";

function addressesOf(dataDir: string): Addresses {
  const { PORT = "", POSTHOG_HOST = "", SEGMENT_PROFILE_HOST = "" } = readSettingsOf(dataDir);
  return { app: `http://localhost:${PORT}`, posthog: POSTHOG_HOST, segment: SEGMENT_PROFILE_HOST };
}

function pairs(list: string[]): Record<string, unknown> {
  return Object.fromEntries(
    list.map((pair) => {
      const [key = "", ...rest] = pair.split("=");
      if (key === "" || rest.length === 0) throw new Error(`"${pair}" is not KEY=VALUE`);
      const value = rest.join("=");
      const parsed = parseJson(value);
      return [key, parsed === undefined ? value : parsed];
    }),
  );
}

async function capture(
  { properties, set: $set, unknownPerson: $set_once, ...message }: Message,
  { posthog: host }: Addresses,
): Promise<void> {
  const client = new PostHog(LOCAL_KEYS.projectToken, { host, fetchRetryCount: 0, disableGeoip: true });
  // Without this listener the client prints its errors. `flush` throws them in any case.
  client.on("error", () => {});
  const timestamp = new Date(await timeOf({ posthog: host }));
  client.capture({ ...message, properties: { ...properties, $set, $set_once }, timestamp });
  await client.flush();
}

/** A saved file restarts the sandbox, which then answers again after some seconds. */
async function untilOpen(at: Addresses, { sleep, uptimeMs, printError }: CommandIo): Promise<void> {
  for (const startedAt = uptimeMs(); ; await sleep(POLL_EVERY_MS)) {
    try {
      await timeOf(at);
      return;
    } catch (error) {
      const waitedMs = uptimeMs() - startedAt;
      if (waitedMs < POLL_EVERY_MS) printError("the sandbox does not answer; waiting for its restart");
      if (waitedMs > RESTARTS_WITHIN_MS)
        throw new Error("the sandbox does not answer; start it with npm run dev", { cause: error });
    }
  }
}

/** The sandbox's clock may be days ahead of this process's clock. */
async function timeOf({ posthog }: Pick<Addresses, "posthog">): Promise<number> {
  return (await getJson<{ now: number }>(`${posthog}/sandbox/time`)).now;
}

async function getJson<Answer>(url: string): Promise<Answer> {
  return (await (await fetch(url)).json()) as Answer;
}

/** Calls the Tracking API: an identify with the traits, or a track with the traits in its context. */
async function sendToSegment(
  { event, distinctId: userId, uuid, properties, set, unknownPerson }: Message,
  { segment }: Addresses,
): Promise<void> {
  const traits = { ...((await isUnknown(userId, segment)) && unknownPerson), ...set };
  const type = event === IDENTIFY ? event : "track";
  const call = type === IDENTIFY ? { traits } : { event, properties, context: { traits } };
  const response = await fetch(`${segment}/v1/${type}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: basic(LOCAL_KEYS.segmentWriteKey) },
    body: JSON.stringify({ messageId: uuid, userId, ...call }),
  });
  if (!response.ok) throw new Error(`the local Segment answered ${response.status}: ${await response.text()}`);
}

async function isUnknown(userId: string, segment: string): Promise<boolean> {
  const { segmentSpaceId, segmentProfileToken } = LOCAL_KEYS;
  const profiles = `${segment}/v1/spaces/${segmentSpaceId}/collections/users/profiles`;
  const headers = { authorization: basic(segmentProfileToken) };
  const response = await fetch(`${profiles}/user_id:${encodeURIComponent(userId)}/traits`, { headers });
  return response.status === 404;
}

function basic(key: string): string {
  return `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
}

/** The app's answer to the newest delivery of the event; null when the source does not forward such events. */
async function answerTo(
  uuid: string,
  source: string,
  { sleep, uptimeMs }: Pick<CommandIo, "sleep" | "uptimeMs">,
): Promise<Answer | null> {
  const url = `${source}/sandbox/deliveries/${encodeURIComponent(uuid)}`;
  for (const startedAt = uptimeMs(); uptimeMs() - startedAt < ANSWER_WITHIN_MS; await sleep(POLL_EVERY_MS)) {
    const newest = await getJson<LastAttempt | null>(url);
    if (newest === null) return null;
    const { attempt, delivery } = newest;
    if (attempt !== null) return { status: attempt.status, answer: attempt.answer, delivery };
  }
  throw new Error("the app has not answered the delivery; look at the output of npm run dev");
}

function explain(answer: Answer | null, source: SourceName, paint: Paint): string {
  if (answer === null && source === "segment") return "Segment has the event and no destination to send it to.";
  if (answer === null) return "PostHog has the event and does not forward it: no workflow uses it.";
  return `${paint(answer.status === 202 ? "green" : "red", String(answer.status ?? "no answer"))} ${inWords(answer.answer)}`;
}

/** The app answers `{"accepted": uuid, "but": reason}` or `{"ignored": reason}`. */
function inWords(answer: string): string {
  const { accepted, but, ignored } = (parseJson(answer) ?? {}) as Record<string, unknown>;
  if (typeof ignored === "string") return `ignored: ${ignored}`;
  if (typeof accepted !== "string") return answer;
  return but === undefined ? "accepted" : `accepted, but ${but}`;
}
