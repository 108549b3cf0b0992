import type { Frameworks } from "../novu/framework.ts";
import type { PersonReader } from "../sources/person-reader.ts";
import { createSharedComparison } from "./comparison.ts";
import type { Context } from "./context.ts";
import type { Site } from "./http.ts";
import type { Runs } from "./runs.ts";

/** The pages at /studio. Outside the sandbox, they exist, and are imported, only with a login secret. */
export async function openStudio(
  context: Context,
  {
    workflows,
    persons,
    runs,
  }: {
    workflows: Frameworks["workflows"];
    persons: Pick<PersonReader, "read" | "forget">;
    runs: Pick<Runs, "silent">;
  },
): Promise<Site[]> {
  const { config, product, store, sandbox, now, log } = context;
  if (sandbox === undefined && config.studioSecret === undefined) return [];
  const { createStudio } = await import("../studio/studio.ts");
  const comparison = createSharedComparison(context);
  const studio = createStudio({
    store,
    discovered: workflows,
    routes: product.workflows,
    readPerson(run) {
      // In the sandbox a property changes without an event.
      if (sandbox !== undefined) persons.forget(run.distinctId);
      return persons.read(run);
    },
    async capOf(distinctId) {
      const { cap } = config.marketing;
      return { ...cap, sent: await store.limits.countSends(distinctId, cap) };
    },
    silent: runs.silent,
    compare: comparison.compare,
    redrive: store.jobs.redrive,
    onChange(listener) {
      const ends = [store.on("changed", listener), comparison.onReady(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
    secret: config.studioSecret,
    publicUrl: config.publicUrl,
    sandbox,
    now,
    log,
  });
  if (studio === null) return [];
  const stop = () => {
    comparison.stop();
    studio.stop();
  };
  return [{ path: "/studio", router: studio.router, stop }];
}
