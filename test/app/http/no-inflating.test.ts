import { request } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import express, { json } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve } from "../../../src/lib/server.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { watchDecoders } from "../../support/decoders.ts";
import { watchExpress } from "../../support/express-routes.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { cookieOf, logIn, productionStudio, type TestStudio } from "../../support/studio.ts";

const FORM = "secret=open+sesame&token=t&topic=product";
/** Answered before Express. */
const WEBHOOKS = ["/webhooks/posthog", "/webhooks/segment", "/webhooks/novu", "/commands"];
const MOUNTS = ["/api/novu", "/studio", "/r", "/u"];

const BODIES: Array<[encoding: string, body: Buffer]> = [
  ["gzip", gzipSync(FORM)],
  ["deflate", deflateSync(FORM)],
  ["br", brotliCompressSync(FORM)],
  ["br", Buffer.from("this is no brotli")],
  ["gzip, br", brotliCompressSync(gzipSync(FORM))],
  ["zstd", Buffer.from("this is no zstd")],
  ["GZIP", gzipSync(FORM)],
  ["identity, gzip", gzipSync(FORM)],
  ["of my own making", Buffer.from(FORM)],
];

describe("a body with a content-encoding", () => {
  const watched = watchExpress();
  let sandbox: Sandbox;
  let production: TestStudio;
  let cookie: string;
  let targets: Array<[url: string, path: string]>;

  beforeAll(async () => {
    sandbox = await testSandbox();
    production = await productionStudio();
    cookie = cookieOf(await logIn(production.url));
    const urls = [sandbox.app.url, production.app.url];
    const routes = await Promise.all(urls.map(async (url) => [...WEBHOOKS, ...(await watched.routesAt(url, MOUNTS))]));
    targets = urls.flatMap((url, index) => routes[index]!.map((path): [string, string] => [url, path]));
  });
  afterAll(async () => {
    watched[Symbol.dispose]();
    await production[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
  });

  it("is looked for at every route", () => {
    const paths = targets.map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(60);
    for (const path of [...WEBHOOKS, "/api/novu", "/u/any", "/r", "/studio/login", "/studio/fire", "/metrics"])
      expect(paths).toContain(path);
  });

  it.each(BODIES)("is refused when it says %s, and reaches no decoder", async (encoding, body) => {
    using decoders = watchDecoders();
    const taken = [];
    for (const [url, path] of targets) {
      const { status, text } = await send(url, path, { encoding, body, headers: { cookie } });
      if (status === 415) expect(JSON.parse(text)).toEqual({ error: expect.stringContaining("content-encoding") });
      else taken.push([path, status]);
    }
    expect({ taken, decoders: decoders.used() }).toEqual({ taken: [], decoders: [] });
  });

  it("would be seen at a decoder", async () => {
    using decoders = watchDecoders();
    const server = await serve(express().use(json({ type: () => true })), { port: 0 });
    for (const [encoding, body] of BODIES) await send(server.url, "/", { encoding, body });
    await server.close();
    expect(decoders.used()).toEqual(
      expect.arrayContaining(["createGunzip", "createInflate", "createBrotliDecompress"]),
    );
  });

  it.each(["identity", "Identity", ""])("is taken when it says %j, which is as it is", async (encoding) => {
    const answer = await send(production.app.url, "/studio/login", { encoding, body: Buffer.from("secret=wrong") });
    expect(answer.status).toBe(401);
  });

  it("puts no token of a link into the log", async () => {
    await send(production.app.url, "/u/the-token-of-a-link?x=1", { encoding: "gzip", body: gzipSync(FORM) });
    expect(production.logged()).toContainEqual(expect.objectContaining({ component: "http", path: "/u", answer: 415 }));
    expect(JSON.stringify(production.logged())).not.toContain("the-token-of-a-link");
  });

  it("is nothing that a request without a body has", async () => {
    const headers = { "content-encoding": "gzip" };
    expect((await fetch(`${production.app.url}/healthz`, { headers })).status).toBe(200);
  });
});

function send(
  url: string,
  path: string,
  { encoding, body, headers = {} }: { encoding: string; body: Buffer; headers?: Record<string, string> },
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${url}${path}`,
      {
        method: "POST",
        headers: {
          "content-type": path === "/api/novu" ? "application/json" : "application/x-www-form-urlencoded",
          "content-encoding": encoding,
          "content-length": body.length,
          ...headers,
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, text }));
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}
