import { spawnSync } from "node:child_process";
import { chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testFolder } from "./folder.ts";
import { freePort } from "./free-port.ts";

/** The folder of PostgreSQL's tools on Debian and Ubuntu. */
const VERSIONS = "/usr/lib/postgresql";
const bin = newestBin();

export const canRunPostgres = bin !== null;
if (!canRunPostgres) process.stderr.write(`no PostgreSQL in ${VERSIONS}: the tests that stop one are skipped\n`);

/** A PostgreSQL that a test may stop, freeze and start again. */
export async function openOwnPostgres() {
  const folder = testFolder();
  const data = join(folder.path, "data");
  const pidFile = join(data, "postmaster.pid");
  const port = await freePort();
  if (isRoot()) chownSync(folder.path, idOf("-u"), idOf("-g"));
  tool("initdb", ["--pgdata", data, "--username", "bridge", "--auth", "trust", "--encoding", "UTF8"]);
  start();
  return {
    url: `postgresql://bridge@127.0.0.1:${port}/postgres`,
    start,
    stop,
    /** A frozen server answers nothing and closes no connection. */
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    async [Symbol.asyncDispose]() {
      if (existsSync(pidFile)) {
        signal("SIGCONT");
        stop();
      }
      folder[Symbol.dispose]();
    },
  };

  function start(): void {
    const options = `-p ${port} -h 127.0.0.1 -k ${folder.path}`;
    tool("pg_ctl", ["start", "--pgdata", data, "--wait", "--silent", "--log", join(folder.path, "log"), "-o", options]);
  }

  function stop(): void {
    tool("pg_ctl", ["stop", "--pgdata", data, "--mode", "immediate", "--silent"]);
  }

  function signal(name: "SIGSTOP" | "SIGCONT"): void {
    const postmaster = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
    // A stopped postmaster starts no child that the list misses.
    process.kill(postmaster, name);
    for (const pid of childrenOf(postmaster)) signalIfThere(pid, name);
  }
}

/** A backend may end between the list and the signal. */
function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** PostgreSQL refuses to run as root. */
function tool(name: string, args: string[]): void {
  const command = join(bin ?? VERSIONS, name);
  const { status, stderr } = isRoot()
    ? spawnSync("runuser", ["-u", "postgres", "--", command, ...args], { encoding: "utf8", stdio, cwd: "/" })
    : spawnSync(command, args, { encoding: "utf8", stdio });
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
}

/** Its child processes must not inherit our output. */
const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"];

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function idOf(option: "-u" | "-g"): number {
  return Number(spawnSync("id", [option, "postgres"], { encoding: "utf8" }).stdout);
}

function newestBin(): string | null {
  try {
    const versions = readdirSync(VERSIONS).sort((a, b) => Number(a) - Number(b));
    return versions.length === 0 ? null : join(VERSIONS, versions.at(-1)!, "bin");
  } catch {
    return null;
  }
}
