import type { Decision } from "../../contracts/decision.ts";
import { DAY_MS, HOUR_MS } from "../../lib/durations.ts";
import { acts, expected, STORY_DAYS, STORY_STARTS_AT, surprise } from "../../workflows/demo/story.ts";
import type { Sandbox } from "../sandbox.ts";

/** A line of the timeline: something happened, or something was decided. */
export interface Line {
  at: number;
  kind: "act" | "sent" | "not sent";
  text: string;
}

export interface Outcome {
  timeline: Line[];
  /** The workflows of the story that are not there; what belongs to them is left out. */
  leftOut: string[];
  /** Where the story differs from what it must come to; empty when it does not. */
  differences: string[];
  /** The run in which the most surprising message was not sent; null when the story went another way. */
  surprise: { transactionId: string; says: string } | null;
}

/** Plays the story on a sandbox that stands at its beginning, and holds it against what it must come to. */
export async function play(sandbox: Sandbox): Promise<Outcome> {
  const timeline: Line[] = [];
  const present = new Set(sandbox.novu.state.workflows.map(({ workflowId }) => workflowId));
  const leftOut = [...new Set(acts.map(({ workflow }) => workflow))].filter((workflow) => !present.has(workflow));
  for (const { workflow, day, hour = 0, says, happens } of acts) {
    if (!present.has(workflow)) continue;
    await until(day, hour);
    const before = new Set(deliveries());
    happens(sandbox);
    await sandbox.settled();
    timeline.push({ at: sandbox.clock.now(), kind: "act", text: [says, ...answersSince(before)].join(" → ") });
  }
  await until(STORY_DAYS, 0);

  const decisions = await sandbox.app.store.listDecisions();
  for (const decision of decisions)
    timeline.push({
      at: Date.parse(decision.decidedAt),
      kind: decision.outcome === "sent" ? "sent" : "not sent",
      text: rowOf(decision),
    });
  timeline.sort((a, b) => a.at - b.at);
  const wanted = expected.filter(([, , workflow]) => present.has(workflow)).map((row) => inColumns(...row));
  const differences = [...compare(decisions.map(rowOf), wanted), ...brokenPromises(decisions)];
  return { timeline, leftOut, differences, surprise: surpriseOf(decisions) };

  async function until(day: number, hour: number): Promise<void> {
    const seconds = (STORY_STARTS_AT + (day * 24 + hour) * HOUR_MS - sandbox.clock.now()) / 1000;
    await sandbox.travel({ seconds });
  }

  function deliveries() {
    const { posthog, segment } = sandbox;
    return [...posthog.state.deliveries, ...segment.state.deliveries];
  }

  function answersSince(before: Set<object>): string[] {
    return deliveries()
      .filter((delivery) => !before.has(delivery))
      .flatMap(({ attempts }) =>
        attempts.map(
          ({ status, answer }) =>
            `${status} ${Object.entries(JSON.parse(answer))
              .map(([key, value]) => (key === "ignored" ? `${key}: ${value}` : key))
              .join()}`,
        ),
      );
  }

  /** What must hold besides the rows. */
  function brokenPromises(decisions: Decision[]): string[] {
    const { novu, posthog } = sandbox;
    const sent = decisions.filter(({ outcome }) => outcome === "sent").length;
    const reports = posthog.state.events.filter(({ event }) => /^notification (sent|skipped)$/.test(event));
    const failed = novu.state.runs.flatMap(({ jobs }) => jobs.filter(({ status }) => status === "failed"));
    return [
      ...(novu.state.messages.length === sent
        ? []
        : [`${sent} messages were decided and ${novu.state.messages.length} were sent`]),
      ...(new Set(novu.triggers.map(({ transactionId }) => transactionId)).size === novu.triggers.length
        ? []
        : ["a run was triggered twice"]),
      ...(new Set(reports.map(({ uuid }) => uuid)).size === decisions.length
        ? []
        : [`${decisions.length} decisions came to ${reports.length} reports in PostHog`]),
      ...failed.map(({ stepId, error }) => `the step ${stepId} failed: ${error}`),
    ];
  }
}

function surpriseOf(decisions: Decision[]): Outcome["surprise"] {
  const { distinctId, workflow, step } = surprise;
  const decision = decisions.find(
    (one) =>
      one.distinctId === distinctId && one.workflow === workflow && one.step === step && one.outcome === "skipped",
  );
  if (decision === undefined) return null;
  const { transactionId, detail } = decision;
  return { transactionId, says: `Why ${distinctId} got no ${step}, though no event said that ${detail}` };
}

function rowOf({ decidedAt, distinctId, workflow, step, outcome, reason, detail }: Decision): string {
  const sinceMs = Date.parse(decidedAt) - STORY_STARTS_AT;
  const day = Math.floor((sinceMs + 9 * HOUR_MS) / DAY_MS);
  const what = outcome === "sent" ? "sent" : `not sent: ${[reason, detail].filter((part) => part !== null).join(": ")}`;
  return inColumns(`day ${day} ${decidedAt.slice(11, 16)}`, distinctId, workflow, step, what);
}

function inColumns(moment: string, person: string, workflow: string, step: string, outcome: string): string {
  return `${moment}  ${person.padEnd(9)}  ${workflow.padEnd(13)}  ${step.padEnd(17)}  ${outcome}`;
}

function compare(actual: string[], wanted: string[]): string[] {
  return [
    ...wanted.filter((row) => !actual.includes(row)).map((row) => `missing:    ${row}`),
    ...actual.filter((row) => !wanted.includes(row)).map((row) => `unexpected: ${row}`),
  ];
}
