import type { Config } from "../../config.ts";
import type { Comparison } from "../../contracts/comparison.ts";
import type { LifecycleWorkflow } from "../../engine/lifecycle.ts";
import { printable } from "../../lib/command-io.ts";
import { compareEvents } from "../compare-events.ts";
import { type Check, type Finding, ok, warning } from "./check.ts";

const WITHIN_MS = 15_000;
/** The doctor's result should fit on one screen; the plan has all problems. */
const MOST_SHOWN = 5;

const HINT: Record<Comparison["problems"][number]["kind"], string> = {
  "never seen": "send the event, or correct its name in the workflow",
  stopped: "does your product still send it?",
  "condition never held": "correct the condition, or the event",
  "property never seen": "send the property, or correct its name in the workflow",
  "property missing": "send it with each event, or make it optional in the workflow",
  "property type": "send one type, or read it with a type of src/contracts/property-types.ts",
  "does not fit": "correct the payload, or put the condition into `on`",
  "person property never seen": "set the property, or correct it in src/workflows/person-properties.ts",
};

/** Checks that the events come as the workflows expect them. */
export function eventsCheck(config: Config, workflows: LifecycleWorkflow[], now: () => number): Check {
  return {
    what: "events",
    async look(): Promise<Finding[]> {
      const { problems, notes, notCompared, events } = await compareEvents(
        workflows,
        { posthog: config.posthog, store: config, now: now() },
        WITHIN_MS,
      );
      const shown = problems.slice(0, MOST_SHOWN);
      const more = problems.length - shown.length;
      return [
        ...shown.map(({ kind, text }) => warning(`${printable(text)}: ${HINT[kind]}`)),
        ...(more > 0 ? [warning(`${more} more ${more === 1 ? "problem" : "problems"}: npm run plan lists all`)] : []),
        ...notCompared.map(warning),
        ...notes.map(ok),
        ...(problems.length + notCompared.length + notes.length === 0
          ? [ok(`the ${events} events of the workflows come as the workflows expect`)]
          : []),
      ];
    },
  };
}
