import type { ReactElement } from "react";
import type { TravelTarget } from "../../contracts/sandbox.ts";
import { formatDuration } from "../../lib/durations.ts";
import { PostForm, Submit } from "./forms.tsx";
import { Icon } from "./icons.tsx";
import { exact } from "./parts.tsx";

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
      <PostForm action="/studio/time" fields={{ token, here }}>
        {TRAVEL_TARGETS.map(({ to, name, needsStep }) => (
          <Submit key={to} name="to" value={to} disabled={needsStep && nextStepAt === null} look="small">
            {name}
          </Submit>
        ))}
      </PostForm>
    </section>
  );
}
