import { type Logger, pino } from "pino";

export type Log = Logger;

/** JSON lines on standard output, one per stop on the road; ids only, never bodies, addresses or keys. */
export function createLog({ level }: { level: string }): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
