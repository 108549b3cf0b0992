import { Router } from "express";
import type { Frameworks } from "../novu/framework.ts";
import type { PersonReader } from "../sources/person-reader.ts";
import { createStudio } from "../studio/studio.ts";
import { createSharedComparison } from "./comparison.ts";
import type { Context } from "./context.ts";
import type { Site } from "./http.ts";
import type { Runs } from "./runs.ts";

/** The pages at /studio. Outside the sandbox, they exist only with a login secret. */
export function openStudio(
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
): Site {
  const { config, product, store, sandbox, now, log } = context;
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
  const { router, stop } = studio ?? { router: Router(), stop() {} };
  return {
    path: "/studio",
    router,
    stop() {
      comparison.stop();
      stop();
    },
  };
}
