import type { ReactElement } from "react";
import { parseJson } from "../../lib/json.ts";
import { Pill, type Tone } from "./parts.tsx";

/** The status, and what was said with it; the app says why in a field of its answer. */
export function Answer({ status, answer = "" }: { status?: number | null; answer?: string }): ReactElement {
  if (status === undefined) return <span className="quiet">not yet</span>;
  const said = parseJson(answer);
  const words =
    typeof said === "object" && said !== null
      ? Object.entries(said)
          .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
          .join(", ")
      : answer;
  return (
    <span className="stack">
      <Pill tone={toneOf(status, said)}>{status ?? "no answer"}</Pill>
      <span>{words}</span>
    </span>
  );
}

function toneOf(status: number | null, said: unknown): Tone {
  if (status === null || status >= 400) return "bad";
  return typeof said === "object" && said !== null && "accepted" in said ? "good" : "warn";
}
