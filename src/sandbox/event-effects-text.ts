import type { Paint } from "../lib/command-io.ts";
import { durationInWords } from "../lib/durations.ts";
import { nearestName } from "../lib/nearest-name.ts";
import type { EventEffects, StartedRun } from "./event-effects.ts";

/** The effects of an event in sentences, one in a line. `now` is the sandbox's, in milliseconds since 1970. */
export function effectsText(
  { started, ended }: Omit<EventEffects, "names">,
  { now, paint }: { now: number; paint: Paint },
): string[] {
  return [
    ...started.flatMap((run) => [
      `${run.isStarted ? paint("green", "started") : paint("yellow", "did not start")} ${run.workflow} for ${run.distinctId}`,
      ...run.decided.map(({ step, channel, result }) => `  ${step} (${channel}): ${result}`),
      ...nextLine(run, now),
    ]),
    ...ended.map((workflow) => `${paint("yellow", "ended")} a run of ${workflow}`),
    ...(started.length + ended.length === 0 ? ["No run started or ended."] : []),
  ];
}

function nextLine({ decided, next }: StartedRun, now: number): string[] {
  if (next === null)
    return decided.length === 0 ? ["  It has ended without a message; npm run why has the reason."] : [];
  const wait = next.notBefore - now;
  const at = new Date(next.notBefore).toISOString().slice(0, 16).replace("T", " ");
  return [
    `  next: ${next.step} (${next.channel}), ${wait < 1_000 ? "now" : `in ${durationInWords(wait)}, not before ${at} UTC`}`,
  ];
}

/** The nearest name of an event that has an effect, as a question; empty if no name is near. */
export function suggestion(name: string, names: string[]): string {
  const nearest = nearestName(name, names);
  return nearest === null ? "" : ` Do you mean ${nearest.includes(" ") ? `"${nearest}"` : nearest}?`;
}
