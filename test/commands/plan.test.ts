import { describe, expect, it } from "vitest";
import { changesOf, editedControls } from "../../src/commands/plan/compare-workflows.ts";
import type { Plan } from "../../src/commands/plan/make-plan.ts";
import type { Manifest } from "../../src/commands/plan/manifest.ts";
import type { NovuWorkflow } from "../../src/commands/plan/novu-workflows.ts";
import { planMarkdown } from "../../src/commands/plan/plan-markdown.ts";
import { readWaiting } from "../../src/commands/plan/waiting.ts";
import { LOCAL_KEYS } from "../../src/sandbox/sandbox.ts";
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

describe("what a sync changes", () => {
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
    expect(stdout).toContain("- old  (3 people in progress: their runs end when they wake");
    expect(stdout).toMatch(/- gone .* \(nobody waits for it\)/);
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
    // What is taken out of the code afterwards, a workflow of the same name with other steps left.
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
    sandbox.novu.interfere(() => {
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
