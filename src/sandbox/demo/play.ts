import type { Decision } from "../../contracts/decision.ts";
import { HOUR_MS } from "../../lib/durations.ts";
import type { Sandbox } from "../sandbox.ts";
import { midnightBefore, momentOf } from "../story-lines.ts";
import type { DemoStory, ExpectedDecision } from "./demo-story.ts";

/** A line of the timeline: a scene, or a decision. */
interface Line {
  at: number;
  kind: "scene" | "sent" | "not sent";
  text: string;
}

export interface DemoResult {
  timeline: Line[];
  /** The workflows of the story that the sandbox does not have; their scenes are left out. */
  leftOut: string[];
  /** Empty when all is as the story expects. */
  differences: string[];
  /** The run of the story's surprise; null if the story has no surprise, or if that message was not skipped. */
  surprise: { transactionId: string; text: string } | null;
}

/** Plays the story in a sandbox whose clock stands at the start, and compares the decisions with the expected ones. */
export async function play(sandbox: Sandbox, story: DemoStory): Promise<DemoResult> {
  const present = new Set(sandbox.novu.state.workflows.map(({ workflowId }) => workflowId));
  const isPresent = ({ workflow }: { workflow: string }) => present.has(workflow);
  const leftOut = new Set(story.scenes.filter((scene) => !isPresent(scene)).map(({ workflow }) => workflow));

  const scenes = await playScenes(sandbox, { ...story, scenes: story.scenes.filter(isPresent) });
  const decisions = await sandbox.app.store.decisions.list();
  const midnight = midnightBefore(story.startsAt);
  const decided = decisions.map((decision): Line => {
    const kind = decision.outcome === "sent" ? "sent" : "not sent";
    return { at: Date.parse(decision.decidedAt), kind, text: rowOf(decision, midnight) };
  });
  const wanted = story.expected.filter(([, , workflow]) => present.has(workflow)).map((row) => inColumns(row));
  return {
    timeline: [...scenes, ...decided].sort((a, b) => a.at - b.at),
    leftOut: [...leftOut],
    differences: [
      ...compare(
        decided.map(({ text }) => text),
        wanted,
      ),
      ...brokenPromises(sandbox, decisions),
    ],
    surprise: surpriseOf(story, decisions),
  };
}

async function playScenes(sandbox: Sandbox, { startsAt, days, scenes }: DemoStory): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { day, hour = 0, text, play: act } of scenes) {
    await until(day, hour);
    const before = new Set(deliveries());
    act(sandbox);
    await sandbox.settled();
    lines.push({ at: sandbox.clock.now(), kind: "scene", text: [text, ...answersSince(before)].join(" → ") });
  }
  await until(days, 0);
  return lines;

  async function until(day: number, hour: number): Promise<void> {
    const seconds = (startsAt + (day * 24 + hour) * HOUR_MS - sandbox.clock.now()) / 1000;
    await sandbox.travel({ seconds });
  }

  function deliveries() {
    const { posthog, segment } = sandbox;
    return [...posthog.state.deliveries, ...segment.state.deliveries];
  }

  /** The app's answers to the new deliveries, such as "202 accepted" or "202 ignored: " with the reason. */
  function answersSince(before: Set<object>): string[] {
    return deliveries()
      .filter((delivery) => !before.has(delivery))
      .flatMap(({ attempts }) =>
        attempts.map(({ status, answer }) => {
          const fields = Object.entries(JSON.parse(answer));
          return `${status} ${fields.map(([key, value]) => (key === "ignored" ? `${key}: ${value}` : key)).join()}`;
        }),
      );
  }
}

function rowOf({ decidedAt, distinctId, workflow, step, outcome, reason, detail }: Decision, midnight: number): string {
  const why = [reason, detail].filter((part) => part !== null).join(": ");
  const result = outcome === "sent" ? "sent" : `not sent: ${why}`;
  return inColumns([momentOf(Date.parse(decidedAt), midnight), distinctId, workflow, step, result]);
}

function inColumns([moment, person, workflow, step, result]: ExpectedDecision): string {
  return `${moment}  ${person.padEnd(9)}  ${workflow.padEnd(13)}  ${step.padEnd(17)}  ${result}`;
}

function compare(actual: string[], wanted: string[]): string[] {
  return [
    ...wanted.filter((row) => !actual.includes(row)).map((row) => `missing:    ${row}`),
    ...actual.filter((row) => !wanted.includes(row)).map((row) => `unexpected: ${row}`),
  ];
}

/**
 * Checks the promises of every story: one message per sent decision, one trigger per run, one report per decision, no
 * failed step.
 */
function brokenPromises({ novu, posthog }: Sandbox, decisions: Decision[]): string[] {
  const sent = decisions.filter(({ outcome }) => outcome === "sent").length;
  const messages = novu.state.messages.length;
  const reported = posthog.state.events.filter(({ event }) => /^notification (sent|skipped)$/.test(event));
  const reports = new Set(reported.map(({ uuid }) => uuid)).size;
  const runs = new Set(novu.triggers.map(({ transactionId }) => transactionId)).size;
  const failed = novu.state.runs.flatMap(({ jobs }) => jobs.filter(({ status }) => status === "failed"));
  return [
    ...(messages === sent ? [] : [`${sent} sent decisions, ${messages} messages at Novu`]),
    ...(runs === novu.triggers.length ? [] : ["Novu got two triggers for one run"]),
    ...(reports === decisions.length ? [] : [`${decisions.length} decisions, ${reports} reports in PostHog`]),
    ...failed.map(({ stepId, error }) => `the step ${stepId} failed: ${error}`),
  ];
}

function surpriseOf({ surprise }: DemoStory, decisions: Decision[]): DemoResult["surprise"] {
  const decision = decisions.find(
    ({ distinctId, workflow, step, outcome }) =>
      outcome === "skipped" &&
      distinctId === surprise?.distinctId &&
      workflow === surprise.workflow &&
      step === surprise.step,
  );
  if (decision === undefined) return null;
  const { transactionId, distinctId, step, detail } = decision;
  return { transactionId, text: `Why ${distinctId} got no ${step}, though no event said that ${detail}` };
}
