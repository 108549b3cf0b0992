import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Novu } from "@novu/api";
import express from "express";
import { type Config, readConfig } from "../../src/config.ts";
import { serve } from "../../src/lib/server.ts";
import type { SqliteDriver } from "../../src/store/sqlite-driver.ts";
import { openFloor } from "./floor.ts";
import { SECRETS } from "./load.ts";
import { WORKFLOW } from "./step-calls.ts";

/** One of the compared servers, as a process; reports its CPU on a message. */
const config = readConfig(process.env);
const url = await open();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
});
process.send?.({ url });

async function open(): Promise<string> {
  const kind = process.argv[2];
  if (kind === "ours") {
    const { openApp } = await built<typeof import("../../src/app.ts")>("app.js");
    const { sqliteDriver } = await built<typeof import("../../src/store/sqlite-driver.ts")>("store/sqlite-driver.js");
    const { product } = await built<typeof import("../../src/workflows/product.ts")>("workflows/product.js");
    const name = process.env.BENCH_SQLITE_DRIVER as SqliteDriver["name"] | undefined;
    const settings = process.env.BENCH_STEPS === undefined ? config : forSteps(config);
    return (await openApp(settings, { product, sqliteDriver: name && (await sqliteDriver(name)) })).url;
  }
  if (kind === "floor") {
    const floor = openFloor(JSON.parse(process.env.BENCH_FLOOR ?? "{}"), WORKFLOW);
    return (await serve(floor, { port: 0, host: "127.0.0.1" })).url;
  }
  if (kind === "bare") return listen(bare());
  const app = express().use(express.json({ limit: "2mb" }));
  app.post("/webhooks/posthog", kind === "naive" ? naive() : plain);
  return (await serve(app, { port: 0, host: "127.0.0.1" })).url;
}

/**
 * Without the worker, whose receipts and reports come later. The cap counts half a second, in which each of the few
 * people gets two or three messages, as with the usual cap.
 */
function forSteps({ marketing, ...others }: Config): Config {
  return { ...others, roles: ["ingress"], marketing: { ...marketing, cap: { most: 1_000, withinMs: 500 } } };
}

/** The built file: the output of tsx is slower. */
async function built<Module>(name: string): Promise<Module> {
  return import(new URL(`../../dist/src/${name}`, import.meta.url).href);
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The least that a webhook can do by hand: it reads the body, verifies the signature and answers. It keeps nothing. */
function bare(): RequestListener {
  const key = Buffer.from(SECRETS.signing.replace("whsec_", ""), "base64");
  const fixed = Buffer.from(SECRETS.fixed);
  const isEqual = (one: Buffer, other: Buffer) => one.length === other.length && timingSafeEqual(one, other);
  const isSigned = (headers: IncomingHttpHeaders, body: Buffer) => {
    const secret = headers["x-webhook-secret"];
    if (secret !== undefined) return isEqual(Buffer.from(String(secret)), fixed);
    const signed = createHmac("sha256", key).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`);
    const offered = Buffer.from(String(headers["webhook-signature"]).slice("v1,".length), "base64");
    return isEqual(offered, signed.update(body).digest());
  };
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const status = isSigned(request.headers, Buffer.concat(chunks)) ? 202 : 401;
      const answer = JSON.stringify({ accepted: status === 202 });
      response.writeHead(status, { "content-type": "application/json", "content-length": answer.length }).end(answer);
    });
  };
}

/** The minimum of an Express route for an event. */
function plain(request: express.Request, response: express.Response): void {
  response.status(202).json({ accepted: request.body.event.uuid });
}

/** The usual first version: PostHog waits for the answer of Novu. */
function naive(): express.RequestHandler {
  const novu = new Novu({ secretKey: config.novu.secretKey, serverURL: config.novu.apiUrl });
  return async (request, response) => {
    const { event, person } = request.body;
    await novu.trigger({
      workflowId: "onboarding",
      to: { subscriberId: event.distinct_id, email: person.properties.email, firstName: person.properties.name },
      payload: { ...event.properties, person: person.properties },
      transactionId: event.uuid,
    });
    response.status(202).json({ accepted: event.uuid });
  };
}
