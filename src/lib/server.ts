import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export interface Listening {
  /** Such as http://127.0.0.1:4000 */
  url: string;
  port: number;
  /** Lets requests under way end within `withinMs` (4,000), and cuts off those that take longer. */
  close(withinMs?: number): Promise<void>;
}

/** From its first byte to its last. Node looks now and then, and so closes the connection a little later. */
const REQUEST_WITHIN_MS = 15_000;
const CHECK_EVERY_MS = 2_000;

/** Serves on `port`, or on any free one for 0. Without a `host` it can be reached from outside. */
export async function serve(
  handler: RequestListener,
  { port, host, variable }: { port: number; host?: string; variable?: string },
): Promise<Listening> {
  const server = createServer(
    { requestTimeout: REQUEST_WITHIN_MS, connectionsCheckingInterval: CHECK_EVERY_MS },
    handler,
  );
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
    async close(withinMs = 4_000) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
