import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { createData, type Engine } from "../chaos/data.ts";
import { environment } from "../support/app-process.ts";
import { eventually } from "../support/sandbox.ts";
import { createAppLog, type LogTrouble } from "./app-log.ts";
import { METRICS_TOKEN, STUDIO_SECRET } from "./planted.ts";
import { cpuMsOf, rssMbOf, waitedMsOf } from "./proc.ts";
import type { Services } from "./services.ts";

export interface AppOptions {
  engine: Engine;
  main: string;
  /** In MB. */
  heap: number | null;
}

export interface AbusedApp {
  port: number;
  url: string;
  /** User and system time since the start. */
  cpuMs(): number;
  rssMb(): number;
  /** The time that it waited for a processor. */
  waitedMs(): number;
  /** Why it ended; null while it runs. */
  ended(): string | null;
  /** The faults in its output since the last call. */
  logTroubles(): LogTrouble[];
  errors: Map<string, number>;
  stop(): Promise<void>;
}

const STARTED_WITHIN_MS = 30_000;
const TRIGGERS_PER_SECOND = 2_000;

/** Starts the built app as a process on fresh data, with every endpoint enabled. */
export async function startApp({ engine, main, heap }: AppOptions, services: Services): Promise<AbusedApp> {
  const data = await createData(engine);
  const env = {
    ...environment({ novu: { url: services.novuUrl }, posthog: { url: services.posthogUrl } }, data.dataDir),
    ...data.env,
    NODE_ENV: "production",
    NOVU_PLAN: "enterprise",
    NOVU_TRIGGERS_PER_SECOND: String(TRIGGERS_PER_SECOND),
    NOVU_WEBHOOK_SECRETS: LOCAL_KEYS.novuSigningSecret,
    SEGMENT_SECRETS: LOCAL_KEYS.segmentSecret,
    BACKEND_KEY: LOCAL_KEYS.backend,
    STUDIO_SECRET,
    METRICS_TOKEN,
  };
  const files = ["app.stdout", "app.stderr"].map((name) => join(data.dataDir, name));
  const [stdout, stderr] = files.map((file) => openSync(file, "a")) as [number, number];
  const limits = heap === null ? [] : [`--max-old-space-size=${heap}`];
  const child = spawn(process.execPath, ["--max-semi-space-size=16", ...limits, main], {
    env,
    stdio: ["ignore", stdout, stderr],
  });
  const ended = () =>
    child.exitCode === null && child.signalCode === null ? null : `code ${child.exitCode ?? child.signalCode}`;
  const portOf = () => /"outcome":"listening","port":(\d+)/.exec(readFileSync(files[0]!, "utf8"))?.[1];
  await eventually(() => portOf() !== undefined || ended() !== null, STARTED_WITHIN_MS);
  const port = Number(portOf());
  if (ended() !== null) throw new Error(`the app did not start: ${files.map((file) => readFileSync(file, "utf8"))}`);

  const log = createAppLog(files);
  await services.connect(`http://127.0.0.1:${port}/api/novu`);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    cpuMs: () => cpuMsOf(child.pid!),
    rssMb: () => rssMbOf(child.pid!),
    waitedMs: () => waitedMsOf(child.pid!),
    ended,
    logTroubles: log.troubles,
    errors: log.errors,
    async stop() {
      if (ended() === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await data.drop();
    },
  };
}
