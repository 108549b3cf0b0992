import type { Config } from "../../config.ts";
import { createLog } from "../../lib/log.ts";
import { ALLOWED_CHARACTERS, refusedCharacters } from "../../lib/subscriber-id.ts";
import { openStoreToRead } from "../../store/open-store.ts";
import type { ReadStore } from "../../store/store.ts";
import { type Check, warning } from "./check.ts";

const RECENT_RUNS = 500;

/** Whether a Novu that checks subscriber ids would accept those of the latest runs. The finding has no id. */
export function subscriberIdsCheck(config: Config): Check {
  return {
    what: "subscriber ids",
    async look() {
      let store: ReadStore;
      try {
        store = await openStoreToRead(config, { now: Date.now, log: createLog({ level: "silent" }) });
      } catch {
        // The store has a check of its own.
        return [];
      }
      try {
        const runs = await store.runs.list({ limit: RECENT_RUNS });
        const refused = runs.map(({ distinctId }) => refusedCharacters(distinctId)).filter(({ length }) => length > 0);
        if (refused.length === 0) return [];
        const characters = [...new Set(refused.flat())].map((one) => JSON.stringify(one)).join(" ");
        return [
          warning(
            `${refused.length} of the latest ${runs.length} runs have ${characters} in the distinct id; a Novu that checks ids accepts only ${ALLOWED_CHARACTERS}, and does not start such runs (invalid_recipients): use other ids for people, or have Novu turn the check off`,
          ),
        ];
      } finally {
        await store.close();
      }
    },
  };
}
