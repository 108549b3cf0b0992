import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { testFolder } from "../../support/folder.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";

const WORDS = fileURLToPath(new URL("../../support/story.ts", import.meta.url));
const CHECKOUT = '{"checkout_url":"https://acme.example/c","cart_value":120}';

it("exports a test with the same results", { tags: ["long"] }, async () => {
  await using sandbox = await testSandbox();
  const here = visitor(`${sandbox.app.url}/studio`);
  const act = async (path: string, form: Record<string, string>) =>
    expect((await here.post(path, form)).headers.get("location")).not.toContain("problem");
  const unfinished = '{"key_action":"build_report","key_action_completed":false,"it\'s":["\\u2028`x`"]}';

  await act("/fire", { event: "user_signed_up", person: "ada" });
  await act("/time", { to: "hour" });
  await act("/people/change", { person: "ada", name: "onboarding_step", value: '"invite_team"' });
  await act("/people/channel", { person: "ada", provider: "fcm", connect: "yes" });
  await act("/fire", { event: "checkout_started", person: "grace h.", properties: CHECKOUT });
  await act("/time", { to: "step" });
  await act("/fire", { event: "session_ended", person: "ada", properties: unfinished });
  await act("/time", { to: "step" });
  const note = sandbox.novu.state.messages.find(({ channel }) => channel === "in_app")!;
  await act("/messages/mark", { message: note.id, as: "read" });
  await act("/fire", { event: "onboarding_completed", person: "ada", properties: '{"$set":{"plan":"pro"}}' });
  await act("/time", { to: "end" });

  const { story } = (await (await here.get("/api/story")).json()) as { story: string };
  expect(story).toContain('story.becomes("ada", { onboarding_step: "invite_team" });');
  expect(story).toContain('story.sandbox.novu.setChannel("ada", "fcm", true);');
  expect(story).toContain('await story.reads("ada");');
  expect(await here.text("/story")).toContain("goes as it went in the sandbox");
  await run(story);
  await expect(
    run(story.replace("invite_team", "a step that is none").replace('  sent"', '  not sent"')),
  ).rejects.toThrow("to deeply equal");
});

/** A test cannot stand in a test: what it does is called from here. */
async function run(story: string): Promise<void> {
  using folder = testFolder();
  const file = join(folder.path, "story.ts");
  const [imports = "", name = "", body = ""] = story.split(/^(it\(.*\n)/m);
  expect([imports.trim().split("\n").length, name]).toEqual([
    2,
    'it("goes as it went in the sandbox", async () => {\n',
  ]);
  const asFunction = `import { openStory } from ${JSON.stringify(WORDS)};\nexport async function story(expect) {\n${body.replace(/\}\);\n$/, "}")}`;
  writeFileSync(file, asFunction);
  const { story: happens } = (await import(file)) as { story: (with_: typeof expect) => Promise<void> };
  await happens(expect);
}
