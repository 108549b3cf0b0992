import { createElement } from "react";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";
import { lifecycle } from "../../src/engine/lifecycle.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { decisions, reports } from "../support/campaign.ts";
import { runCommand } from "../support/command.ts";
import { testProduct } from "../support/product/product.ts";
import { topicOf } from "../support/product/topics.ts";
import { testSandbox } from "../support/sandbox.ts";

const names = { category: "marketing", topic: topicOf("offers"), description: "" } as const;

const cart = lifecycle({
  ...{ id: "cart", name: "Cart", ...names },
  on: [event("cart filled")],
  exitOn: [event("cart bought", { same: "cart_id" })],
  payload: z.object({ cart_id: z.union([z.string(), z.number()]).nullish() }),
  from: ({ properties }) => ({ cart_id: properties.cart_id }),
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("reminder", mail("Your cart"), { atAnyHour: true });
  },
});

const invite = lifecycle({
  ...{ id: "invite", name: "Invite", ...names },
  on: [event("friend invited")],
  exitOn: [event("invite accepted", { same: { payload: "invited", event: "invite_id" }, of: "anyone" })],
  payload: z.object({ invited: z.string() }),
  from: ({ properties }) => ({ invited: properties.invited }),
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("nudge", mail("Your friend has not come yet"), { atAnyHour: true });
  },
});

const digest = lifecycle({
  ...{ id: "digest", name: "Digest", ...names },
  on: [event("task assigned")],
  exitOn: [event("task done", { same: "task", of: "anyone" })],
  payload: z.object({ task: z.string() }),
  from: ({ properties }) => ({ task: properties.task }),
  async workflow({ step }) {
    const tasks = await step.digest("hourly", { hours: 1 });
    await step.wait("an-hour", { hours: 1 });
    const text = () => tasks.map(({ payload }) => payload.task).join(", ");
    await step.email("tasks", () => ({ subject: text(), body: createElement("p", null, text()) }), { atAnyHour: true });
  },
});

it("of two carts only the bought one ends, and an accepted invite ends the run of the person who invited", async () => {
  await using sandbox = await testSandbox({ workflows: [cart, invite] });
  const bought = did(sandbox, "ada", "cart filled", { cart_id: 42 });
  const left = did(sandbox, "ada", "cart filled", { cart_id: "43" });
  const unknown = did(sandbox, "ada", "cart filled", {});
  const accepted = did(sandbox, "ada", "friend invited", { invited: "grace@example.com" });
  const open = did(sandbox, "ada", "friend invited", { invited: "bob@example.com" });
  await sandbox.settled();
  did(sandbox, "ada", "cart bought", { cart_id: " 42 " });
  did(sandbox, "grace", "cart bought", { cart_id: "43" });
  did(sandbox, "grace", "invite accepted", { invite_id: "grace@example.com" });
  did(sandbox, "grace", "invite accepted", { invite_id: "" });
  // The invite was accepted before its own event arrived.
  did(sandbox, "bob", "invite accepted", { invite_id: "late@example.com" });
  await sandbox.settled();
  const late = did(sandbox, "ada", "friend invited", { invited: "late@example.com" });
  await sandbox.settled();
  const waiting = sandbox.novu.state.runs.filter(({ jobs }) => jobs.some(({ status }) => status === "delayed"));
  expect(waiting.map(({ transactionId }) => transactionId)).toEqual([`${left}:cart`, `${open}:invite`]);
  await sandbox.travel({ days: 2 });

  const decided = (uuid: string, workflow: string) => decisions(sandbox, { ofRun: `${uuid}:${workflow}` });
  for (const uuid of [bought, unknown])
    expect(await decided(uuid, "cart")).toEqual([["reminder", "skipped", "exited", "cart bought"]]);
  expect(await decided(left, "cart")).toEqual([["reminder", "sent", null, null]]);
  for (const uuid of [accepted, late])
    expect(await decided(uuid, "invite")).toEqual([["nudge", "skipped", "exited", "invite accepted"]]);
  expect(await decided(open, "invite")).toEqual([["nudge", "sent", null, null]]);
  expect(sandbox.novu.state.messages.map(({ subscriberId }) => subscriberId)).toEqual(["ada", "ada"]);
  expect(reports(sandbox)).toContain(`${accepted}:invite nudge skipped exited`);
  const theirs = sandbox.posthog.state.events.filter(({ distinctId }) => distinctId === "grace");
  expect(theirs.filter(({ event: name }) => name.startsWith("notification"))).toEqual([]);

  const { stdout } = await runCommand(sandbox, "why", ["--person", "ada", "--workflow", "invite"], {
    product: { ...testProduct, workflows: [cart, invite] },
  });
  expect(stdout).toContain("ada exited Invite by invite accepted of another person.");
  expect(stdout).not.toMatch(/grace|bob/);
});

describe("a digest", () => {
  it("leaves out the runs that end, before and after it has gathered them", async () => {
    await using sandbox = await testSandbox({ workflows: [digest] });
    const runs = await assigned(sandbox, ["a", "b", "c", "d"]);
    did(sandbox, "grace", "task done", { task: "a" });
    did(sandbox, "ada", "task done", { task: "c" });
    await sandbox.travel({ hours: 1, minutes: 10 });
    did(sandbox, "grace", "task done", { task: "d" });
    await sandbox.travel({ hours: 2 });
    expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["b"]);
    const results = await Promise.all(runs.map((uuid) => decisions(sandbox, { ofRun: `${uuid}:digest` })));
    const ended = [["tasks", "skipped", "exited", "task done"]];
    expect(results).toEqual([ended, [["tasks", "sent", null, null]], ended, ended]);
  });

  it("that has gathered sends nothing when its first run ends", async () => {
    await using sandbox = await testSandbox({ workflows: [digest] });
    const runs = await assigned(sandbox, ["a", "b"]);
    await sandbox.travel({ hours: 1, minutes: 10 });
    did(sandbox, "grace", "task done", { task: "a" });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
    const results = await Promise.all(runs.map((uuid) => decisions(sandbox, { ofRun: `${uuid}:digest` })));
    expect(results).toEqual([[["tasks", "skipped", "exited", "task done"]], [["tasks", "skipped", "digested", null]]]);
  });

  async function assigned(sandbox: Sandbox, tasks: string[]): Promise<string[]> {
    const runs: string[] = [];
    for (const task of tasks) {
      runs.push(did(sandbox, "ada", "task assigned", { task }));
      await sandbox.settled();
    }
    return runs;
  }
});

function did(sandbox: Sandbox, distinctId: string, name: string, properties: Record<string, unknown>): string {
  const $set = { email: `${distinctId}@example.com` };
  return sandbox.posthog.capture({ event: name, distinctId, properties: { ...properties, $set } });
}

function mail(subject: string) {
  return () => ({ subject, body: createElement("p", null, subject) });
}
