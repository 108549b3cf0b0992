import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Engine } from "../chaos/data.ts";
import { enginesOf, wholeNumber } from "../support/tool.ts";
import type { SectionOptions } from "./section.ts";

export const SECTION_NAMES = ["fuzz", "poison", "held", "floods", "soak"] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

const MAIN = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const BY_DEFAULT = SECTION_NAMES.filter((name) => name !== "soak").join(",");

export const HELP = `npm run abuse [-- options]

Sends the app, as built and on fresh data, what nobody should send it, beside good events, and looks at what
becomes of both: requests of all shapes, single events that could stop others, connections that are held open,
and floods. Ends with 1 when a verdict is BAD.

  --only A,B         some of fuzz, poison, held, floods, soak (${BY_DEFAULT})
  --named TEXT       of poison, held and floods only the rows with this in their name
  --engine NAME      sqlite, postgres or both (sqlite); postgres needs TEST_DATABASE_URL, see .ci/with-postgres
  --seed N           of the fuzzer's requests
  --requests N       how many of them (20000)
  --flood-rate N     pieces of 10 KB a second, or parts of one, that a flood is of (1000); 0 is as fast as they go
  --heap MB          the limit of the app's heap (none; of the soak 256)
  --minutes N        how long the soak takes (10)
  --rate N           its events a second (500)
  --main FILE        another built main.js, which is not built first
  --json             print one JSON object
  --help`;

export interface Options extends Omit<SectionOptions, "engine"> {
  engines: Engine[];
  only: SectionName[];
  /** Whether this project's own build is what is tested. */
  isOurBuild: boolean;
  json: boolean;
}

/** The options of the command line; null for help. Throws with words for the person at the terminal. */
export function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: BY_DEFAULT },
      named: { type: "string", default: "" },
      engine: { type: "string", default: "sqlite" },
      seed: { type: "string", default: String(randomInt(1_000_000)) },
      requests: { type: "string", default: "20000" },
      heap: { type: "string" },
      "flood-rate": { type: "string", default: "1000" },
      minutes: { type: "string", default: "10" },
      rate: { type: "string", default: "500" },
      main: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    only: values.only.split(",").map(sectionOf),
    named: values.named,
    engines: enginesOf(values.engine),
    seed: wholeNumber("seed", values.seed),
    requests: wholeNumber("requests", values.requests),
    heap: values.heap === undefined ? null : wholeNumber("heap", values.heap),
    minutes: wholeNumber("minutes", values.minutes),
    rate: wholeNumber("rate", values.rate),
    floodRate: wholeNumber("flood-rate", values["flood-rate"]),
    main: values.main ?? MAIN,
    isOurBuild: values.main === undefined,
    json: values.json,
  };
}

function sectionOf(name: string): SectionName {
  const section = SECTION_NAMES.find((one) => one === name);
  if (section === undefined) throw new Error(`--only is some of ${SECTION_NAMES.join(", ")}, not "${name}"`);
  return section;
}
