import type { ReactElement } from "react";
import type { TravelTarget } from "../../contracts/sandbox.ts";
import { formatDuration } from "../../lib/durations.ts";
import { Icon } from "./icons.tsx";
import { exact, Hidden } from "./parts.tsx";

export interface ClockProps {
  now: number;
  /** When the next waiting step continues; null if none waits. */
  nextStepAt: number | null;
}

const TRAVEL_TARGETS: Array<{ to: TravelTarget; name: string; needsStep: boolean }> = [
  { to: "step", name: "Next step", needsStep: true },
  { to: "hour", name: "+1 hour", needsStep: false },
  { to: "day", name: "+1 day", needsStep: false },
  { to: "end", name: "To the end", needsStep: true },
];

/** The time of the sandbox, and buttons to let time pass. */
export function TimeBar({ now, nextStepAt, token, here }: ClockProps & { token: string; here: string }): ReactElement {
  return (
    <section className="time-bar" aria-label="Time of the sandbox">
      <Icon name="clock" />
      <p>
        <time dateTime={new Date(now).toISOString()}>{exact(now).replace(/:\d\d UTC$/, " UTC")}</time>
        <span>
          {nextStepAt === null
            ? "no step is waiting"
            : `the next step continues ${nextStepAt > now ? `in ${formatDuration(nextStepAt - now)}` : "now"}`}
        </span>
      </p>
      <form method="post" action="/studio/time">
        <Hidden fields={{ token, here }} />
        {TRAVEL_TARGETS.map(({ to, name, needsStep }) => (
          <button
            key={to}
            type="submit"
            name="to"
            value={to}
            className="button small"
            disabled={needsStep && nextStepAt === null}
          >
            {name}
          </button>
        ))}
      </form>
    </section>
  );
}
