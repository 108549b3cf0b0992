import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Linux and macOS give higher ports to outgoing connections and to servers that ask for any port. */
const [LOWEST, HIGHEST] = [20_000, 32_767];

/** For servers that do not print their port. Nothing else takes the port meanwhile, unless it asks for this port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isOpen = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
  });
  if (isOpen) await new Promise((resolve) => server.close(resolve));
  return isOpen;
}
