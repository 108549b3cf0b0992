import type { Env } from "../../lib/command.ts";
import type { Log } from "../../lib/log.ts";
import { openSandbox, type Sandbox, type SandboxOptions } from "../sandbox.ts";
import { sandboxSettings } from "../sandbox-settings.ts";
import { connectSandbox } from "./connect.ts";
import type { Ports } from "./ports.ts";
import { writeSettings } from "./settings-file.ts";
import type { SavedState } from "./state.ts";

export interface DevProduct extends Pick<SandboxOptions, "product" | "samples"> {
  /** The event that a fresh sandbox captures. */
  firstEvent: { event: string; distinctId: string };
}

/** Opens a sandbox whose time passes by itself, and writes its settings for commands. */
export async function openDev(
  { product, samples, firstEvent }: DevProduct,
  { dataDir, ports, saved, env, log }: { dataDir: string; ports: Ports; saved: SavedState | null; env: Env; log: Log },
): Promise<Sandbox> {
  const { options, texts } = sandboxSettings(env);
  const sandbox = await openSandbox({
    ...options,
    dataDir,
    product,
    samples,
    startAt: Math.max(saved?.now ?? 0, Date.now()),
    flowing: true,
    ports,
    log,
    novuState: saved?.novu,
    posthogState: saved?.posthog,
    segmentState: saved?.segment,
    actions: saved?.actions,
  });
  try {
    await connectSandbox(sandbox);
    if (saved === null) {
      const { event, distinctId } = firstEvent;
      const properties = { ...samples.properties[event], $set: samples.person(distinctId) };
      sandbox.posthog.capture({ event, distinctId, properties });
      await sandbox.settled();
    }
    writeSettings(sandbox, texts);
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
  return sandbox;
}
