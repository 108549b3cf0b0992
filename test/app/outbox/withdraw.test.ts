import { expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { serve } from "../../../src/lib/server.ts";
import { readBody } from "../../../src/lib/webhook-endpoint.ts";
import type { Message } from "../../../src/sandbox/local-novu/state.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { runCommand } from "../../support/command.ts";
import { testProduct } from "../../support/product/product.ts";
import { eventually, testSandbox } from "../../support/sandbox.ts";

const note = () => ({ subject: "Finish", body: "Still open" });

const cart = campaign({
  id: "cart",
  async workflow({ step }) {
    await step.inApp("first", note);
    await step.inApp("second", note);
    await step.inApp("guide", note, { keepAfterExit: true });
    await step.email("mail", mail, { atAnyHour: true });
  },
});
const workflows = [cart];

it("an exit withdraws the unread notes of its run, and no others", async () => {
  await using sandbox = await testSandbox({ workflows, plan: "team", novuWebhooks: true });
  const uuid = happen(sandbox, "called");
  const other = happen(sandbox, "called", { distinctId: "grace" });
  await sandbox.travel({ minutes: 1 });
  sandbox.novu.mark(noteOf(sandbox, "second").id, "read");
  await sandbox.settled();
  const reported = told(sandbox, uuid);

  happen(sandbox, "answered");
  await sandbox.settled();
  expect(archived(sandbox)).toEqual(["ada first"]);
  expect(told(sandbox, uuid)).toEqual([...reported, "withdrawn first"]);
  expect(told(sandbox, other).filter((text) => text.startsWith("withdrawn"))).toEqual([]);
  expect(await decisions(sandbox, { ofRun: `${uuid}:cart` })).toContainEqual(["first", "sent", null, null]);

  const { stdout } = await runCommand(sandbox, "why", ["--person", "ada"], { product: { ...testProduct, workflows } });
  expect(stdout).toContain("first was unread when the run exited, so it was withdrawn");

  // A person may take the note out of the archive again. A second exit event ends no run any more.
  sandbox.novu.mark(noteOf(sandbox, "first").id, "unread");
  happen(sandbox, "answered");
  await sandbox.travel({ hours: 2 });
  expect(archived(sandbox)).toEqual([]);
  expect(told(sandbox, uuid)).toEqual([...reported, "withdrawn first"]);
});

it("an exit before the receipt withdraws the note, which counts as sent", async () => {
  await using sandbox = await testSandbox({ workflows });
  const uuid = happen(sandbox, "called");
  await sandbox.settled();
  happen(sandbox, "answered");
  await sandbox.settled();
  expect(archived(sandbox)).toEqual(["ada first", "ada second"]);
  await sandbox.travel({ minutes: 1 });
  expect(told(sandbox, uuid).sort()).toEqual(
    [
      ...["triggered", "withdrawn first", "withdrawn second"],
      ...["sent first", "sent second", "sent guide", "sent mail"],
    ].sort(),
  );
});

it("a note that Novu makes after the exit is withdrawn when its receipt comes", async () => {
  await using sandbox = await testSandbox({ workflows });
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using _bridge = await holdingBridge(sandbox, async (step) => void (step === "first" && (await released)));
  const uuid = happen(sandbox, "called");
  const { decisions: made, runs } = sandbox.app.store;
  await eventually(async () => (await made.listDecidedSteps(`${uuid}:cart`)).includes("first"));
  happen(sandbox, "answered");
  await eventually(async () => (await runs.findState(`${uuid}:cart`)) === "exited");
  await eventually(async () => (await runs.history({ transactionId: `${uuid}:cart` })).jobs.every(isNoWithdrawal));
  release();
  await sandbox.settled();
  expect(noteOf(sandbox, "first").read).toBe(false);
  expect(archived(sandbox)).toEqual([]);

  await sandbox.travel({ seconds: 31 });
  expect(archived(sandbox)).toEqual(["ada first"]);
  expect(told(sandbox, uuid)).toContain("withdrawn first");
});

it("an exit withdraws the notes of every part of a run that has waited for an event", async () => {
  const parts = lifecycle({
    ...{ id: "cart", name: "Cart", description: "", category: "transactional" },
    on: [event("called")],
    exitOn: [event("answered")],
    payload: z.object({}),
    from: () => ({}),
    waitFor: { looked: [event("looked")] },
    async workflow({ step }) {
      await step.inApp("first", note);
      await step.waitFor("looked", { atMost: { days: 1 } });
      await step.inApp("second", note);
    },
  });
  await using sandbox = await testSandbox({ workflows: [parts] });
  happen(sandbox, "called");
  await sandbox.travel({ minutes: 1 });
  happen(sandbox, "looked");
  await sandbox.travel({ minutes: 1 });
  happen(sandbox, "answered");
  await sandbox.settled();
  expect(archived(sandbox)).toEqual(["ada first", "ada second"]);
});

it("is tried again, reports a note whose answer was lost, and is dead with its cause", async () => {
  await using sandbox = await testSandbox({ workflows });
  const uuid = happen(sandbox, "called");
  await sandbox.travel({ minutes: 1 });
  let left = 2;
  sandbox.novu.injectFault(({ method, path }) => {
    if (method !== "PATCH" || !path.endsWith("/archive")) return null;
    left -= 1;
    if (left === 1) return { status: 503 };
    if (left < 0) return null;
    sandbox.novu.mark(noteOf(sandbox, "first").id, "archived");
    return "hang up";
  });
  happen(sandbox, "answered");
  await sandbox.travel({ minutes: 5 });
  expect(left).toBeLessThan(0);
  expect(archived(sandbox)).toEqual(["ada first", "ada second"]);
  expect(told(sandbox, uuid).filter((text) => text.startsWith("withdrawn"))).toEqual([
    "withdrawn first",
    "withdrawn second",
  ]);

  happen(sandbox, "called", { distinctId: "grace" });
  await sandbox.travel({ minutes: 1 });
  const isArchive = (method: string, path: string) => method === "PATCH" && path.endsWith("/archive");
  const message = "Cannot PATCH /v2/subscribers/grace/notifications/x/archive";
  sandbox.novu.injectFault(({ method, path }) =>
    isArchive(method, path) ? { status: 404, body: { statusCode: 404, message } } : null,
  );
  happen(sandbox, "answered", { distinctId: "grace" });
  await sandbox.settled();
  const { stdout } = await runCommand(sandbox, "why", ["--person", "grace"], {
    product: { ...testProduct, workflows },
  });
  expect(stdout).toContain("The withdrawal of unread notes at Novu is dead");
});

it("leaves a subscriber alone whom Novu does not have any more, and a note that is gone", async () => {
  await using sandbox = await testSandbox({ workflows });
  happen(sandbox, "called");
  happen(sandbox, "called", { distinctId: "grace" });
  await sandbox.travel({ minutes: 1 });
  delete sandbox.novu.state.subscribers.ada;
  sandbox.novu.injectFault(({ method, path }) =>
    method === "PATCH" && path.startsWith("/v2/subscribers/grace/notifications/")
      ? { status: 400, body: { statusCode: 400, message: "Subscriber with id: grace is not found." } }
      : null,
  );
  happen(sandbox, "answered");
  happen(sandbox, "answered", { distinctId: "grace" });
  await sandbox.settled();
  expect(archived(sandbox)).toEqual([]);
  for (const distinctId of ["ada", "grace"])
    expect((await sandbox.app.store.runs.history({ distinctId })).jobs.every(isNoWithdrawal)).toBe(true);
});

function isNoWithdrawal({ kind }: { kind: string }): boolean {
  return kind !== "withdraw";
}

function noteOf(sandbox: Sandbox, step: string): Message {
  return sandbox.novu.state.messages.find(({ stepId }) => stepId === step)!;
}

function archived(sandbox: Sandbox): string[] {
  return sandbox.novu.state.messages
    .filter(({ archivedAt }) => archivedAt != null)
    .map(({ subscriberId, stepId }) => `${subscriberId} ${stepId}`);
}

/** The reports to PostHog about a run, in order. */
function told(sandbox: Sandbox, uuid: string): string[] {
  return sandbox.posthog.state.events
    .filter(({ event, properties }) => event.startsWith("notification") && properties.transaction_id === `${uuid}:cart`)
    .map(({ event, properties }) => `${event.slice("notification ".length)} ${properties.step ?? ""}`.trim());
}

/** A proxy between Novu and the app that passes the answers of some steps on later. */
async function holdingBridge(sandbox: Sandbox, until: (step: string) => Promise<void>) {
  const proxy = await serve(
    async (request, response) => {
      const { searchParams, search } = new URL(request.url ?? "/", "http://proxy");
      const answer = await fetch(`${sandbox.app.url}/api/novu${search}`, {
        method: "POST",
        headers: { "content-type": "application/json", "novu-signature": String(request.headers["novu-signature"]) },
        body: await readBody(request, 1_000_000),
      });
      await until(searchParams.get("stepId") ?? "");
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    },
    { port: 0, host: "127.0.0.1" },
  );
  sandbox.novu.state.bridgeUrl = `${proxy.url}/api/novu`;
  return { [Symbol.asyncDispose]: () => proxy.close(0) };
}
