import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Listening {
  /** Such as http://127.0.0.1:4000 */
  url: string;
  port: number;
  /**
   * Goes on answering, and says with each answer that the connection is closed, so that a proxy sends nothing
   * more on it. Resolves when no connection is open, and after `withinMs` at the latest.
   */
  drain(withinMs: number): Promise<void>;
  /** Lets requests in progress end within `withinMs` (4,000), and cuts off those that take longer. */
  close(withinMs?: number): Promise<void>;
}

/** From its first byte to its last. Node looks now and then, and so closes the connection a little later. */
const REQUEST_WITHIN_MS = 15_000;
const CHECK_EVERY_MS = 2_000;
/** At the end a connection that was just opened has so long for its request to arrive. */
const FIRST_REQUEST_WITHIN_MS = 200;

/** Serves on `port`, or on any free one for 0. Without a `host` it can be reached from outside. */
export async function serve(
  handler: RequestListener,
  {
    port,
    host,
    variable,
    keepAliveMs,
  }: {
    port: number;
    host?: string;
    variable?: string;
    /** How long a connection is kept between two requests; 5 s, as Node has it, unless said otherwise. */
    keepAliveMs?: number;
  },
): Promise<Listening> {
  const connections = new Set<Socket>();
  const inProgress = new Set<ServerResponse>();
  let isDraining = false;
  let isClosing = false;
  let onNoneOpen = () => {};

  const server = createServer(
    {
      requestTimeout: REQUEST_WITHIN_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      ...(keepAliveMs !== undefined && { keepAliveTimeout: keepAliveMs }),
    },
    (request, response) => {
      if (isDraining) response.shouldKeepAlive = false;
      inProgress.add(response);
      response.once("close", () => {
        inProgress.delete(response);
        if (isClosing) setImmediate(() => server.closeIdleConnections());
      });
      handler(request, response);
    },
  );
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => {
      connections.delete(socket);
      if (connections.size === 0) onNoneOpen();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new Error(
              `port ${port} is taken; stop what listens there${variable === undefined ? "" : ` or set ${variable}`}`,
            )
          : error,
      );
    });
    server.listen({ port, host }, resolve);
  });
  const address = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    async drain(withinMs) {
      startDraining();
      if (connections.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        onNoneOpen = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    async close(withinMs = 4_000) {
      startDraining();
      isClosing = true;
      await requestsThatAreHere();
      const timers = [
        setTimeout(closeUnused, FIRST_REQUEST_WITHIN_MS),
        setTimeout(() => server.closeAllConnections(), withinMs),
      ];
      // Node closes the idle connections with it.
      await new Promise<void>((resolve) => server.close(() => resolve()));
      for (const timer of timers) clearTimeout(timer);
    },
  };

  function startDraining(): void {
    isDraining = true;
    for (const response of inProgress) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /** Node counts a connection as idle while its next request is here and not read yet: one turn accepts, one reads. */
  async function requestsThatAreHere(): Promise<void> {
    for (const _ of ["the turn that is going on", "accept", "read"]) await new Promise(setImmediate);
  }

  /** Node never counts a connection without a request as idle. */
  function closeUnused(): void {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  }
}
