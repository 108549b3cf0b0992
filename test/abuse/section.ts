import type { AppOptions } from "./app.ts";
import type { Row } from "./verdict.ts";

export interface SectionOptions extends AppOptions {
  /** Only what has this in its name; everything for "". */
  named: string;
  seed: number;
  requests: number;
  minutes: number;
  /** Good events a second in the soak. */
  rate: number;
  /** How many pieces of 10 KB a second a flood is of; 0 is as fast as they go. */
  floodRate: number;
}

/** One kind of abuse; tells each row as it is done. */
export type Section = (options: SectionOptions, onRow: (row: Row) => void) => Promise<void>;
