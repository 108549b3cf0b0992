import { describe, expect, it } from "vitest";
import { removeOf } from "../../src/fork/remove.ts";
import { run } from "../support/command.ts";
import { checkoutOfWorkflows, type SmallCheckout } from "../support/small-checkout.ts";

// test/fork/first-day.test.ts removes workflows of the project itself.

const importOfEmail = (name: string) => `import Email from ${JSON.stringify(`../../emails/${name}.tsx`)};\n`;
const FILES = {
  "src/workflows/index.ts": `import { goodbye } from "./goodbye.tsx";
import { hello } from "./hello.tsx";

export const workflows = [hello, goodbye];
`,
  "src/workflows/hello.tsx": `${["hello", "shared", "tested"].map(importOfEmail).join("")}import { words } from "./hello-words.ts";

export const hello = lifecycle({
  // The first.
  id: "hello",
  topic: "tips",
  on: [event("signed_up"), event("both")],
  exitOn: [inactivity({ days: 3 })],
  skip: ({ person }) => person.seats > 3 && "has a team",
});
`,
  "src/workflows/goodbye.tsx": `${importOfEmail("shared")}export const goodbye = lifecycle({ id: "goodbye", topic: "offers", on: [event("both")] });
`,
  "src/workflows/hello-words.ts": "export const words = [];\n",
  "src/workflows/person-properties.ts": "export const PERSON_PROPERTIES = {\n  seats: number,\n  plan: text,\n};\n",
  "src/workflows/segment-names.ts": 'const NAMES = {\n  "Signed Up": "signed_up",\n  Both: "both",\n};\n',
  "src/workflows/demo/samples.ts":
    "export const samples = { signed_up: { plan: 1 }, user_inactive: { days_inactive: 3 } };\n",
  "src/workflows/demo/story.ts": 'const scenes = [{ workflow: "hello" }];\n',
  "emails/hello.tsx": "export default function Hello() {}\n",
  "emails/shared.tsx": "export default function Shared() {}\n",
  "emails/tested.tsx": "export default function Tested() {}\n",
  "test/workflows/own.test.ts": 'emailHtml("tested.tsx");\n',
  "test/workflows/stories/hello.test.ts": 'import { hello } from "../../../src/workflows/hello.tsx";\n',
};
const DELETED = ["src/workflows/hello.tsx", "emails/hello.tsx", "test/workflows/stories/hello.test.ts"];

const runRemove = ({ root }: SmallCheckout, ...args: string[]) => run(removeOf({ root }), args);

describe("npm run remove", () => {
  it("deletes a workflow, its story and the emails that nothing else uses, and names what remains", async () => {
    using checkout = checkoutOfWorkflows(FILES);
    const { code, stdout, stderr } = await runRemove(checkout, "hello");
    expect([code, stderr]).toEqual([0, ""]);
    expect(checkout.git("status", "--porcelain").sort()).toEqual(
      [...DELETED.map((file) => ` D ${file}`), " M src/workflows/index.ts"].sort(),
    );
    expect(checkout.read("src/workflows/index.ts")).toBe(
      'import { goodbye } from "./goodbye.tsx";\n\nexport const workflows = [goodbye];\n',
    );
    expect(stdout).toMatchInlineSnapshot(`
      "Deleted
        src/workflows/hello.tsx
        emails/hello.tsx
        test/workflows/stories/hello.test.ts
      and took hello out of src/workflows/index.ts.

      This remains, and may be of no use now:
        src/workflows/hello-words.ts: no other file imports it
        src/workflows/topics.ts: the topic tips
        src/workflows/segment-names.ts: names for the event signed_up
        src/workflows/demo/samples.ts: properties of the event signed_up
        src/workflows/demo/samples.ts: properties of the event user_inactive
        src/workflows/person-properties.ts: the property seats
        src/workflows/demo/story.ts: scenes of hello, which the demo leaves out

      The next sync deletes hello at Novu and ends its runs in progress: npm run plan, at your
      Novu, prints how many there are. To lose no message, first read "Retiring a workflow" in
      .github/guides/changing-a-workflow.md. A running npm run dev syncs at once.
      Next: npm run typecheck && npm run unused && npm test
      "
    `);
  });

  it("deletes nothing with --dry-run, and prints the same files as JSON", async () => {
    using checkout = checkoutOfWorkflows(FILES);
    const { code, stdout } = await runRemove(checkout, "hello", "--dry-run", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { isDryRun: true, deleted: DELETED, changed: ["src/workflows/index.ts"], remains: expect.any(Array) },
    ]);
    expect((await runRemove(checkout, "hello", "--dry-run")).stdout).toMatch(/^Would delete\n {2}src/);
    expect(checkout.git("status", "--porcelain")).toEqual([]);
  });

  it("deletes files with changes that are not committed only with --force", async () => {
    using checkout = checkoutOfWorkflows(FILES);
    checkout.write({ "emails/hello.tsx": "export default function Changed() {}\n" });
    const refused = await runRemove(checkout, "hello");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^emails\/hello.tsx has changes .*--force/),
    ]);
    expect(checkout.git("status", "--porcelain")).toEqual([" M emails/hello.tsx"]);
    expect((await runRemove(checkout, "hello", "--force")).code).toBe(0);
    expect(checkout.read("emails/hello.tsx")).toBe(null);
  });

  it.each([
    [[], 2, "remove takes the id of one workflow"],
    [["hello", "goodbye"], 2, "remove takes the id of one workflow"],
    [["helo"], 1, 'no file in src/workflows has the workflow "helo"; there are goodbye, hello, second'],
    [["second"], 1, 'src/workflows/two.tsx has not exactly one "export const … = lifecycle({"'],
    [["goodbye"], 1, "src/app-of-ours.ts imports src/workflows/goodbye.tsx: change that first"],
  ])("%j is refused", async (args, expected, message) => {
    using checkout = checkoutOfWorkflows({
      ...FILES,
      "src/workflows/two.tsx":
        'export const one = lifecycle({ id: "second" });\nexport const two = lifecycle({ id: "second" });\n',
      "src/app-of-ours.ts": 'import { goodbye } from "./workflows/goodbye.tsx";\n',
    });
    const { code, stdout, stderr } = await runRemove(checkout, ...args);
    expect([code, stdout, stderr.split("\n")[0]]).toEqual([expected, "", expect.stringContaining(message)]);
    expect(checkout.git("status", "--porcelain")).toEqual([]);
  });

  it.each([
    ["without its import", "export const workflows = [hello];\n"],
    ["twice", 'import { hello } from "./hello.tsx";\nexport const workflows = [hello];\nexport const b = hello;\n'],
  ])("is refused if the list has the workflow %s", async (_how, list) => {
    using checkout = checkoutOfWorkflows({ ...FILES, "src/workflows/index.ts": list });
    const { code, stderr } = await runRemove(checkout, "hello");
    expect([code, stderr]).toEqual([1, expect.stringContaining("has not exactly one import and one element hello")]);
    expect(checkout.git("status", "--porcelain")).toEqual([]);
  });

  it("takes a name out of the list that is a part of other names", async () => {
    using checkout = checkoutOfWorkflows({
      ...FILES,
      "src/workflows/index.ts":
        'import { hello } from "./hello.tsx";\nimport { hello2 } from "./hello-2.tsx";\n\nexport const workflows = [hello2, hello];\n',
    });
    expect((await runRemove(checkout, "hello")).code).toBe(0);
    expect(checkout.read("src/workflows/index.ts")).toBe(
      'import { hello2 } from "./hello-2.tsx";\n\nexport const workflows = [hello2];\n',
    );
  });
});
