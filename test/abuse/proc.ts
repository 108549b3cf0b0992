import { readFileSync } from "node:fs";

/** The units of Linux: times in hundredths of a second, memory in pages. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

/** User and system time of a process and all its threads; 0 after its end. */
export function cpuMsOf(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** The time in which its main thread was ready to run without a processor, because the machine was busy. */
export function waitedMsOf(pid: number): number {
  return Number(read(`/proc/${pid}/schedstat`).split(" ")[1] ?? 0) / 1e6;
}

/** Its memory in MB; 0 after its end. */
export function rssMbOf(pid: number): number {
  return (Number(read(`/proc/${pid}/statm`).split(" ")[1] ?? 0) * PAGE_BYTES) / 1024 / 1024;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
