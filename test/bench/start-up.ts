import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { START_FLAGS, settings } from "./contestants.ts";
import { median } from "./median.ts";

const MAIN = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
/** After this time without requests, the memory of the app is measured. */
const IDLE_MS = 4_000;

export interface StartRow {
  name: string;
  /** From the start of the process to the first healthy answer. */
  readyMs: number;
  /** Resident memory. */
  idleMb: number;
}

/** Starts the built app some times, and measures each start; the row has the medians. */
export async function startRow(name: string, env: Record<string, string>, rounds: number): Promise<StartRow> {
  const starts: Array<Omit<StartRow, "name">> = [];
  for (let round = 0; round < rounds; round += 1) starts.push(await startOnce(env));
  return {
    name,
    readyMs: Math.round(median(starts.map(({ readyMs }) => readyMs))),
    idleMb: Math.round(median(starts.map(({ idleMb }) => idleMb))),
  };
}

async function startOnce(env: Record<string, string>): Promise<Omit<StartRow, "name">> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...START_FLAGS, MAIN], { env: { ...settings("http://127.0.0.1:9"), ...env } });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  let port: string | undefined;
  while (port === undefined) {
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}: ${output}`);
    port = /"outcome":"listening","port":(\d+)/.exec(output)?.[1];
  }
  await fetch(`http://127.0.0.1:${port}/healthz`);
  const readyMs = performance.now() - startedAt;
  await sleep(IDLE_MS);
  const kilobytes = Number(execFileSync("ps", ["-o", "rss=", "-p", String(child.pid)], { encoding: "utf8" }));
  child.kill("SIGKILL");
  await once(child, "exit");
  return { readyMs, idleMb: kilobytes / 1024 };
}
