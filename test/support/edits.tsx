import fc from "fast-check";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";
import { type LifecycleWorkflow, lifecycle } from "../../src/engine/lifecycle.ts";
import { Letter } from "./product/letter.tsx";
import { topicOf } from "./product/topics.ts";

// Random workflows, and edits of them.

export type StepSpec =
  | { kind: "email" | "in_app"; id: string }
  | { kind: "wait" | "digest"; id: string; days: number }
  | { kind: "custom"; id: string; field: "n" | "m" };

/** `number`: a field becomes a number; `needed`: a new required field; `optional`: a new field with a default. */
export type PayloadSpec = "as it was" | "optional" | "needed" | "number";

export interface Version {
  steps: StepSpec[];
  payload: PayloadSpec;
}

export interface EditCase {
  category: "marketing" | "transactional";
  before: Version;
  after: Version;
  /** The start of the run, in hours before the edit; some runs start between the edit and the sync. */
  beganHours: number;
}

const KINDS = ["email", "email", "email", "in_app", "wait", "wait", "wait", "custom", "digest"] as const;

/** The same seed makes the same cases. */
export function editCases(count: number, seed: number): EditCase[] {
  return fc.sample(fc.noBias(editCase), { numRuns: count, seed });
}

const stepOf = (id: string): fc.Arbitrary<StepSpec> =>
  fc
    .record({
      kind: fc.constantFrom(...KINDS),
      days: fc.integer({ min: 1, max: 3 }),
      field: fc.constantFrom("n" as const, "m" as const),
    })
    .map(({ kind, days, field }) => {
      if (kind === "wait") return { kind, id, days };
      // Novu allows at most a day, and one digest.
      if (kind === "digest") return { kind, id, days: 1 };
      return kind === "custom" ? { kind, id, field } : { kind, id };
    });

const version: fc.Arbitrary<Version> = fc
  .integer({ min: 2, max: 6 })
  .chain((length) => fc.tuple(...Array.from({ length }, (_, index) => stepOf(`s${index}`))))
  .map((steps) => ({ steps: withOneDigest([{ kind: "email", id: "first" }, ...steps]), payload: "as it was" }));

type Edit = (version: Version) => Version;

const edit: fc.Arbitrary<Edit> = fc
  .record({
    what: fc.constantFrom("insert", "remove", "rename", "reorder", "lengthen", "result", "payload", "retype"),
    at: fc.nat(20),
    to: fc.nat(20),
    fresh: fc.nat(1_000_000).chain((id) => stepOf(`x${id}`)),
    payload: fc.constantFrom<PayloadSpec>("optional", "optional", "needed", "number"),
  })
  .map(
    ({ what, at, to, fresh, payload }): Edit =>
      (before) => {
        const steps = [...before.steps];
        const index = at % steps.length;
        const one = steps[index];
        if (one === undefined) return before;
        if (what === "insert") steps.splice(at % (steps.length + 1), 0, fresh);
        if (what === "remove" && steps.length > 1) steps.splice(index, 1);
        if (what === "rename") steps[index] = { ...one, id: fresh.id };
        if (what === "reorder") steps.splice(to % steps.length, 0, ...steps.splice(index, 1));
        if (what === "lengthen" && one.kind === "wait") steps[index] = { ...one, days: 1 + (to % 4) };
        if (what === "result" && one.kind === "custom") steps[index] = { ...one, field: one.field === "n" ? "m" : "n" };
        if (what === "retype") steps[index] = { ...fresh, id: one.id };
        return { steps: withOneDigest(steps), payload: what === "payload" ? payload : before.payload };
      },
  );

const editCase: fc.Arbitrary<EditCase> = fc
  .record({
    category: fc.constantFrom("marketing" as const, "transactional" as const),
    before: version,
    edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
    beganAt: fc.integer({ min: -10, max: 105 }),
  })
  .map(({ category, before, edits, beganAt }) => ({
    category,
    before,
    after: edits.reduce((version, change) => change(version), before),
    beganHours: beganAt < 0 ? -1 : Math.round((beganAt / 100) * hoursOf(before)),
  }));

function hoursOf({ steps }: Version): number {
  return steps.reduce((hours, step) => hours + ("days" in step ? step.days * 24 : 0), 1);
}

function withOneDigest(steps: StepSpec[]): StepSpec[] {
  const first = steps.findIndex(({ kind }) => kind === "digest");
  return steps.filter(({ kind }, index) => kind !== "digest" || index === first);
}

/** A version as a workflow, which `go-<id>` starts. */
export function workflowOf(id: string, { steps, payload }: Version, category: EditCase["category"]): LifecycleWorkflow {
  const extra = {
    "as it was": {},
    optional: { extra: z.string().default("there") },
    needed: { extra: z.string() },
    number: { base: z.number() },
  }[payload];
  return lifecycle({
    id,
    name: id,
    description: id,
    ...(category === "marketing" ? { category, topic: topicOf("offers") } : { category }),
    on: [event(`go-${id}`)],
    startWithin: "any time",
    payload: z.object({ base: z.string() }).extend(extra),
    // The values of the payload in either version.
    from: () => ({ base: payload === "number" ? 1 : "b", extra: "given" }) as never,
    async workflow({ step }) {
      const results: Array<{ n?: number; m?: number }> = [];
      const said = () => ["found", ...results.map(({ n, m }) => n ?? m ?? "nothing")].join(" ");
      for (const one of steps) {
        const atAnyHour = category === "transactional";
        if (one.kind === "email")
          await step.email(
            one.id,
            () => ({
              subject: said(),
              body: <Letter title="t" firstName="f" says="s" button="b" url="https://a.b/" />,
            }),
            { atAnyHour },
          );
        else if (one.kind === "in_app") await step.inApp(one.id, () => ({ subject: said(), body: "b" }));
        else if (one.kind === "wait") await step.wait(one.id, { days: one.days });
        else if (one.kind === "digest") await step.digest(one.id, { days: one.days });
        else if (one.kind === "custom")
          results.push(
            one.field === "n"
              ? await step.custom(one.id, z.object({ n: z.number() }), () => ({ n: 7 }))
              : await step.custom(one.id, z.object({ m: z.number() }), () => ({ m: 7 })),
          );
      }
    },
  });
}
