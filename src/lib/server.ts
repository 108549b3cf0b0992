import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Listening {
  /** Such as http://127.0.0.1:4000 */
  url: string;
  port: number;
  /**
   * Still answers requests, but closes each connection after its next answer, so that a proxy does not reuse the
   * connection. Resolves when no connection is open, after `withinMs` at the latest.
   */
  drain(withinMs: number): Promise<void>;
  /** Requests in progress may end within `withinMs` (4,000); after that their connections are closed. */
  close(withinMs?: number): Promise<void>;
}

interface ServeOptions {
  /** 0 is any free port. */
  port: number;
  /** Without a host, the server is reachable from outside. */
  host?: string;
  /** The setting of the port, for the error about a taken port. */
  variable?: string;
  /** How long an idle connection stays open; 5 s by default, as in Node. */
  keepAliveMs?: number;
}

/** The longest time from a request's first byte to its last. Node checks it only every CHECK_EVERY_MS. */
const REQUEST_WITHIN_MS = 15_000;
const CHECK_EVERY_MS = 2_000;
/** While closing, a new connection has this time for its first byte. */
const FIRST_BYTE_WITHIN_MS = 200;

export async function serve(handler: RequestListener, options: ServeOptions): Promise<Listening> {
  const connections = new Set<Socket>();
  const inProgress = new Set<ServerResponse>();
  let isDraining = false;
  let isClosing = false;
  let onNoConnection = () => {};

  const server = createServer(
    {
      requestTimeout: REQUEST_WITHIN_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      ...(options.keepAliveMs !== undefined && { keepAliveTimeout: options.keepAliveMs }),
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
      if (connections.size === 0) onNoConnection();
    });
  });
  const port = await listen(server, options);
  return { url: `http://127.0.0.1:${port}`, port, drain, close };

  async function drain(withinMs: number): Promise<void> {
    startDraining();
    if (connections.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      onNoConnection = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function close(withinMs = 4_000): Promise<void> {
    startDraining();
    isClosing = true;
    await readReceivedRequests();
    const timers = [
      setTimeout(closeUnused, FIRST_BYTE_WITHIN_MS),
      setTimeout(() => server.closeAllConnections(), withinMs),
    ];
    // This also closes the idle connections.
    await new Promise<void>((resolve) => server.close(() => resolve()));
    for (const timer of timers) clearTimeout(timer);
  }

  function startDraining(): void {
    isDraining = true;
    for (const response of inProgress) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /**
   * Reads the requests that this machine has received, because Node counts a connection with an unread request as idle.
   * One turn of the event loop accepts a connection, and one turn reads its request.
   */
  async function readReceivedRequests(): Promise<void> {
    for (const _ of ["the current turn", "accept", "read"]) await new Promise(setImmediate);
  }

  /** Closes the connections that never had a request. Node does not count them as idle. */
  function closeUnused(): void {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  }
}

/** Returns the port. */
async function listen(server: Server, { port, host, variable }: ServeOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return reject(error);
      const advice = variable === undefined ? "" : `, or set ${variable} to another port`;
      reject(new Error(`port ${port} is taken; stop the process that listens there${advice}`));
    });
    server.listen({ port, host }, resolve);
  });
  return (server.address() as AddressInfo).port;
}
