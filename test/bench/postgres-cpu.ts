import { readdirSync, readFileSync } from "node:fs";
import type pg from "pg";

/** Linux counts CPU in hundredths of a second. */
const TICK_MICROS = 10_000;

/** Returns the CPU of the server so far, in microseconds, with all its processes; null unless it runs on this machine. */
export async function postgresCpu(client: pg.Client): Promise<() => number | null> {
  const { rows } = await client.query("select pg_backend_pid() as pid");
  const own = statOf(rows[0].pid);
  if (own?.name !== "postgres") return () => null;
  return () => {
    const all = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => statOf(Number(pid)) ?? []);
    const server = all.find(({ pid }) => pid === own.parent);
    const children = all.filter(({ parent }) => parent === own.parent);
    const ticks = children.reduce((sum, { ticks: ofChild }) => sum + ofChild, 0);
    return TICK_MICROS * (ticks + (server?.ticks ?? 0) + (server?.ticksOfEnded ?? 0));
  };
}

/** Undefined for a process that has ended, and where there is no /proc. */
function statOf(pid: number) {
  try {
    const [, name = "", rest = ""] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    // proc(5): state, ppid, …; utime, stime, cutime and cstime are the 12th to the 15th from there.
    const fields = rest.split(" ").map(Number);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
    return { pid, name, parent: fields[1], ticks: user + system, ticksOfEnded: endedUser + endedSystem };
  } catch {
    return undefined;
  }
}
