import { describe, expect, it } from "vitest";
import { changesOf, editedControls } from "../../src/commands/plan/compare-workflows.ts";
import type { Plan } from "../../src/commands/plan/make-plan.ts";
import { Discovered, type Manifest } from "../../src/commands/plan/manifest.ts";
import { type NovuWorkflow, readNovuWorkflows } from "../../src/commands/plan/novu-workflows.ts";
import { readWaiting } from "../../src/commands/plan/people-in-progress.ts";
import { planMarkdown } from "../../src/commands/plan/plan-text.ts";
import { serve } from "../../src/lib/server.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { campaign, happen, mail } from "../support/campaign.ts";
import { runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { testFolder } from "../support/folder.ts";
import { testProduct } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

const { workflows } = testProduct;

const subject = { type: "string", default: "Hello" };
const wanted: Manifest[number] = {
  workflowId: "w",
  name: "W",
  payload: { schema: { type: "object", properties: { plan: { type: "string" } }, required: ["plan"] } },
  steps: [
    { stepId: "wait", type: "delay", controls: { schema: {} } },
    { stepId: "mail", type: "email", controls: { schema: { properties: { subject } } } },
  ],
};
const there: NovuWorkflow = {
  workflowId: "w",
  name: "W",
  payloadSchema: { required: ["plan"], $schema: "draft-07", properties: { plan: { type: "string" } }, type: "object" },
  steps: [
    { stepId: "wait", type: "delay", controlSchema: {}, values: {} },
    { stepId: "mail", type: "email", controlSchema: { properties: { subject } }, values: {} },
  ],
};
const [wait, email] = there.steps as [NovuWorkflow["steps"][number], NovuWorkflow["steps"][number]];

describe("the changes of a sync", () => {
  it.each<[string, NovuWorkflow, string[]]>([
    ["nothing, where only the order of a schema's keys differs", there, []],
    ["a step that is new", { ...there, steps: [wait] }, ["add mail: email"]],
    [
      "a step that is gone",
      { ...there, steps: [...there.steps, { ...email, stepId: "last" }] },
      ["remove last: email"],
    ],
    ["a step of another type", { ...there, steps: [wait, { ...email, type: "sms" }] }, ["change mail: sms → email"]],
    [
      "the order of the steps",
      { ...there, steps: [email, wait] },
      ["change null: order of the steps: mail, wait → wait, mail"],
    ],
    ["a name", { ...there, name: "V" }, ['change null: name: "V" → "W"']],
    [
      "what a payload needs",
      {
        ...there,
        payloadSchema: { type: "object", properties: { plan: { type: "string" }, old: { type: "string" } } },
      },
      ['change null: payload: "plan" is now required', 'change null: payload: "old" removed'],
    ],
    ["nothing, where Novu does not say its payload", { ...there, payloadSchema: null }, []],
    [
      "a control",
      { ...there, steps: [wait, { ...email, controlSchema: { properties: { subject: { type: "string" } } } }] },
      ['change mail: control "subject" changed'],
    ],
  ])("is %s", (_what, novu, expected) => {
    const changes = changesOf([wanted], [novu]).flatMap((one) => one.changes);
    expect(changes.map(({ does, step, what }) => `${does} ${step}: ${what}`)).toEqual(expected);
  });

  it.each<[string, Partial<NovuWorkflow>, Partial<Manifest[number]>, string[]]>([
    ["a severity", { severity: "none" }, { severity: "high" }, ['severity: "none" → "high"']],
    ["nothing, where Novu does not say its severity", {}, { severity: "high" }, []],
    [
      "preferences, channel by channel, where a channel that is not named follows all of them",
      {
        preferences: {
          all: { enabled: true, readOnly: false },
          channels: { email: { enabled: true }, sms: { enabled: false } },
        },
      },
      { preferences: { all: { enabled: true, readOnly: true }, channels: { email: { enabled: false } } } },
      ["preferences: read only off → on", "preferences: email on → off", "preferences: sms off → on"],
    ],
    [
      "nothing, where preferences say the same in other words",
      { preferences: { all: { enabled: false }, channels: { push: { enabled: false } } } },
      { preferences: { all: { enabled: false, readOnly: false } } },
      [],
    ],
    [
      "nothing, where Novu does not say its preferences",
      { preferences: null },
      { preferences: { all: { enabled: false } } },
      [],
    ],
    ...(["delay", "digest", "throttle", "custom"] as const).map(
      (type): [string, Partial<NovuWorkflow>, Partial<Manifest[number]>, string[]] => [
        `a control of a ${type}`,
        { steps: [{ stepId: "s", type, controlSchema: { properties: { hours: { type: "number" } } }, values: {} }] },
        { steps: [{ stepId: "s", type, controls: { schema: { properties: { hours: { type: "string" } } } } }] },
        ['control "hours" changed'],
      ],
    ),
    [
      "nothing, where Novu shows no schema of a step",
      { steps: [{ stepId: "s", type: "custom", controlSchema: null, values: {} }] },
      { steps: [{ stepId: "s", type: "custom", controls: { schema: { properties: { hours: { type: "string" } } } } }] },
      [],
    ],
    [
      "the result of a custom step, where that is known",
      { steps: [{ stepId: "s", type: "custom", controlSchema: null, resultSchema: { type: "object" }, values: {} }] },
      {
        steps: [
          {
            stepId: "s",
            type: "custom",
            controls: { schema: {} },
            outputs: { schema: { properties: { n: { type: "number" } } } },
          },
        ],
      },
      ['result "n" added'],
    ],
    [
      "nothing, where only empty objects are missing, which Novu does not keep",
      {
        payloadSchema: { type: "object" },
        steps: [
          {
            stepId: "s",
            type: "delay",
            controlSchema: { type: "object", required: [], additionalProperties: false },
            values: {},
          },
        ],
      },
      {
        payload: { schema: { type: "object", properties: {}, default: {} } },
        steps: [
          {
            stepId: "s",
            type: "delay",
            controls: { schema: { type: "object", properties: {}, required: [], additionalProperties: false } },
          },
        ],
      },
      [],
    ],
  ])("is %s", (_what, novu, own, expected) => {
    const differences = changesOf([{ ...wanted, ...own }], [{ ...there, ...novu }]);
    expect(differences.flatMap(({ changes }) => changes.map(({ what }) => what))).toEqual(expected);
  });

  it("says what colleagues have set, and what of it holds for nothing any more", () => {
    const values = { subject: "Hi", send: true };
    expect(editedControls([wanted], [{ ...there, steps: [{ ...email, values }] }])).toMatchObject([
      { control: "subject", value: '"Hi"', default: '"Hello"', isLost: false },
      { control: "send", isLost: true },
    ]);
    expect(editedControls([wanted], [{ ...there, steps: [{ ...email, values: { subject: "Hello" } }] }])).toEqual([]);
  });

  it("leaves what others have typed no markup in a comment", () => {
    const plan: Plan = { ...EMPTY, edited: [{ ...EDITED, value: '"<img src=x> @team | [a](b)"' }] };
    expect(planMarkdown(plan)).not.toMatch(/(?<!\\)<img|@team|(?<!\\)[|[]/);
  });
});

const GONE = "their wait keeps its length, but a step.delay or step.until is skipped";
const WITHOUT = "their messages are made without the field if it is missing or does not fit";
const DEFAULT = "their messages take the field's default if it is missing or does not fit";

describe("the people in progress", () => {
  const of = (before: string[], after: string[]) => {
    const steps = (all: string[]) => all.map((one) => one.split(" ") as [string, string]);
    const novu = steps(before).map(([stepId, type]) => ({ stepId, type, controlSchema: null, values: {} }));
    const own = steps(after).map(([stepId, type]) => ({ stepId, type, controls: { schema: {} } }));
    const [difference] = changesOf([{ ...wanted, steps: own }], [{ ...there, steps: novu }]);
    return (difference?.changes ?? []).map(
      ({ does, step, effect, loses }) => `${does} ${step}: ${effect}${loses === null ? "" : " (lost)"}`,
    );
  };

  it.each<[string, string[], string[], string[]]>([
    ["a message is new", ["a email"], ["a email", "b in_app"], ["add b: they skip it"]],
    ["a digest is new", ["a email"], ["d digest", "a email"], ["add d: they skip it"]],
    [
      "a custom step is new",
      ["a email"],
      ["c custom", "a email"],
      ["add c: it runs for them when a later step needs its result"],
    ],
    ["a message is named like a part of a wait", ["w delay"], ["w delay", "w-2 email"], ["add w-2: they skip it"]],
    ["a wait is new", ["a email"], ["w delay", "a email"], ["add w: they do not wait here"]],
    [
      "a wait is longer",
      ["w delay", "a email"],
      ["w delay", "w-2 delay", "a email"],
      ["add w-2: their wait keeps its length"],
    ],
    [
      "a wait is shorter",
      ["w delay", "w-2 delay", "a email"],
      ["w delay", "a email"],
      ["remove w-2: their wait keeps its length"],
    ],
    ["a wait is gone", ["w delay", "w-2 delay", "a email"], ["a email"], [`remove w: ${GONE}`, `remove w-2: ${GONE}`]],
    ["a message is gone", ["a email", "b email"], ["a email"], ["remove b: they lose this message (lost)"]],
    [
      "a message has another id",
      ["w delay", "a email", "b email"],
      ["w delay", "c email", "b email"],
      ["add c: they skip it", 'remove a: they lose this message; if "c" is the same message, keep the id "a" (lost)'],
    ],
    [
      "another message is new elsewhere",
      ["a email", "w delay", "b email"],
      ["w delay", "b email", "c email"],
      ["add c: they skip it", "remove a: they lose this message (lost)"],
    ],
    ["a custom step is gone", ["c custom", "a email"], ["a email"], ["remove c: they skip it"]],
    ["a message goes by another channel", ["a email"], ["a sms"], ["change a: they lose this message (lost)"]],
    ["a wait becomes a message", ["a delay"], ["a sms"], [`change a: ${GONE}`]],
    [
      "steps have another order",
      ["a email", "b email"],
      ["b email", "a email"],
      ["change null: they keep the order that they started with"],
    ],
  ])("when %s", (_when, before, after, expected) => {
    expect(of(before, after)).toEqual(expected);
  });

  it("is that all is over when a workflow is gone, and nothing when it is new", () => {
    expect(changesOf([], [there])).toMatchObject([
      {
        effect: "their runs end after the current wait, and they lose all further messages",
        changes: [{ effect: "their runs end here" }, { effect: "they lose this message", loses: "this message" }],
      },
    ]);
    expect(changesOf([wanted], [])).toMatchObject([{ effect: "no one is in it yet" }]);
  });

  const text = { type: "string" };
  it.each<[string, object, object, string]>([
    ["a field is new and may be left out", {}, { properties: { f: text } }, WITHOUT],
    [
      "a field is new and may be null",
      {},
      { properties: { f: { anyOf: [text, { type: "null" }] } }, required: ["f"] },
      WITHOUT,
    ],
    [
      "a field is new and has a default",
      {},
      { properties: { f: { ...text, default: "x" } }, required: ["f"] },
      DEFAULT,
    ],
    ["a field is new and required", {}, { properties: { f: text }, required: ["f"] }, "LOST"],
    ["a field is now required", { properties: { f: text } }, { properties: { f: text }, required: ["f"] }, "LOST"],
    [
      "a field is now required and has a default",
      { properties: { f: { ...text, default: "x" } } },
      { properties: { f: { ...text, default: "x" } }, required: ["f"] },
      DEFAULT,
    ],
    [
      "a field is no longer required",
      { properties: { f: text }, required: ["f"] },
      { properties: { f: text } },
      "their payload fits",
    ],
    ["a field is gone", { properties: { f: text, g: text } }, { properties: { g: text } }, "their payload fits"],
    [
      "a field may be null as well",
      { properties: { f: text } },
      { properties: { f: { anyOf: [text, { type: "null" }] } } },
      "their payload fits",
    ],
    [
      "a field may not be null any more",
      { properties: { f: { anyOf: [text, { type: "null" }] } }, required: ["f"] },
      { properties: { f: text }, required: ["f"] },
      "LOST",
    ],
    [
      "a field has another type",
      { properties: { f: text }, required: ["f"] },
      { properties: { f: { type: "number" } }, required: ["f"] },
      "LOST",
    ],
    [
      "a whole number may have a fraction",
      { properties: { f: { type: "integer" } } },
      { properties: { f: { type: "number" } } },
      "their payload fits",
    ],
    [
      "a field that may be left out has another type",
      { properties: { f: text } },
      { properties: { f: { type: "number" } } },
      WITHOUT,
    ],
    [
      "a required field has another type and a default",
      { properties: { f: text }, required: ["f"] },
      { properties: { f: { type: "number", default: 1 } }, required: ["f"] },
      DEFAULT,
    ],
    [
      "a field has another title",
      { properties: { f: text } },
      { properties: { f: { ...text, title: "F" } } },
      "their payload fits",
    ],
    [
      "a field has one choice more",
      { properties: { f: { enum: ["a"] } } },
      { properties: { f: { enum: ["a", "b"] } } },
      "their payload fits",
    ],
    [
      "a field has one choice less",
      { properties: { f: { enum: ["a", "b"] } }, required: ["f"] },
      { properties: { f: { const: "a" } }, required: ["f"] },
      "LOST",
    ],
    [
      "a field is of limited length",
      { properties: { f: text }, required: ["f"] },
      { properties: { f: { ...text, maxLength: 3 } }, required: ["f"] },
      "LOST",
    ],
    [
      "a part of a field is new and required",
      { properties: { f: { type: "object", properties: { a: text } } }, required: ["f"] },
      { properties: { f: { type: "object", properties: { a: text, b: text }, required: ["b"] } }, required: ["f"] },
      "LOST",
    ],
    [
      "a part of a field is new and may be left out",
      { properties: { f: { type: "object", properties: { a: text } } } },
      { properties: { f: { type: "object", properties: { a: text, b: text } } } },
      "their payload fits",
    ],
    [
      "the entries of a list have another type",
      { properties: { f: { type: "array", items: text } }, required: ["f"] },
      { properties: { f: { type: "array", items: { type: "number" } } }, required: ["f"] },
      "LOST",
    ],
    [
      "a field takes nothing else any more",
      { properties: { f: { type: "object", properties: { a: text, b: text } } }, required: ["f"] },
      { properties: { f: { type: "object", properties: { a: text }, additionalProperties: false } }, required: ["f"] },
      "LOST",
    ],
  ])("when of a payload %s", (_when, before, after, expected) => {
    const novu = { ...there, payloadSchema: { type: "object", ...before } };
    const [difference] = changesOf([{ ...wanted, payload: { schema: { type: "object", ...after } } }], [novu]);
    expect(difference?.changes.map(({ effect, loses }) => (loses === null ? effect : "LOST"))).toEqual([expected]);
  });
});

describe("npm run plan", () => {
  it("has nothing to do after a sync, and says what is new in an empty environment", async () => {
    await using sandbox = await testSandbox();
    const same = await runCommand(sandbox, "plan", []);
    expect([same.code, same.stderr, same.stdout]).toEqual([
      0,
      "",
      expect.stringContaining(`Nothing to do: Novu has all ${workflows.length}`),
    ]);

    sandbox.novu.state.workflows = [];
    const all = await runCommand(sandbox, "plan", ["--json"]);
    const plan = JSON.parse(all.stdout) as Plan;
    expect([all.code, plan.changes.map(({ workflow, does }) => `${does} ${workflow}`)]).toEqual([
      3,
      workflows.map(({ id }) => `add ${id}`),
    ]);
    // Another rate of the plan is other steps: a wait is cut where Novu's limit is.
    expect((await runCommand(sandbox, "plan", [], { env: { NOVU_PLAN: "pro" } })).code).toBe(3);
  });

  it("has nothing to do after a sync of workflows without payload and controls", async () => {
    const schema = { type: "object", properties: {}, required: [], additionalProperties: false };
    const step = (type: string) => ({ stepId: type, type, controls: { schema }, outputs: { schema } });
    const steps = ["delay", "digest", "throttle", "custom", "email"].map(step);
    const discovery = {
      workflows: [{ workflowId: "bare", severity: "low", steps, payload: { schema }, preferences: {} }],
    };
    const bridge = await serve((_request, response) => void response.end(JSON.stringify(discovery)), { port: 0 });
    await using _closed = { [Symbol.asyncDispose]: () => bridge.close(0) };
    await using sandbox = await testSandbox();
    const access = { apiUrl: sandbox.novu.url, secretKey: LOCAL_KEYS.novu };
    const synced = await fetch(`${access.apiUrl}/v1/bridge/sync`, {
      method: "POST",
      headers: { authorization: `ApiKey ${access.secretKey}`, "content-type": "application/json" },
      body: JSON.stringify({ bridgeUrl: bridge.url }),
    });
    expect(synced.status).toBe(201);
    const { workflows: novu } = await readNovuWorkflows(access, async () => {});
    expect(novu[0]?.steps.map(({ controlSchema }) => controlSchema)).toEqual(
      steps.map(() => ({ type: "object", required: [], additionalProperties: false })),
    );
    expect(changesOf(Discovered.parse(discovery).workflows, novu)).toEqual([]);
  });

  it("says for each change how many are in progress and what becomes of them, and which of it needs leave", async () => {
    await using sandbox = await testSandbox();
    for (const distinctId of ["ada", "grace"]) happen(sandbox, "user_signed_up", { distinctId });
    await sandbox.settled();
    await sandbox.travel({ days: 3 });
    happen(sandbox, "user_signed_up", { distinctId: "linus" });
    await sandbox.settled();
    // As if the version before had had other steps and another payload.
    const onboarding = sandbox.novu.state.workflows.find(({ workflowId }) => workflowId === "onboarding")!;
    const steps = onboarding.steps.filter(({ stepId }) => stepId !== "check-in" && stepId !== "until-day-5-3");
    const at = steps.findIndex(({ stepId }) => stepId === "setup-nudge");
    steps[at] = { ...steps[at]!, type: "sms" };
    onboarding.steps = [...steps, { stepId: "gone", type: "push" }, { stepId: "found", type: "custom" }];
    const { run, ...others } = onboarding.payload?.schema?.properties ?? {};
    onboarding.payload = {
      schema: { ...onboarding.payload?.schema, properties: { ...others, old: { type: "string" } }, required: [] },
    };
    expect(run).toBeDefined();
    sandbox.novu.setControls("onboarding", "welcome", { subject: "{%" });

    const json = await runCommand(sandbox, "plan", ["--json"]);
    const plan = JSON.parse(json.stdout) as Plan;
    const [workflow] = plan.changes;
    expect([json.code, plan.changes.length, workflow]).toMatchObject([
      3,
      1,
      { workflow: "onboarding", inProgress: 3, effect: "they keep the steps that they started with" },
    ]);
    expect(workflow?.changes.map(({ step, inProgress, effect }) => [step, inProgress, effect])).toEqual([
      [null, 3, "their payload fits"],
      [null, 3, WITHOUT],
      // Ada and Grace have passed it.
      ["setup-nudge", 1, "they lose this message"],
      ["until-day-5-3", 3, "their wait keeps its length"],
      ["check-in", 3, "they skip it"],
      ["gone", 3, "they lose this message"],
      ["found", 3, "they skip it"],
    ]);
    expect(plan.removals).toEqual([
      { id: "onboarding/setup-nudge", waiting: 1 },
      { id: "onboarding/gone", waiting: 3 },
    ]);
    expect(plan.broken).toEqual([{ workflow: "onboarding", step: "welcome", control: "subject", value: '"{%"' }]);

    const { stdout: printed } = await runCommand(sandbox, "plan", []);
    expect(printed).toContain("~ onboarding  (3 people in progress: they keep the steps that they started with)");
    expect(printed).toMatch(/~ setup-nudge +sms → email {2}\(1 person waits for it: they lose this message\)/);
    expect(printed).toContain('onboarding/welcome: "subject" is "{%"');
    const { stdout: commented } = await runCommand(sandbox, "plan", ["--markdown"]);
    expect(commented).toContain("| ❌ |  | `gone` | push | **3 people wait for it: they lose this message** |");
    using empty = testFolder();
    const unknown = await runCommand(sandbox, "plan", [], { env: { DATA_DIR: empty.path } });
    expect(unknown.stdout).toContain("(people in progress: they skip it)");
  });

  it("asks for leave where the payload of people in progress does not fit, and only there", async () => {
    await using sandbox = await testSandbox();
    const setPayload = (id: string, properties: Record<string, { type: string }>) => {
      const workflow = sandbox.novu.state.workflows.find(({ workflowId }) => workflowId === id)!;
      workflow.payload = { schema: { properties } };
    };
    const removals = async (env: Record<string, string> = {}) =>
      (JSON.parse((await runCommand(sandbox, "plan", ["--json"], { env })).stdout) as Plan).removals;
    // The onboarding may do without it; the upgrade has to have it, and no one is in progress yet.
    setPayload("onboarding", { invited_by: { type: "number" } });
    setPayload("upgrade", {});
    happen(sandbox, "user_signed_up");
    await sandbox.settled();
    expect(await removals()).toEqual([]);
    sandbox.posthog.capture({ event: "subscription_upgraded", distinctId: "ada", properties: { plan: "pro" } });
    await sandbox.settled();
    expect(await removals()).toEqual([{ id: "upgrade/payload", waiting: 1 }]);
    using empty = testFolder();
    expect(await removals({ DATA_DIR: empty.path })).toEqual([{ id: "upgrade/payload", waiting: null }]);
  });

  it("needs no key and no variable of PostHog's to say what is to be published", async () => {
    await using sandbox = await testSandbox();
    using empty = testFolder();
    const none = { ...WITH_SEGMENT_ALONE, SEGMENT_SECRETS: "", LINK_SIGNING_KEYS: "", PUBLIC_URL: "" };
    const env = { ...none, DATA_DIR: empty.path };
    const manifest = await runCommand(sandbox, "plan", ["--markdown"], { env: { ...env, NOVU_SECRET_KEY: "" } });
    expect([manifest.code, manifest.stderr]).toEqual([0, ""]);
    expect(manifest.stdout).toContain("no comparison");
    for (const { id } of workflows) expect(manifest.stdout).toContain(`| \`${id}\` | `);
    expect((await runCommand(sandbox, "plan", [], { env })).code).toBe(0);
  });

  it("counts the people for whom a removed workflow, or step, is still to come", async () => {
    await using sandbox = await testSandbox({ workflows: [...workflows, old] });
    const { novu } = sandbox;
    for (const distinctId of ["ada", "grace"]) happen(sandbox, "called", { distinctId });
    await sandbox.settled();
    await sandbox.travel({ hours: 2 });
    for (const distinctId of ["linus", "ada"]) happen(sandbox, "called", { distinctId });
    await sandbox.settled();
    // As if "onboarding" had had one step more until now.
    const onboarding = novu.state.workflows.find(({ workflowId }) => workflowId === "onboarding")!;
    onboarding.steps.push({ stepId: "gone", type: "email" });
    novu.setControls("drop-off", "recovery", { subject: "Come back" });

    const { code, stdout } = await runCommand(sandbox, "plan", []);
    expect(code).toBe(3);
    expect(stdout).toContain("- old  (3 people in progress: their runs end after the current wait");
    expect(stdout).toMatch(/- gone .* \(no one waits for it\)/);
    expect(stdout).toContain('drop-off/recovery: "subject" is "Come back", by default "Your checkout is still open"');
    expect(stdout).toContain("--allow-removals=onboarding/gone,old");

    using empty = testFolder();
    const elsewhere = await runCommand(sandbox, "plan", ["--json"], { env: { DATA_DIR: empty.path } });
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({
      removals: [{ waiting: null }, { waiting: null }],
      notes: [expect.stringContaining("there is no store")],
    });
  });

  it("counts a step as passed once it, or one behind it, is decided", async () => {
    const longer = campaign({
      id: "old",
      workflow: async ({ step }) => {
        await step.email("first", mail, { atAnyHour: true });
        await step.wait("a-day", { days: 1 });
        await step.email("second", mail, { atAnyHour: true });
      },
    });
    await using sandbox = await testSandbox({ workflows: [...workflows, longer] });
    happen(sandbox, "called");
    await sandbox.settled();
    // Parts that are removed from the code afterwards; a workflow of the same name keeps other steps.
    const own = sandbox.novu.state.workflows.find(({ workflowId }) => workflowId === "old")!;
    const dropOff = sandbox.novu.state.workflows.find(({ workflowId }) => workflowId === "drop-off")!;
    expect(own.steps.map(({ stepId }) => stepId)).toEqual(["first", "a-day", "second"]);
    const { count } = await readWaiting(
      { databaseUrl: undefined, databaseDirectUrl: undefined, dataDir: sandbox.config.dataDir },
      [own, dropOff],
    );
    expect(["first", "a-day", "second", null].map((step) => count?.("old", step))).toEqual([0, 1, 1, 1]);
    expect(count?.("drop-off", null)).toBe(0);
  });

  it("leaves alone what was made in the dashboard, reads all pages, and counts all towards the plan's limit", async () => {
    await using sandbox = await testSandbox();
    const made = Array.from({ length: 120 }, (_, index) => ({ workflowId: `d-${index}`, name: null, steps: [] }));
    sandbox.novu.state.workflows.unshift(...made.map((one) => ({ ...one, origin: "novu-cloud" as const })));
    const { code, stdout } = await runCommand(sandbox, "plan", []);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `there are ${workflows.length} workflows, and 120 made in the dashboard, the plan "free" takes 20`,
    );
  });

  it("says what is wrong with the key and the address, and waits where Novu says so", async () => {
    await using sandbox = await testSandbox();
    const wrong = await runCommand(sandbox, "plan", [], { env: { NOVU_SECRET_KEY: "another-key" } });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("is NOVU_SECRET_KEY the secret key")]);
    const elsewhere = await runCommand(sandbox, "plan", [], { env: { NOVU_API_URL: sandbox.posthog.url } });
    expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringContaining("NOVU_API_URL")]);
    expect((await runCommand(sandbox, "plan", ["--json", "--markdown"])).code).toBe(2);
    expect((await runCommand(sandbox, "plan", ["--help"])).stdout).toContain("changes nothing");

    let asked = 0;
    sandbox.novu.injectFault(() => {
      asked += 1;
      return asked === 1 ? { status: 429, headers: { "retry-after": "1" } } : null;
    });
    const waited = await runCommand(sandbox, "plan", []);
    expect([waited.code, waited.pausesMs]).toEqual([0, [1_000]]);
    expect([wrong, elsewhere].map(({ stdout, stderr }) => stdout + stderr).join()).not.toMatch(
      new RegExp(`another-key|${LOCAL_KEYS.novu}`),
    );
  });
});

const old = campaign({
  id: "old",
  workflow: async ({ step }) => {
    await step.wait("a-day", { days: 1 });
    await step.email("last", mail, { atAnyHour: true });
  },
});
const EDITED = { workflow: "w", step: "mail", control: "subject", value: "", default: "", isLost: false };
const EMPTY: Plan = {
  manifest: [],
  isCompared: true,
  changes: [],
  removals: [],
  edited: [],
  broken: [],
  limits: [],
  notes: [],
};
