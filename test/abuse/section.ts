import type { AppOptions } from "./app.ts";
import type { Row } from "./troubles.ts";

export interface SectionOptions extends AppOptions {
  /** Only entries with this in their name; all for "". */
  named: string;
  seed: number;
  requests: number;
  minutes: number;
  /** Good events a second in the soak. */
  rate: number;
  /** Pieces of 10 KB a second in a flood; 0 is unlimited. */
  floodRate: number;
}

/** One kind of abuse; reports each finished row. */
export type Section = (options: SectionOptions, onRow: (row: Row) => void) => Promise<void>;
