import { afterAll, describe, expect, it } from "vitest";
import { CHANNEL_NAMES } from "../../src/fork/new/messages.ts";
import { newOf } from "../../src/fork/new.ts";
import { run } from "../support/command.ts";
import { checkoutOfWorkflows, type SmallCheckout } from "../support/small-checkout.ts";

// test/fork/first-day.test.ts compiles, checks and runs the code that it writes in the project itself.

const STORY = "test/workflows/stories/trial-ending.test.ts";
const FILES = ["emails/trial-ending.tsx", "src/workflows/trial-ending.tsx", STORY];

const runNew = ({ root }: SmallCheckout, ...args: string[]) => run(newOf({ root }), args);

describe("npm run new", () => {
  const unchanged = checkoutOfWorkflows();
  afterAll(() => unchanged[Symbol.dispose]());

  it("names every channel in its help", async () => {
    expect((await runNew(unchanged, "--help")).stdout).toContain(`(email), of ${CHANNEL_NAMES.join(", ")}\n`);
  });

  it("writes a workflow, its email, its story and its line, and prints the next commands", async () => {
    using checkout = checkoutOfWorkflows();
    const { code, stdout, stderr } = await runNew(
      checkout,
      "trial-ending",
      "--on",
      "Trial's */ end",
      "--topic",
      "offers",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(checkout.git("status", "--porcelain", "--untracked-files=all")).toEqual([
      " M src/workflows/index.ts",
      ...FILES.map((file) => `?? ${file}`),
    ]);
    for (const file of FILES) expect(stdout).toContain(`\n  ${file}\n`);
    expect(stdout).toContain(`npm test -- ${STORY}\n`);
    expect(stdout).toContain(`npm run event -- 'Trial'\\''s */ end' --person ada `);
    expect(checkout.read("src/workflows/index.ts")).toBe(
      'import { trialEnding } from "./trial-ending.tsx";\nexport const workflows: LifecycleWorkflow[] = [trialEnding];\n',
    );
    expect(checkout.read("emails/trial-ending.tsx")).toContain("<Title>Trial ending</Title>");
    expect(checkout.read("src/workflows/trial-ending.tsx")).toContain(`on: [event("Trial's */ end")],`);
  });

  it("adds to a list in the order of its calls, with a story and an email for each message", async () => {
    using checkout = checkoutOfWorkflows({
      "src/workflows/topics.ts": 'export const TOPICS = { all: "All" };\n',
      "emails/_components/locales.ts": 'export const LOCALES = [{ locale: "de" }, { locale: "pt-BR" }];\n',
      "src/workflows/person-properties.ts":
        'import { flag } from "../property-types.ts";\nexport const PERSON_PROPERTIES = { has_paid: flag };\n',
      "src/property-types.ts": 'export const flag = (raw: unknown) => ({ value: raw === "true" });\n',
    });
    await runNew(checkout, "b", "--on", "x", "--channels", "sms");
    const { code, stdout } = await runNew(checkout, "a", "--on", "x", "--channels", "email,email", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        isDryRun: false,
        added: ["emails/a.tsx", "emails/a-2.tsx", "src/workflows/a.tsx", "test/workflows/stories/a.test.ts"],
        changed: ["src/workflows/index.ts"],
        topic: "all",
        next: ["npm test -- test/workflows/stories/a.test.ts", "npm run event -- x --person ada"],
      },
    ]);
    expect(checkout.read("src/workflows/index.ts")).toContain("= [b, a];");
    const workflow = checkout.read("src/workflows/a.tsx");
    expect(workflow).toContain('topic: "all"');
    expect(workflow).toContain('skip: ({ person }) => person.has_paid === true && "has paid"');
    expect(workflow).toContain('subjectControl({ de: "A", "pt-BR": "A (pt-BR)" })');
    expect(checkout.read("emails/a-2.tsx")).toContain("A2.texts = {");
  });

  it("writes nothing with --dry-run", async () => {
    using checkout = checkoutOfWorkflows();
    const options = ["trial-ending", "--on", "x", "--topic", "tips", "--dry-run"];
    const { code, stdout } = await runNew(checkout, ...options);
    expect([code, stdout]).toEqual([0, expect.stringContaining("Would write\n  emails/trial-ending.tsx\n")]);
    expect(checkout.git("status", "--porcelain")).toEqual([]);
  });

  it("takes the first topic if none is given, and says so", async () => {
    using checkout = checkoutOfWorkflows();
    const { code, stdout } = await runNew(checkout, "trial-ending", "--on", "x");
    expect([code, stdout]).toEqual([0, expect.stringContaining('is "tips", the first in src/workflows/topics.ts')]);
    expect(checkout.read("src/workflows/trial-ending.tsx")).toContain('topic: "tips"');
  });

  it.each([
    [["--on", "x"], "the id of the workflow is missing"],
    [["a", "b", "--on", "x"], "b is one id too many"],
    [["a"], "a needs the event that starts it: --on EVENT"],
    [["a", "--on", " "], "the name of an event is empty"],
    [["a", "--on", "cohort_entered"], "write cohort(42) in the file"],
    [["a", "--on", "x", "--exit-on", "x"], '"x" cannot both start a and end it'],
    [["a", "--on", "x", "--topic", "news"], 'there is no topic "news": --topic with one of tips, offers'],
    [["a", "--on", "x", "--topic", "tips", "--transactional"], "a transactional workflow has no topic"],
    [
      ["a", "--on", "x", "--transactional", "--channels", "email,fax"],
      '"fax" is no channel: name some of email, in-app',
    ],
    [["a", "--on", "x", "--transactional", "--channels", "sms,sms,sms,sms,sms,sms,sms"], "name 6 channels at most"],
    [["a", "--on", "x", "--topic", "tips", "--channels", "email,push,sms,chat"], "name fewer channels"],
    [["Trial Ending", "--on", "x"], "Try trial-ending"],
    [["trial_ending", "--on", "x"], "Try trial-ending"],
    [["TrialEnding", "--on", "x"], "Try trial-ending"],
    [["Übergabe!", "--on", "x"], "Try ubergabe"],
    [["2nd", "--on", "x"], "Try message-2nd"],
    [["終わり", "--on", "x"], "Try trial-ending"],
    [["a".repeat(51), "--on", "x"], `Try ${"a".repeat(50)}`],
    [["new", "--on", "x"], "Try new-message"],
    [["default", "--on", "x"], "Try default-message"],
    [["layout", "--on", "x"], "Try layout-message"],
    [["greeting-name", "--on", "x"], "Try greeting-name-message"],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stdout, stderr } = await runNew(unchanged, ...args);
    expect([code, stdout, stderr.split("\n")[0]]).toEqual([2, "", expect.stringContaining(message)]);
    expect(unchanged.git("status", "--porcelain")).toEqual([]);
  });

  it.each([
    ["index", "src/workflows/index.ts exists already"],
    ["taken", 'src/workflows/other.tsx has the id "taken" already'],
    ["mailed", "emails/mailed.tsx exists already"],
    ["listed", "src/workflows/index.ts has the name listed already"],
  ])("does not overwrite %s", async (id, message) => {
    using checkout = checkoutOfWorkflows({
      "src/workflows/other.tsx": 'export const other = lifecycle({ id: "taken" });\n',
      "emails/mailed.tsx": "export default function Mailed() {}\n",
      "src/workflows/index.ts": 'import { listed } from "./other.tsx";\nexport const workflows = [listed];\n',
    });
    const { code, stderr } = await runNew(checkout, id, "--on", "x", "--topic", "tips");
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(checkout.git("status", "--porcelain")).toEqual([]);
  });

  it.each([
    ["has no list", "export const all = [];\n", "has no list"],
    ["does not parse", "export const workflows = [];\nexport const b = (;\n", "Biome cannot format"],
  ])("writes nothing if index.ts %s", async (_what, list, message) => {
    using checkout = checkoutOfWorkflows({ "src/workflows/index.ts": list });
    const { code, stderr } = await runNew(checkout, "a", "--on", "x", "--transactional");
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(checkout.git("status", "--porcelain")).toEqual([]);
  });

  it("names a list of the fork that cannot be loaded", async () => {
    using checkout = checkoutOfWorkflows({ "src/workflows/topics.ts": "export const TOPICS = {;\n" });
    const { code, stderr } = await runNew(checkout, "a", "--on", "x", "--transactional");
    expect([code, stderr]).toEqual([1, expect.stringContaining("src/workflows/topics.ts cannot be loaded")]);
  });
});
