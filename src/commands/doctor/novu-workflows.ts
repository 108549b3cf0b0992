import type { Config } from "../../config.ts";
import { sleep } from "../../lib/clock.ts";
import { unknownWorkflowOf } from "../../novu/novu-errors.ts";
import { withStoreToRead } from "../command-store.ts";
import { brokenControls } from "../plan/broken-controls.ts";
import { changesOf, type WorkflowDifference } from "../plan/compare-workflows.ts";
import type { Manifest } from "../plan/manifest.ts";
import { readNovuWorkflows } from "../plan/novu-workflows.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

/** The check must end before the doctor's time limit. */
const LONGEST_PAUSE_MS = 250;

/** Whether Novu has the workflows, which jobs died without one, and whether it can use the values from its dashboard. */
export function novuWorkflowsCheck(config: Config, readManifest: () => Promise<Manifest>): Check {
  return {
    what: "Novu workflows",
    async look() {
      const [manifest, dead] = await Promise.all([readManifest(), deadStarts(config)]);
      const { workflows } = await readNovuWorkflows(config.novu, (ms) => sleep(Math.min(ms, LONGEST_PAUSE_MS)));
      const missing = manifest
        .map(({ workflowId }) => workflowId)
        .filter((id) => !workflows.some((one) => one.workflowId === id));
      const stale = changesOf(manifest, workflows).filter(({ does }) => does === "change");
      const broken = await brokenControls(manifest, workflows);
      return [
        missingFinding(missing, manifest.length),
        ...stale.map(staleFinding),
        ...dead.map(({ workflow, count }) =>
          trouble(
            `${count} ${count === 1 ? "start is" : "starts are"} dead, because Novu did not have "${workflow}": ${missing.includes(workflow) ? "npm run sync, then " : ""}npm run redrive`,
          ),
        ),
        ...broken.map(({ workflow, step, control }) =>
          warning(
            `Novu cannot use the value of "${control}" in ${workflow}/${step} from its dashboard; correct it there`,
          ),
        ),
      ];
    },
  };
}

function missingFinding(missing: string[], all: number): Finding {
  if (missing.length === 0) return ok(`Novu has all ${all}`);
  const lacks = missing.length === all ? `none of them (${missing.join(", ")})` : `no ${missing.join(", no ")}`;
  return trouble(`Novu has ${lacks}, so their events start no run: npm run sync`);
}

/** A run has the steps that Novu had at its trigger. */
function staleFinding({ workflow, changes }: WorkflowDifference): Finding {
  const lacks = changes.flatMap(({ does, step }) => (does === "add" && step !== null ? [step] : []));
  const what = `Novu has another version of ${workflow}`;
  return lacks.length > 0
    ? trouble(`${what}, without ${lacks.join(", ")}: npm run sync`)
    : warning(`${what}: npm run plan lists the differences`);
}

/** Empty without a store, which has a check of its own. */
function deadStarts(config: Config): Promise<Array<{ workflow: string; count: number }>> {
  return withStoreToRead(
    config,
    async (store) => {
      const counts = new Map<string, number>();
      for (const { error, count } of await store.jobs.countDeadByError()) {
        const workflow = unknownWorkflowOf(error);
        if (workflow !== null) counts.set(workflow, (counts.get(workflow) ?? 0) + count);
      }
      return [...counts].map(([workflow, count]) => ({ workflow, count }));
    },
    () => [],
  );
}
