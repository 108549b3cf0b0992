import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { textControls } from "../../../src/engine/controls.ts";
import { withSwitch } from "../../../src/engine/decide-message.ts";
import { publishedControls } from "../../../src/engine/novu-schema.ts";
import { onboarding } from "../../support/product/onboarding.tsx";
import { openStory, type Story } from "../../support/story.ts";

/** Novu's results of earlier steps of each type. */
const OUTPUTS: Record<string, object> = {
  email: {},
  delay: { duration: 0 },
  in_app: { seen: false, read: false, lastSeenDate: null, lastReadDate: null },
};

describe("the controls of a message", () => {
  it("is its texts, and whether it is sent", () => {
    const controls = withSwitch(textControls({ subject: "Hello", button: "Go" }));
    expect(publishedControls(controls).properties).toEqual({
      subject: { type: "string", title: "Subject", default: "Hello" },
      button: { type: "string", title: "Button", default: "Go" },
      send: { type: "boolean", title: "Send this message", default: true },
    });
    expect(() => withSwitch(z.object({ send: z.string() }))).toThrow('every message has a control "send" already');
  });

  it("says at the moment of the send what it says, and whether it is said", async () => {
    await using story = await openStory({ workflows: [onboarding], people: { ada: {} } });
    await story.does("ada", "user_signed_up");
    const changed = await execute(story, "setup-nudge", { subject: "Up next" });
    expect(changed).toMatchObject({ outputs: { subject: "Up next: connect your data" }, options: { skip: false } });
    expect(await execute(story, "check-in", { send: false })).toMatchObject({ options: { skip: true } });
    expect((await story.lines()).slice(2)).toEqual([
      "day 0 09:00  ada  onboarding  setup-nudge  sent",
      "day 0 09:00  ada  onboarding  check-in  not sent: not needed: switched off in Novu",
    ]);
  });
});

/** As Novu calls the bridge for a step of Ada's run, with what a colleague has set in its dashboard. */
async function execute({ sandbox }: Story, stepId: string, controls: object): Promise<unknown> {
  const [run] = sandbox.novu.state.runs;
  const body = {
    payload: run?.payload,
    controls,
    state: run?.jobs.map(({ stepId, type }) => ({ stepId, outputs: OUTPUTS[type], state: { status: "completed" } })),
    subscriber: sandbox.novu.state.subscribers.ada,
    context: {},
    env: {},
  };
  const time = Date.now();
  const signature = createHmac("sha256", sandbox.config.novu.secretKey).update(`${time}.${JSON.stringify(body)}`);
  const response = await fetch(
    `${sandbox.app.url}/api/novu?action=execute&workflowId=${run?.workflowId}&stepId=${stepId}`,
    {
      method: "POST",
      headers: { "content-type": "application/json", "novu-signature": `t=${time},v1=${signature.digest("hex")}` },
      body: JSON.stringify(body),
    },
  );
  return response.json();
}
