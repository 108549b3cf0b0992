import { type DestinationStream, type Logger, pino } from "pino";

export type Log = Logger;

/** JSON lines, one per stop on the road; ids only, never bodies, addresses or keys. */
export function createLog({ level, destination }: { level: string; destination?: DestinationStream }): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination === undefined ? pino(options) : pino(options, destination);
}
