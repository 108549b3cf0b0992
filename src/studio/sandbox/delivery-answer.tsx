import type { ReactElement } from "react";
import type { SandboxDelivery } from "../../contracts/sandbox.ts";
import { nameOf } from "../../explain/explanation.ts";
import { parseJson } from "../../lib/json.ts";
import { runPath, useFrame } from "../page.ts";
import { type LinkedPill, Pills } from "../ui/parts.tsx";

/** A delivery with the runs that its event started or ended. */
export interface Delivered extends SandboxDelivery {
  runs: Array<{ workflow: string; runRef: string; does: "started" | "did not start" | "ended" }>;
}

type Runs = Delivered["runs"];

/** The effect of a delivery in words, with the status and the body of the answer. */
export function Answer({
  status,
  answer = "",
  runs,
}: {
  status?: number | null;
  answer?: string;
  runs: Runs;
}): ReactElement {
  const { workflows } = useFrame();
  if (status === undefined) return <span className="quiet">not yet</span>;
  const parsed = parseJson(answer);
  const fields = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  const body = Object.entries(fields).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return (
    <>
      <Pills pills={effectOf(status, fields, runs).map((pill) => ({ ...pill, text: inWords(pill, workflows) }))} />
      <span className="two">
        {status ?? "no answer"} {body.length === 0 ? answer : body.join(", ")}
      </span>
    </>
  );
}

interface Effect extends LinkedPill {
  workflow?: string;
}

/** Only a run that started or ended is green: most accepted events of a source only update the person. */
function effectOf(status: number | null, fields: Record<string, unknown>, runs: Runs): Effect[] {
  if (status === null) return [{ tone: "bad", text: "no answer" }];
  if (status >= 400) return [{ tone: "bad", text: "refused" }];
  if ("ignored" in fields) return [{ tone: "warn", text: "ignored" }];
  const effects: Effect[] = runs.map(({ workflow, runRef, does }) => ({
    ...{ tone: does === "did not start" ? "warn" : "good", text: does, workflow },
    to: runPath(runRef),
  }));
  if ("duplicate" in fields) return [{ tone: "quiet", text: "had arrived before" }];
  return effects.length > 0 ? effects : [{ tone: "quiet", text: "accepted, started nothing" }];
}

function inWords({ text, workflow }: Effect, workflows: Array<{ id: string; name: string }>): string {
  return workflow === undefined ? text : `${text} ${nameOf(workflow, workflows)}`;
}
