import { Agent, request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { serve } from "../../../src/lib/server.ts";
import { keptConnection } from "../../support/kept-connection.ts";
import { eventually, testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

const LONG_MS = 60_000;
const hello: RequestListener = (_request, response) => response.end("hello");

describe("a connection that is kept", () => {
  it("is kept for 75 s, and says so", async () => {
    await using sandbox = await testSandbox();
    const { headers } = await fetch(`${sandbox.app.url}/healthz`);
    expect([headers.get("connection"), headers.get("keep-alive")]).toEqual(["keep-alive", "timeout=75"]);
  });
});

describe("a server that is about to close", () => {
  it("answers on the connections that are open, also on new ones, and closes each with its answer", async () => {
    const server = await serve(hello, { port: 0, keepAliveMs: LONG_MS });
    using kept = keptConnection(server.url, "/");
    await kept.get();
    const gone = server.drain(LONG_MS);
    expect(await kept.get()).toMatchObject({ status: 200, connection: "close", isReused: true });
    await gone;
    using late = keptConnection(server.url, "/");
    expect(await late.get()).toMatchObject({ status: 200, connection: "close" });
    await server.close();
  });

  it("closes the connection of a request that was in progress with its answer", async () => {
    let answer: (() => void) | undefined;
    const server = await serve(
      (_request, response) => {
        answer = () => response.end("at last");
      },
      { port: 0, keepAliveMs: LONG_MS },
    );
    using kept = keptConnection(server.url, "/");
    const asked = kept.get();
    await eventually(() => answer !== undefined);
    const gone = server.drain(LONG_MS);
    answer?.();
    expect(await asked).toMatchObject({ status: 200, connection: "close" });
    await gone;
    await server.close();
  });

  it("does not wait when no connection is open, and no longer than its limit for an idle one", async () => {
    const server = await serve(hello, { port: 0, keepAliveMs: LONG_MS });
    await server.drain(LONG_MS);
    using idle = keptConnection(server.url, "/");
    await idle.get();
    const other = await serve(hello, { port: 0, keepAliveMs: LONG_MS });
    using kept = keptConnection(other.url, "/");
    await kept.get();
    await other.drain(50);
    await Promise.all([server.close(), other.close()]);
    await eventually(() => kept.isClosed());
  });
});

describe("an app that stops", () => {
  it("takes events as long as it lets go of connections, and says that it is not ready", async () => {
    await using sandbox = await testSandbox();
    const { app } = sandbox;
    using kept = keptConnection(app.url, "/readyz");
    expect(await kept.get()).toMatchObject({ status: 200 });
    const stopped = app.stop();
    const [taken, ready] = await Promise.all([post(app.url, delivery()), kept.get()]);
    expect([taken.status, taken.headers.get("connection")]).toEqual([202, "close"]);
    expect(ready).toMatchObject({ status: 503, connection: "close" });
    await stopped;
    await expect(fetch(app.url)).rejects.toThrow();

    await sandbox.restartApp();
    await sandbox.settled();
    expect(sandbox.novu.triggers).toHaveLength(1);
  });
});

describe("a server that closes", () => {
  it("answers the request that has just arrived on an idle connection", async () => {
    const server = await serve(hello, { port: 0, keepAliveMs: LONG_MS });
    const socket = await opened(server.url);
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await eventually(() => socket.bytesRead > 0);
    const answers = text(socket);
    // On its way when the closing begins.
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n", () => void server.close());
    expect((await answers).match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });

  it("answers the first request of a connection that was just opened, and closes one on which none comes", async () => {
    const server = await serve(hello, { port: 0, keepAliveMs: LONG_MS });
    const [quick, silent] = await Promise.all([opened(server.url), opened(server.url)]);
    const closed = server.close(LONG_MS);
    quick.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const answer = await text(quick);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toMatch(/^connection: close\r$/im);
    await closed;
    await eventually(() => silent.destroyed);
  });

  it("closes, when its answer has ended, the connection whose answer had promised to keep it", async () => {
    let end = () => {};
    const server = await serve(
      (_request, response) => {
        response.flushHeaders();
        end = () => response.end();
      },
      { port: 0, keepAliveMs: LONG_MS },
    );
    const response = await new Promise<IncomingMessage>((resolve) => {
      httpRequest(server.url, { agent: new Agent({ keepAlive: true }) }, resolve).end();
    });
    expect(response.headers.connection).toBe("keep-alive");
    const closed = server.close(LONG_MS);
    await eventually(async () => !(await isOpen(server.url)));
    end();
    await text(response);
    await closed;
  });
});

async function isOpen(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  return new Promise<boolean>((resolve) => {
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  }).finally(() => socket.destroy());
}

async function opened(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}
