import type { ReactElement } from "react";
import { parseJson } from "../../lib/json.ts";
import { Pill, type Tone } from "../ui/parts.tsx";

/** The status and the body of an answer of the app. */
export function Answer({ status, answer = "" }: { status?: number | null; answer?: string }): ReactElement {
  if (status === undefined) return <span className="quiet">not yet</span>;
  const parsed = parseJson(answer);
  const words =
    typeof parsed === "object" && parsed !== null
      ? Object.entries(parsed)
          .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
          .join(", ")
      : answer;
  return (
    <span className="stack">
      <Pill tone={toneOf(status, parsed)}>{status ?? "no answer"}</Pill>
      <span>{words}</span>
    </span>
  );
}

function toneOf(status: number | null, parsed: unknown): Tone {
  if (status === null || status >= 400) return "bad";
  return typeof parsed === "object" && parsed !== null && "accepted" in parsed ? "good" : "warn";
}
