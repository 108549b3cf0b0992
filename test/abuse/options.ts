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

Sends requests that no client should send to the built app on fresh data, beside good events, and checks the results
of both: requests of all shapes, single events that could block others, connections that stay open, and floods.
Exits 1 when a result is BAD.

  --only A,B         some of fuzz, poison, held, floods, soak (${BY_DEFAULT})
  --named TEXT       only the rows of poison, held and floods with this in their name
  --engine NAME      sqlite, postgres or both (sqlite); postgres needs TEST_DATABASE_URL, see .ci/with-postgres
  --seed N           seed of the fuzzer
  --requests N       number of its requests (20000)
  --flood-rate N     rate of a flood, in pieces of at most 10 KB a second (1000); 0 is unlimited
  --heap MB          limit of the app's heap (none; 256 in the soak)
  --minutes N        duration of the soak (10)
  --rate N           events a second in the soak (500)
  --main FILE        another built main.js, which is not built first
  --json             print one JSON object
  --help`;

export interface Options extends Omit<SectionOptions, "engine"> {
  engines: Engine[];
  only: SectionName[];
  /** Whether it is this project's own build. */
  isOurBuild: boolean;
  json: boolean;
}

/** The options of the command line; null for help. Throws an error to print. */
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
