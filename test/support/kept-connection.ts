import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

interface Answer {
  status: number | undefined;
  connection: string | undefined;
  isReused: boolean;
}

/** A keep-alive connection as a proxy has it, for as long as the server allows. */
export function keptConnection(
  url: string,
  path: string,
): { get(): Promise<Answer>; isClosed(): boolean } & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async get() {
      const sent = httpRequest(`${url}${path}`, { agent });
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        sent.on("response", resolve).on("error", reject).end();
      });
      await text(response);
      return { status: response.statusCode, connection: response.headers.connection, isReused: sent.reusedSocket };
    },
    isClosed: () => Object.keys(agent.freeSockets).length === 0,
    [Symbol.dispose]: () => agent.destroy(),
  };
}
