import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { COMMENT_MARK } from "../../../src/commands/plan/plan-text.ts";

const root = new URL("../../../", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), "utf8");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

const Permissions = z.record(z.string(), z.enum(["read", "write", "none"]));
const Step = z
  .strictObject({
    name: z.string().optional(),
    id: z.string().optional(),
    if: z.string().optional(),
    uses: z.string().optional(),
    with: z.record(z.string(), z.unknown()).optional(),
    run: z.string().optional(),
    env: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ uses, run }) => (uses === undefined) !== (run === undefined), "either uses or run");
const Workflow = z.object({
  name: z.string(),
  on: z.looseObject({}),
  permissions: Permissions,
  concurrency: z.object({ group: z.string(), "cancel-in-progress": z.boolean() }),
  jobs: z.record(
    z.string(),
    z.looseObject({
      needs: z.union([z.string(), z.array(z.string())]).optional(),
      environment: z.string().optional(),
      "timeout-minutes": z.number(),
      permissions: Permissions.optional(),
      env: z.record(z.string(), z.string()).optional(),
      steps: z.array(Step).min(1),
    }),
  ),
});

/** The permissions of each job besides reading, with the reason. */
const WRITES: Record<string, string[]> = {
  "codeql.yml analyze": ["security-events"],
  "novu-plan.yml plan": ["pull-requests"],
};

const names = readdirSync(new URL(".github/workflows/", root));

it("are there", () => {
  expect(names.sort()).toEqual(["ci.yml", "codeql.yml", "novu-plan.yml", "novu-sync.yml"]);
});

describe.each(names)("%s", (name) => {
  const text = read(`.github/workflows/${name}`);
  const workflow = Workflow.parse(parse(text));
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  it("pins every action by its commit, with the version beside it", () => {
    const uses = steps.flatMap((step) => step.uses ?? []);
    expect(uses.filter((action) => !/^[\w./-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
    for (const action of uses) expect(text).toMatch(new RegExp(`uses: ${action} # v\\d+\\.\\d+\\.\\d+\n`));
  });

  it("may only read, unless it has to write", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    const writes = jobs.flatMap(([job, { permissions = {} }]) =>
      Object.entries(permissions).flatMap(([what, may]) => (may === "write" ? [[`${name} ${job}`, what]] : [])),
    );
    for (const [job, what] of writes) expect(WRITES[job ?? ""]).toContain(what);
  });

  it("keeps no credentials in the checkout", () => {
    for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")))
      expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  it("runs scripts, and needs jobs and steps, that exist", () => {
    const commands = steps.flatMap(({ run }) => run ?? []).join("\n");
    const named = [...commands.matchAll(/npm (?:run )?(?:--silent )?([\w:-]+)/g)].map(([, script = ""]) => script);
    expect(named.filter((script) => script !== "ci" && scripts[script] === undefined)).toEqual([]);
    const files = [...commands.matchAll(/\btest\/[\w./-]+/g)].map(([file]) => file);
    expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
    for (const [, { needs = [] }] of jobs)
      expect([needs].flat().filter((job) => workflow.jobs[job] === undefined)).toEqual([]);
    for (const [, job] of jobs) {
      const ids = job.steps.flatMap(({ id }) => id ?? []);
      const asked = [...JSON.stringify(job).matchAll(/steps\.(\w+)\./g)].map(([, id = ""]) => id);
      expect(asked.filter((id) => !ids.includes(id))).toEqual([]);
    }
  });

  it("names only secrets and environments that the README explains, and puts none into a command", () => {
    const documented = read("README.md");
    const used = [...text.matchAll(/\b(?:secrets|vars)\.(\w+)/g)].map(([, secret = ""]) => secret);
    expect(used.filter((secret) => !documented.includes(`\`${secret}\``))).toEqual([]);
    const environments = jobs.flatMap(([, { environment }]) => environment ?? []);
    expect(environments.filter((environment) => !documented.includes(`\`${environment}\``))).toEqual([]);
    // The value of an expression becomes part of the script, even if a stranger wrote it.
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it("gives secrets to single steps, and to none that installs packages", () => {
    for (const [, { env = {} }] of jobs) expect(JSON.stringify(env)).not.toContain("secrets.");
    for (const { run = "", env = {} } of steps)
      if (/npm (?:ci|install)/.test(run)) expect(JSON.stringify(env)).not.toContain("secrets.");
  });

  it("is not one that runs a stranger's code with our secrets", () => {
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
  });
});

describe("novu-sync.yml", () => {
  const { jobs, on } = Workflow.parse(parse(read(".github/workflows/novu-sync.yml")));

  it("syncs Development first, and does the same for Production, each with its own secrets", () => {
    const [development, production] = [jobs.development, jobs.production];
    expect([development?.environment, production?.environment, production?.needs]).toEqual([
      "novu-development",
      "novu-production",
      "development",
    ]);
    const secrets = ["NOVU_SECRET_KEY", "NOVU_BRIDGE_URL", "NOVU_API_URL"];
    for (const job of [development, production]) {
      const sync = job?.steps.find(({ name }) => name === "Sync");
      for (const secret of secrets) expect(sync?.env?.[secret]).toBe(`\${{ secrets.${secret} }}`);
    }
    const commands = (job = development) => job?.steps.slice(1).map(({ uses, run }) => uses ?? run);
    expect(commands(production)).toEqual(commands(development));
    expect(Object.keys(on)).toEqual(["workflow_dispatch", "deployment_status"]);
  });
});

it("novu-plan.yml finds its own comment again", () => {
  expect(read(".github/workflows/novu-plan.yml")).toContain(`startswith("${COMMENT_MARK}")`);
});

it("images are pinned by digest", () => {
  const images = [
    ...read("Dockerfile").matchAll(/^FROM (\S+:\S+)/gm),
    ...read("compose.yaml").matchAll(/^\s+image: (\S+)/gm),
    ...names.flatMap((name) => [...read(`.github/workflows/${name}`).matchAll(/^\s+image: (\S+)/gm)]),
  ].map(([, image]) => image);
  expect(images).toHaveLength(3);
  for (const image of images) expect(image).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
});

it("dependabot looks after packages, actions and images, and pins stay pinned", () => {
  const Dependabot = z.object({
    updates: z.array(z.object({ "package-ecosystem": z.string(), cooldown: z.object({ "default-days": z.number() }) })),
  });
  const { updates } = Dependabot.parse(parse(read(".github/dependabot.yml")));
  expect(updates.map((update) => update["package-ecosystem"])).toEqual(
    expect.arrayContaining(["npm", "github-actions", "docker", "docker-compose"]),
  );
});
