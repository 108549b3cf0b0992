import type { ReactElement, ReactNode } from "react";
import { messagePath, runStepPath, stepPath, useFrame } from "../page.ts";
import { Pill } from "./parts.tsx";
import { titleOf } from "./readers.tsx";

interface OneMessage {
  run: string;
  step: string;
}

/** The word "sent", as a link to the message: its preview in the sandbox, and otherwise its step on the run's page. */
export function SentPill({ run, step, isUnconfirmed = false }: OneMessage & { isUnconfirmed?: boolean }): ReactElement {
  return (
    <a href={useMessagePath({ run, step })}>
      <Pill tone={isUnconfirmed ? "warn" : "good"}>{isUnconfirmed ? "sent to Novu" : "sent"}</Pill>
    </a>
  );
}

/** The title of a message that was sent in the sandbox, or else `children`, as a link like that of `SentPill`. */
export function MessageLink({ run, step, children }: OneMessage & { children: ReactNode }): ReactElement {
  const message = useFrame().messageOf?.(run, step) ?? null;
  return <a href={useMessagePath({ run, step })}>{message === null ? children : titleOf(message)}</a>;
}

/** In the sandbox: a link to a preview of a message that was not sent, with the data of its run. */
export function UnsentLink({ run, step, workflow }: OneMessage & { workflow: string }): ReactElement | null {
  if (useFrame().messageOf === null) return null;
  return <a href={stepPath(workflow, step, run)}>see how it would look</a>;
}

function useMessagePath({ run, step }: OneMessage): string {
  const message = useFrame().messageOf?.(run, step) ?? null;
  return message === null ? runStepPath(run, step) : messagePath(message.id);
}
