import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Part } from "../../src/commands/person/erase.ts";
import { pseudonymOf } from "../../src/lib/rehearsal-files.ts";
import type { HistoryLine } from "../../src/rehearsal/history.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { fromBackend } from "../support/backend.ts";
import { runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { linesOf, openFrom } from "../support/history.ts";
import { dropOff } from "../support/product/drop-off.tsx";
import { testSandbox } from "../support/sandbox.ts";

const RUN = "checkout-1:drop-off";

describe("npm run person", () => {
  it("exports what is kept on a person, by all their ids, and says when that is nothing", async () => {
    await using sandbox = await withAda();
    const { code, stdout } = await runCommand(sandbox, "person", ["export", "visitor"]);
    const { distinctId, records } = JSON.parse(stdout) as { distinctId: string; records: Record<string, unknown[]> };
    expect([code, distinctId]).toEqual([0, "visitor"]);
    expect(records.runs).toMatchObject([{ transaction_id: RUN, distinct_id: "ada" }]);
    expect(records.events).toContainEqual(
      expect.objectContaining({ body: expect.objectContaining({ name: "checkout_started" }) }),
    );
    expect(records.decisions).toMatchObject([{ body: { step: "checkout-note", outcome: "sent" } }]);
    expect(records.devices).toMatchObject([{ distinct_id: "ada", provider: "fcm", token: "…hone" }]);
    expect(stdout).not.toMatch(/grace|device-of/);

    const nobody = await runCommand(sandbox, "person", ["export", "nobody"]);
    expect([nobody.code, Object.values(JSON.parse(nobody.stdout).records).flat()]).toEqual([1, []]);
  });

  it("deletes a person here, at Novu and at PostHog, and says what; before, what it would be", async () => {
    await using sandbox = await withAda();
    const before = await stateOf(sandbox);
    const dry = await runCommand(sandbox, "person", ["delete", "visitor", "--dry-run", "--json"]);
    expect([dry.code, await stateOf(sandbox)]).toEqual([0, before]);

    const { code, stdout } = await runCommand(sandbox, "person", ["delete", "visitor", "--yes", "--json"]);
    const { parts } = JSON.parse(stdout) as { parts: Part[] };
    expect(code).toBe(0);
    expect(parts).toEqual([
      { where: "Novu", outcome: "done", what: `the run ${RUN} is cancelled` },
      {
        where: "PostHog",
        outcome: "done",
        what: "the person, with events and recordings, which PostHog deletes later",
      },
      { where: "Novu", outcome: "nothing there", what: "the subscriber visitor" },
      { where: "Novu", outcome: "done", what: "the subscriber ada" },
      { where: "here", outcome: "done", what: expect.any(String), records: expect.any(Object) },
    ]);
    expect(parts.at(-1)?.records).toMatchObject({ runs: 1, decisions: 1, aliases: 1, devices: 1 });
    const planned = (JSON.parse(dry.stdout) as { parts: Part[] }).parts;
    expect(
      planned.map(({ outcome, ...part }) => ({ ...part, outcome: outcome.replace("to be done", "done") })),
    ).toEqual(parts);

    for (const id of ["ada", "visitor"])
      expect(Object.values(await sandbox.app.store.people.listRecords(id)).flat()).toEqual([]);
    expect(JSON.stringify(sandbox.posthog.state.events)).not.toContain('"ada"');
    expect(sandbox.posthog.state.persons.map(({ distinctIds }) => distinctIds)).toEqual([["grace"]]);
    expect(Object.keys(sandbox.novu.state.subscribers)).toEqual(["grace"]);
    await sandbox.travel({ days: 3 });
    const emails = sandbox.novu.state.messages.filter(({ channel }) => channel === "email");
    expect(emails.map(({ subscriberId }) => subscriberId)).toEqual(["grace"]);

    const again = await runCommand(sandbox, "person", ["delete", "ada", "--yes"]);
    expect([again.code, again.stdout.match(/nothing there/g)]).toEqual([0, Array(3).fill("nothing there")]);
  });

  it("deletes the person's lines from the histories of rehearsals, by id and by pseudonym, and every result", async () => {
    await using sandbox = await withAda();
    const { dataDir } = sandbox.config;
    const folder = join(dataDir, "rehearsal");
    const from = { until: sandbox.clock.now() + 1 };
    const plain = await openFrom("store", dataDir, { ...from, plain: true });
    renameSync(plain.file, join(folder, "plain.jsonl"));
    const hashed = await openFrom("store", dataDir, { ...from, plain: false });
    writeFileSync(join(folder, "half.jsonl.part"), '{"body": {"distinct_id": "ada"');
    for (const name of ["results", "results-2"]) mkdirSync(join(folder, name));
    const isGraces = ({ body }: HistoryLine, id: string) => JSON.stringify(body).includes(`"${id}"`);
    const key = readFileSync(join(folder, "key"), "utf8");
    const graceId = pseudonymOf(key.trim(), "grace");
    expect([plain.lines.length, hashed.lines.length]).toEqual([5, 5]);

    const what = "rehearsals: 7 lines of histories, 2 results";
    const dry = await runCommand(sandbox, "person", ["delete", "visitor", "--dry-run", "--json"]);
    expect((JSON.parse(dry.stdout) as { parts: Part[] }).parts.at(-1)).toEqual({
      where: "here",
      outcome: "to be done",
      what,
    });
    expect([linesOf(hashed.file), readdirSync(folder).length]).toEqual([hashed.lines, 6]);

    const { stdout } = await runCommand(sandbox, "person", ["delete", "visitor", "--yes", "--json"]);
    expect((JSON.parse(stdout) as { parts: Part[] }).parts.at(-1)).toEqual({ where: "here", outcome: "done", what });
    expect(readdirSync(folder).sort()).toEqual(["half.jsonl.part", "key", "plain.jsonl", "store.jsonl"]);
    expect(linesOf(join(folder, "plain.jsonl"))).toEqual(plain.lines.filter((line) => isGraces(line, "grace")));
    expect(linesOf(hashed.file)).toEqual(hashed.lines.filter((line) => isGraces(line, graceId)));
    expect(readFileSync(join(folder, "half.jsonl.part"), "utf8")).toBe("");
    expect(statSync(hashed.file).mode & 0o777).toBe(0o600);

    const again = await runCommand(sandbox, "person", ["delete", "ada", "--yes"]);
    expect(again.stdout).toMatch(/^here +nothing there +rehearsals: 0 lines/m);
  });

  it.each([
    ["Novu", (sandbox: Sandbox) => sandbox.novu],
    ["PostHog", (sandbox: Sandbox) => sandbox.posthog],
  ])(
    "says what is not done while %s is down, keeps the record of it, and does the rest the next time",
    async (name, of) => {
      await using sandbox = await withAda();
      of(sandbox).injectFault(() => "hang up");
      const { code, stdout, stderr } = await runCommand(sandbox, "person", ["delete", "ada", "--yes"]);
      expect([code, stderr]).toEqual([1, expect.stringContaining("run the command again")]);
      expect(stdout).toMatch(new RegExp(`^${name} +failed`, "m"));
      expect(stdout).toMatch(/^here +not done/m);
      expect((await sandbox.app.store.people.listRecords("ada")).runs).toHaveLength(1);

      of(sandbox).injectFault(null);
      expect((await runCommand(sandbox, "person", ["delete", "ada", "--yes"])).code).toBe(0);
      expect(Object.values(await sandbox.app.store.people.listRecords("ada")).flat()).toEqual([]);
      expect(sandbox.novu.state.subscribers.ada).toBeUndefined();
      expect(sandbox.posthog.state.persons).toHaveLength(1);
    },
  );

  it("names the scope that the key lacks", async () => {
    await using sandbox = await withAda();
    sandbox.posthog.injectFault(({ path }) => (path.includes("bulk_delete") ? { status: 403 } : null));
    const { code, stdout } = await runCommand(sandbox, "person", ["delete", "ada", "--yes"]);
    expect([code, stdout]).toEqual([1, expect.stringContaining("needs the scope person:write")]);
  });

  it("deletes nothing of a person whom PostHog has as two, and names the way out", async () => {
    await using sandbox = await withAda();
    await sandbox.app.store.people.merge({
      previousId: "grace",
      currentId: "ada",
      occurredAt: "2026-03-02T09:00:00.000Z",
    });
    const before = await stateOf(sandbox);
    for (const option of ["--dry-run", "--yes"]) {
      const { code, stdout } = await runCommand(sandbox, "person", ["delete", "ada", option]);
      expect([code, stdout]).toEqual([
        1,
        expect.stringMatching(/^PostHog +failed +PostHog has grace as another person/m),
      ]);
      expect(stdout).toContain("npm run person -- split");
    }
    expect(await stateOf(sandbox)).toEqual(before);
    await runCommand(sandbox, "person", ["split", "grace", "--yes"]);
    expect((await runCommand(sandbox, "person", ["delete", "ada", "--yes"])).code).toBe(0);
    expect(Object.keys(sandbox.novu.state.subscribers)).toEqual(["grace"]);
  });

  it("leaves the events at PostHog with --keep-events", async () => {
    await using sandbox = await withAda();
    await runCommand(sandbox, "person", ["delete", "ada", "--yes", "--keep-events"]);
    expect(sandbox.posthog.state.persons).toHaveLength(1);
    expect(sandbox.posthog.state.events.some(({ distinctId }) => distinctId === "ada")).toBe(true);
  });

  it("does without PostHog, and says what it leaves to whom", async () => {
    await using sandbox = await withAda();
    const env = { env: WITH_SEGMENT_ALONE };
    const { code: found, stdout } = await runCommand(sandbox, "person", ["export", "ada"], env);
    expect([found, JSON.parse(stdout).records.runs]).toEqual([0, [expect.objectContaining({ transaction_id: RUN })]]);

    const persons = structuredClone(sandbox.posthog.state.persons);
    const dry = await runCommand(sandbox, "person", ["delete", "ada", "--dry-run"], env);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringMatching(/^Segment +by hand +delete and suppress/m)]);

    const done = await runCommand(sandbox, "person", ["delete", "ada", "--yes", "--json"], env);
    expect([done.code, (JSON.parse(done.stdout) as { parts: Part[] }).parts]).toEqual([
      0,
      [
        { where: "Novu", outcome: "done", what: `the run ${RUN} is cancelled` },
        { where: "PostHog", outcome: "not configured", what: "no person is deleted there" },
        { where: "Novu", outcome: "done", what: "the subscriber ada" },
        { where: "Novu", outcome: "nothing there", what: "the subscriber visitor" },
        { where: "here", outcome: "done", what: expect.any(String), records: expect.objectContaining({ runs: 1 }) },
        { where: "Segment", outcome: "by hand", what: expect.stringContaining("/regulations") },
      ],
    ]);
    expect(Object.values(await sandbox.app.store.people.listRecords("ada")).flat()).toEqual([]);
    expect(Object.keys(sandbox.novu.state.subscribers)).toEqual(["grace"]);
    expect(sandbox.posthog.state.persons).toEqual(persons);
  });

  it("splits a person whose ids should never have been merged, and says what that undoes; before, what it would", async () => {
    await using sandbox = await withAda();
    const { store } = sandbox.app;
    const merges = [{ previous_id: "visitor", current_id: "ada", occurred_at: "2026-03-02T09:00:00.000Z" }];
    const split = (...options: string[]) => runCommand(sandbox, "person", ["split", ...options]);

    const before = await stateOf(sandbox);
    const planned = await split("ada", "--dry-run", "--json");
    expect([planned.code, JSON.parse(planned.stdout)]).toEqual([
      0,
      { distinctId: "ada", dryRun: true, merges, undone: 0 },
    ]);
    expect((await split("ada", "--dry-run")).stdout).toMatch(
      /^here +to be done +visitor and ada are two people again; they were merged at /,
    );
    expect(await stateOf(sandbox)).toEqual(before);
    expect((await store.people.listRecords("visitor")).runs).toHaveLength(1);

    const done = await split("ada", "--yes");
    expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/^here +done +visitor and ada are two/)]);
    expect((await store.people.listRecords("visitor")).runs).toEqual([]);
    expect((await store.people.listRecords("ada")).runs).toHaveLength(1);
    const again = await split("ada", "--yes");
    expect([again.code, again.stdout.trim()]).toEqual([0, "No other id is merged with this one."]);
    expect(JSON.parse((await split("ada", "--yes", "--json")).stdout)).toMatchObject({ merges: [], undone: 0 });
  });

  it("asks before it splits, and says so when the app that would do it does not answer", async () => {
    await using sandbox = await withAda();
    const typed = (input: string) => runCommand(sandbox, "person", ["split", "ada"], { input, isTerminal: true });
    expect(await typed("grace\n")).toMatchObject({ code: 2, stderr: expect.stringContaining("nothing was split") });
    const env = { PORT: "1" };
    const alone = await runCommand(sandbox, "person", ["split", "ada", "--yes"], { env });
    expect([alone.code, alone.stdout, alone.stderr]).toEqual([1, "", expect.stringContaining("no app answers at")]);
    expect((await sandbox.app.store.people.listRecords("ada")).aliases).toHaveLength(1);
    expect(await typed("ada\n")).toMatchObject({ code: 0 });
    expect((await sandbox.app.store.people.listRecords("ada")).aliases).toEqual([]);
  });

  it("deletes no person without confirmation, and names the wrong option", async () => {
    await using sandbox = await withAda();
    const before = await stateOf(sandbox);
    for (const [options, complaint] of [
      [["delete", "ada"], "--yes is missing"],
      [["delete"], "the person's id is missing"],
      [["delete", "ada", "grace", "--yes"], "one person at a time"],
      [["delete", "ada", "--yes", "--dry-run"], "do not go together"],
      [["split", "ada"], "--yes is missing"],
      [["split", "ada", "--yes", "--keep-events"], "--keep-events is for delete"],
      [["remove", "ada"], '"export", "delete" or "split" is missing'],
      [["export", "ada", "--yes"], "export takes no options"],
    ] as const) {
      const { code, stderr } = await runCommand(sandbox, "person", [...options], { input: "ada\n" });
      expect([code, stderr]).toEqual([2, expect.stringContaining(complaint)]);
    }
    expect(await stateOf(sandbox)).toEqual(before);
  });
});

/** Ada, who was a visitor before, and Grace have open checkouts; their notes were sent, their emails wait. */
async function withAda(): Promise<Sandbox> {
  const sandbox = await testSandbox({ workflows: [dropOff] });
  for (const distinctId of ["ada", "grace"]) {
    const $set = { email: `${distinctId}@example.com` };
    sandbox.posthog.capture({ event: "$set", distinctId, properties: { $set } });
  }
  sandbox.posthog.capture({ event: "$identify", distinctId: "ada", properties: { $anon_distinct_id: "visitor" } });
  for (const [index, distinctId] of ["ada", "grace"].entries())
    sandbox.posthog.capture({
      event: "checkout_started",
      distinctId,
      uuid: `checkout-${index + 1}`,
      properties: { checkout_url: "https://app.acme.example/checkout" },
    });
  for (const distinctId of ["ada", "grace"]) {
    const device = { distinct_id: distinctId, provider: "fcm", token: `device-of-${distinctId}-phone` };
    expect((await fromBackend(sandbox, "POST /devices", device)).status).toBe(202);
  }
  await sandbox.travel({ hours: 2 });
  return sandbox;
}

async function stateOf({ app, novu, posthog }: Sandbox) {
  const { subscribers, runs } = novu.state;
  const { persons, events } = posthog.state;
  return structuredClone([await app.store.people.listRecords("ada"), subscribers, runs, persons, events.length]);
}
