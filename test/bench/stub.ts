import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { properties } from "./load.ts";
import { STEPS } from "./step-calls.ts";

const ANSWER = '{"data":{"acknowledged":true,"status":"processed","transactionId":"stub"}}';

const MESSAGES = STEPS.filter(({ channel }) => channel !== null);

/** The requests, by the first of these forms that fits. */
const KINDS = {
  trigger: /^POST \/v1\/events\/trigger$/,
  cancel: /^DELETE \/v1\/events\/trigger\//,
  "subscriber change": /^\w+ \/v[12]\/subscribers/,
  "read of messages": /^GET \/v1\/messages\?/,
  "read of a run": /^GET \/v1\/notifications\?/,
  "read of persons": /\/persons\/batch_by_distinct_ids\/$/,
  "read of flags": /^POST \/flags\//,
  "capture batch": /^POST \/batch\/$/,
} as const;
export type RequestKind = keyof typeof KINDS | "captured event";

export interface Stub {
  url: string;
  /** The number of requests of each kind, and of the events in the capture batches; empties the list. */
  takeRequests(): Partial<Record<RequestKind, number>>;
  /** The time of each trigger, in milliseconds; empties the list. */
  takeTimes(): number[];
  /** How many reads of persons there were, and the time to answer them; sets both to 0. */
  takePersonReads(): { count: number; ms: number };
  close(): Promise<void>;
}

function kindOf({ method, url }: IncomingMessage): keyof typeof KINDS | undefined {
  const kinds = Object.keys(KINDS) as Array<keyof typeof KINDS>;
  return kinds.find((kind) => KINDS[kind].test(`${method} ${url}`));
}

async function capturedIn(request: IncomingMessage): Promise<number> {
  const body = await buffer(request);
  const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  return (JSON.parse(text.toString()) as { batch: unknown[] }).batch.length;
}

/** Every person exists, as of the sign-up. */
async function answerPersons(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { distinct_ids } = (await json(request)) as { distinct_ids: string[] };
  const results = Object.fromEntries(distinct_ids.map((id) => [id, { uuid: id, properties }]));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ results }));
}

/** Each run has a message of each step that sends. */
function answerMessages(url: string, response: ServerResponse): void {
  const ids = new URL(url, "http://stub").searchParams.getAll("transactionId");
  const data = ids.flatMap((transactionId) =>
    MESSAGES.map(({ step, channel }) => ({ transactionId, stepId: step, channel, status: "sent" })),
  );
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data, hasMore: false }));
}

/** A Novu and PostHog that accepts everything at once, and records the times. */
export async function openStub(): Promise<Stub> {
  let times: number[] = [];
  let personReads = { count: 0, ms: 0 };
  let requests: Partial<Record<RequestKind, number>> = {};
  const count = (kind: RequestKind, more = 1) => {
    requests[kind] = (requests[kind] ?? 0) + more;
  };
  const server = createServer((request, response) => {
    const kind = kindOf(request);
    if (kind !== undefined) count(kind);
    if (kind === "capture batch") {
      void capturedIn(request).then((events) => {
        count("captured event", events);
        response.writeHead(200, { "content-type": "application/json" }).end(ANSWER);
      });
      return;
    }
    if (request.url === "/v1/events/trigger") times.push(performance.now());
    if (request.url?.startsWith("/v1/messages?")) return void answerMessages(request.url, response);
    if (request.url?.endsWith("/persons/batch_by_distinct_ids/")) {
      const startedAt = performance.now();
      personReads.count += 1;
      return void answerPersons(request, response).then(() => {
        personReads.ms += performance.now() - startedAt;
      });
    }
    request.resume().on("end", () => {
      response.writeHead(201, { "content-type": "application/json" }).end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeTimes() {
      const taken = times;
      times = [];
      return taken;
    },
    takeRequests() {
      const taken = requests;
      requests = {};
      return taken;
    },
    takePersonReads() {
      const taken = personReads;
      personReads = { count: 0, ms: 0 };
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
