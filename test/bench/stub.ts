import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { properties } from "./load.ts";

const ANSWER = '{"data":{"acknowledged":true,"status":"processed","transactionId":"stub"}}';

export interface Stub {
  url: string;
  /** The time of each trigger, in milliseconds; empties the list. */
  takeTimes(): number[];
  /** How many reads of persons there were, and the time to answer them; sets both to 0. */
  takePersonReads(): { count: number; ms: number };
  close(): Promise<void>;
}

/** Every person exists, as of the sign-up. */
async function answerPersons(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { distinct_ids } = (await json(request)) as { distinct_ids: string[] };
  const results = Object.fromEntries(distinct_ids.map((id) => [id, { uuid: id, properties }]));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ results }));
}

/** Each run has a message on each channel. */
function answerMessages(url: string, response: ServerResponse): void {
  const ids = new URL(url, "http://stub").searchParams.getAll("transactionId");
  const data = ids.flatMap((transactionId) =>
    ["email", "in_app"].map((channel) => ({ transactionId, channel, status: "sent" })),
  );
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data, hasMore: false }));
}

/** A Novu and PostHog that accepts everything at once, and records the times. */
export async function openStub(): Promise<Stub> {
  let times: number[] = [];
  let personReads = { count: 0, ms: 0 };
  const server = createServer((request, response) => {
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
