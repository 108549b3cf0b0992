import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

/**
 * A proxy between the local Novu and the app, which answers 502 to the calls that `isLost` selects, as nginx does
 * without an app. Closed at the end of the scope.
 */
export async function proxyBefore(sandbox: Sandbox, isLost: (url: URL) => boolean): Promise<AsyncDisposable> {
  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? "/", sandbox.app.url);
    if (isLost(url)) return void answer.writeHead(502).end("<html>Bad Gateway</html>");
    const { method = "GET", headers } = incoming;
    incoming.pipe(
      request(url, { method, headers }, (theirs) => {
        answer.writeHead(theirs.statusCode ?? 500, theirs.headers);
        theirs.pipe(answer);
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  sandbox.novu.state.bridgeUrl = `http://127.0.0.1:${port}/api/novu`;
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
