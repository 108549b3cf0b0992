import type { Config } from "../../config.ts";
import { ALLOWED_CHARACTERS, refusedCharacters } from "../../contracts/novu.ts";
import type { ReadStore } from "../../store/store.ts";
import { withStoreToRead } from "../command-store.ts";
import { type Check, type Finding, warning } from "./check.ts";

const RECENT_RUNS = 500;

/** Whether a Novu that checks subscriber ids would accept those of the latest runs. The finding has no id. */
export function subscriberIdsCheck(config: Config): Check {
  // The store has a check of its own.
  return { what: "subscriber ids", look: () => withStoreToRead(config, look, () => []) };
}

async function look(store: ReadStore): Promise<Finding[]> {
  const runs = await store.runs.list({ limit: RECENT_RUNS });
  const refused = runs.map(({ distinctId }) => refusedCharacters(distinctId)).filter(({ length }) => length > 0);
  if (refused.length === 0) return [];
  const characters = [...new Set(refused.flat())].map((one) => JSON.stringify(one)).join(" ");
  return [
    warning(
      `${refused.length} of the latest ${runs.length} runs have ${characters} in the distinct id; a Novu that checks ids accepts only ${ALLOWED_CHARACTERS}, and does not start such runs (invalid_recipients): use other ids for people, or have Novu turn the check off`,
    ),
  ];
}
