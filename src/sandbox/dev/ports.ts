import { createServer } from "node:net";
import type { SandboxOptions } from "../sandbox.ts";

export type Ports = NonNullable<SandboxOptions["ports"]>;

export interface AskedPort {
  port: number;
  /** The option or the setting. */
  by: string;
}

const USUAL: Ports = { app: 4000, posthog: 4002, novu: 4003, segment: 4004 };
/** The local services listen there. The app listens on all addresses. */
const LOCAL = "127.0.0.1";

/**
 * The ports of the sandbox: those in `wanted` that are free, and 0, which is any free port, for the others. The app gets
 * the asked port. Throws if that one is taken.
 */
export async function choosePorts(asked: AskedPort | null, wanted: Ports = USUAL): Promise<Ports> {
  await assertFree(asked);
  const freeOf = async (port: number, host?: string) => (port !== asked?.port && (await isFree(port, host)) ? port : 0);
  return {
    app: asked?.port ?? (await freeOf(wanted.app)),
    posthog: await freeOf(wanted.posthog, LOCAL),
    novu: await freeOf(wanted.novu, LOCAL),
    segment: await freeOf(wanted.segment, LOCAL),
  };
}

export async function assertFree(asked: AskedPort | null): Promise<void> {
  if (asked === null || (await isFree(asked.port))) return;
  throw new Error(
    `port ${asked.port}, which ${asked.by} asks for, is taken; stop the process that listens there, or change ${asked.by}`,
  );
}

async function isFree(port: number, host?: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
}
