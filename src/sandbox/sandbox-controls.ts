import { toPlainText } from "@react-email/components";
import { isChannel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import { runIdsOf } from "../contracts/run.ts";
import type { SandboxControls, TravelTarget } from "../contracts/sandbox.ts";
import { DAY_MS, HOUR_MS } from "../lib/durations.ts";
import { connectedProviders } from "./local-novu/credentials.ts";
import type { LocalNovu } from "./local-novu/local-novu.ts";
import type { PayloadSchema } from "./local-novu/state.ts";
import type { LocalPostHog } from "./local-posthog/local-posthog.ts";
import type { LocalSegment } from "./local-segment/local-segment.ts";
import { type Samples, samplePayload } from "./samples.ts";
import { postToNovu } from "./services.ts";
import { deliveriesOf, peopleOf } from "./source-lists.ts";
import { type Action, exportStory, type NewAction } from "./story-export.ts";
import { createTrials, inWords } from "./trials.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** The longest travel to the target "end". Without a limit it is endless when each run starts another run. */
const LONGEST_TRAVEL_MS = 366 * DAY_MS;

/** The studio's access to a sandbox. */
export function createSandboxControls({
  clock,
  posthog,
  segment,
  novu,
  samples,
  locales,
  actions,
  settled,
  events,
  decisions,
  nextPartAt,
}: {
  clock: VirtualClock;
  posthog: LocalPostHog;
  segment: LocalSegment;
  novu: LocalNovu;
  samples: Samples;
  locales: string[];
  /** The controls add to this list each action that sends no event. */
  actions: Action[];
  settled: () => Promise<void>;
  events: () => string[];
  decisions: () => Promise<Decision[]>;
  /** When the next part of a run is due, in milliseconds since 1970; null if no run waits for an event. */
  nextPartAt: () => Promise<number | null>;
}): SandboxControls {
  const trials = createTrials();
  return {
    clock,
    nextStepAt,
    travel,

    messages: () => novu.state.messages.filter(({ errorText }) => errorText === undefined),
    textOf: (html) => toPlainText(html),
    async mark(messageId, as) {
      const { subscriberId } = novu.mark(messageId, as);
      log({ kind: as === "read" ? "reads" : "sees", person: subscriberId });
      await settled();
    },

    events,
    sampleProperties: (event) => samples.properties[event] ?? {},
    payloadSchema,
    samplePayload: (workflow) => samplePayload(payloadSchema(workflow), samples),
    async fire(event, distinctId, properties) {
      const $set_once = { ...samples.person(distinctId), ...objectOf(properties.$set_once) };
      const uuid = posthog.capture({ event, distinctId, properties: { ...properties, $set_once } });
      await settled();
      return uuid;
    },

    deliveries: () => deliveriesOf({ posthog, segment }),
    async deliver(body, source) {
      const id = { posthog, segment }[source].deliver(body);
      await settled();
      return id;
    },

    people: () => peopleOf({ posthog, segment }),
    setProperty(distinctId, name, value, source) {
      if (source === "segment") return segment.setTraits(distinctId, { [name]: value });
      posthog.setPerson(distinctId, { [name]: value });
      log({ kind: "becomes", person: distinctId, properties: { [name]: value } });
    },

    inboxUrl: (distinctId) => `${novu.url}/inbox/of/${encodeURIComponent(distinctId)}`,
    channelsOf: (distinctId) => connectedProviders(novu.state, distinctId),
    setChannel(person, provider, isConnected) {
      novu.setChannel(person, provider, isConnected);
      log({ kind: "channel", person, provider, isConnected });
    },

    cohortsOf: posthog.cohortsOf,
    setMember(person, cohort, isMember) {
      posthog.setMember(person, cohort, isMember);
      log({ kind: isMember ? "entersCohort" : "leavesCohort", person, cohort });
    },

    stepsOfRun(transactionId) {
      const parts = novu.state.runs.filter((run) => runIdsOf(run.transactionId).includes(transactionId));
      const jobs = parts.flatMap((run) => run.jobs);
      const steps = [...new Set(jobs.map(({ stepId }) => stepId))];
      return steps.flatMap((step) => {
        const all = jobs.filter(({ stepId }) => stepId === step);
        // Each part of a run has all steps, and leaves out those of the other parts.
        return all.findLast(({ status }) => status !== "canceled" && status !== "skipped") ?? all.at(-1) ?? [];
      });
    },

    controlsOf: (workflow) =>
      stepsOf(workflow).map(({ stepId, controls }) => ({
        step: stepId,
        fields: controls?.schema?.properties ?? {},
        values: novu.state.controls[workflow]?.[stepId] ?? {},
      })),
    setControls(workflow, step, values) {
      novu.setControls(workflow, step, values);
      log({ kind: "controls", workflow, step, values });
    },
    locales,
    trials,
    errorOf: trials.errorOf,
    async preview({ workflow, step, distinctId, locale, run }) {
      const { answer, failure, error, objection } = await trials.run((jobId) =>
        novu.tryStep(workflow, step, {
          subscriberId: distinctId,
          payload: payloadFor(workflow, { distinctId, run }),
          ...{ locale, jobId },
        }),
      );
      const channel = stepsOf(workflow).find(({ stepId }) => stepId === step)?.type ?? "";
      const { outputs = {}, options, message } = answer.body as BridgeOutputs;
      if (answer.status !== 200) {
        const problem =
          failure === null
            ? `the bridge answered ${answer.status || "nothing"}: ${message}`
            : [failure, error === null ? [] : inWords(error)].flat().join(": ");
        return { objection, channel, content: null, problem };
      }
      return { objection, channel, content: options?.skip === true ? null : outputs, problem: null };
    },
    async sendTest(workflow, distinctId) {
      const trigger = { name: workflow, to: subscriberOf(distinctId), payload: payloadFor(workflow, { distinctId }) };
      await postToNovu(novu, "/v1/events/trigger", trigger);
      await settled();
    },

    exportStory: async () =>
      exportStory({
        events: posthog.state.events,
        actions,
        decisions: await decisions(),
        runs: novu.state.runs,
        now: clock.now(),
      }),
  };

  async function nextStepAt(): Promise<number | null> {
    const part = await nextPartAt();
    const waiting = novu.state.runs.flatMap(({ jobs }) =>
      jobs.flatMap(({ status, wakesAt }) => (status === "delayed" && wakesAt !== null ? [wakesAt] : [])),
    );
    if (part !== null) waiting.push(part);
    return waiting.length === 0 ? null : waiting.reduce((first, at) => Math.min(first, at));
  }

  async function travel(target: TravelTarget): Promise<void> {
    if (target === "hour") return clock.travelBy(HOUR_MS, settled);
    if (target === "day") return clock.travelBy(DAY_MS, settled);
    const latest = clock.now() + LONGEST_TRAVEL_MS;
    for (let at = await nextTarget(); at !== null && at <= latest; at = target === "end" ? await nextTarget() : null)
      await clock.travelTo(at, settled);
  }

  /** The time of the next waiting step, or, while a step is running, of its next retry if that is earlier. */
  async function nextTarget(): Promise<number | null> {
    const isRunning = novu.state.runs.some(({ jobs }) => jobs.some(({ status }) => status === "running"));
    const alarm = isRunning ? clock.nextAlarmAt() : null;
    const step = await nextStepAt();
    return alarm === null || step === null ? (alarm ?? step) : Math.min(alarm, step);
  }

  function log(action: NewAction): void {
    actions.push({ ...action, at: clock.now(), afterEvents: posthog.state.events.length });
  }

  /** The payload's schema without `run`, because the app adds `run` to each payload. */
  function payloadSchema(workflow: string): PayloadSchema {
    const { schema = {} } = novu.state.workflows.find(({ workflowId }) => workflowId === workflow)?.payload ?? {};
    const { run: _run, ...properties } = schema.properties ?? {};
    return { properties, required: schema.required?.filter((name) => name !== "run") ?? [] };
  }

  function stepsOf(workflow: string) {
    const steps = novu.state.workflows.find(({ workflowId }) => workflowId === workflow)?.steps ?? [];
    return steps.filter(({ type }) => isChannel(type));
  }

  function subscriberOf(distinctId: string) {
    const { email } =
      peopleOf({ posthog, segment }).find(({ distinctIds }) => distinctIds.includes(distinctId))?.properties ?? {};
    return { subscriberId: distinctId, ...(typeof email === "string" && { email }) };
  }

  /** The payload of a run, completed with samples. It lacks `run`, so the app records no decision. */
  function payloadFor(
    workflow: string,
    { distinctId, run: id }: { distinctId: string; run?: string | undefined },
  ): Record<string, unknown> {
    const runs = novu.state.runs.filter(({ workflowId }) => workflowId === workflow);
    const found =
      runs.findLast(({ transactionId }) => transactionId === id) ??
      runs.findLast(({ subscriberId }) => subscriberId === distinctId) ??
      runs.at(-1);
    const { run: _run, ...payload } = found?.payload ?? {};
    return { ...samplePayload(payloadSchema(workflow), samples), ...payload };
  }
}

interface BridgeOutputs {
  outputs?: Record<string, unknown>;
  options?: { skip?: boolean };
  message?: unknown;
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
