import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { COMMENT_MARK } from "../../../src/commands/plan/plan-text.ts";
import { OPTIONS } from "../../../src/rehearsal/command.ts";
import { SAMPLE_BEGINS, SAMPLE_ENDS } from "../../../src/rehearsal/report/markdown.ts";
import { testFolder } from "../../support/folder.ts";

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
  expect(names.sort()).toEqual(["ci.yml", "codeql.yml", "history.yml", "novu-plan.yml", "novu-sync.yml"]);
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

  it("names only secrets and environments that the guide explains, and puts none into a command", () => {
    const documented = read(".github/guides/ci.md");
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

describe("history.yml", () => {
  const { jobs, on } = Workflow.parse(parse(read(".github/workflows/history.yml")));
  const steps = jobs.history?.steps ?? [];

  it("runs once a day and by hand, and keeps the file that novu-plan.yml rehearses", () => {
    expect(on).toEqual({ schedule: [{ cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) }], workflow_dispatch: null });
    const upload = steps.at(-1)?.with;
    expect(upload).toMatchObject({ name: "history", "retention-days": 14, "if-no-files-found": "error" });
    expect(upload?.path).toBe(`\${{ runner.temp }}/history.jsonl.gz`);
    expect(steps.at(-2)?.run).toContain('--out "$RUNNER_TEMP/history.jsonl.gz"');
    const plan = read(".github/workflows/novu-plan.yml");
    expect(plan).toContain("--workflow history.yml");
    expect(plan).toContain("--name history ");
    expect(plan).toContain('"$RUNNER_TEMP/history/history.jsonl.gz"');
  });

  it.each([
    ["in a private repository", { POSTHOG_PERSONAL_API_KEY: "phx_1", POSTHOG_PROJECT_ID: "1" }, "true", "known=true\n"],
    ["not in a public one", { POSTHOG_PERSONAL_API_KEY: "phx_1", POSTHOG_PROJECT_ID: "1" }, "false", ""],
    ["not without settings", { POSTHOG_PERSONAL_API_KEY: "", POSTHOG_PROJECT_ID: "" }, "true", ""],
  ])("reads events %s", (_where, env, isPrivate, expected) => {
    const [first, ...others] = steps;
    const { files } = runStep(first?.run, { env, tools: { gh: `echo ${isPrivate}` } });
    expect(files.output).toBe(expected);
    expect(others.map((step) => step.if)).toEqual(others.map(() => "steps.settings.outputs.known"));
  });
});

describe("novu-plan.yml", () => {
  const { jobs } = Workflow.parse(parse(read(".github/workflows/novu-plan.yml")));
  const stepOf = (wanted: string) => jobs.plan?.steps.find(({ name }) => name === wanted);

  it("finds its own comment again", () => {
    expect(stepOf("Comment, or update the comment")?.run).toContain(`startswith("${COMMENT_MARK}")`);
  });

  it("gives the history to nobody who may not comment", () => {
    const conditions = ["Download the history", "Rehearse"].map((name) => stepOf(name)?.if);
    expect(new Set(conditions)).toEqual(new Set([stepOf("Comment, or update the comment")?.if]));
  });

  it.each([
    ["one", "case $2 in list) echo 12;; *) exit 0;; esac", "found=true\n"],
    ["no run that made one", "exit 0", ""],
    ["no workflow that makes one", "exit 1", ""],
    ["an artifact that has expired", "case $2 in list) echo 12;; *) exit 1;; esac", ""],
  ])("looks for a history, where there is %s", (_what, gh, expected) => {
    const { files, status } = runStep(stepOf("Download the history")?.run, { env: { BRANCH: "main" }, tools: { gh } });
    expect([status, files.output]).toEqual([0, expected]);
  });

  it.each([
    ["true", 'echo "**1 of 2 people**"', "**1 of 2 people**\n"],
    ["true", "echo a message after an exit; exit 1", "a message after an exit\n"],
    ["true", "exit 1", "No rehearsal: it failed, and the log of this job has the error.\n"],
    ["", "exit 1", "No rehearsal: *History for rehearsals* has kept no history in the last 14 days.\n"],
  ])("rehearses it, or says in a line that it did not (history: %j, command: %s)", (FOUND, npm, expected) => {
    const { files, status } = runStep(stepOf("Rehearse")?.run, {
      env: { FOUND, GITHUB_BASE_REF: "main" },
      tools: { npm },
    });
    expect([status, files["rehearsal.md"], files.summary]).toEqual([0, expected, expected]);
  });

  it("comments with the plan, and as much of the rehearsal as GitHub takes", () => {
    const comment = (plan: string, rehearsal: string) => {
      using made = testFolder();
      const folder = made.path;
      writeFileSync(join(folder, "plan.md"), plan);
      writeFileSync(join(folder, "rehearsal.md"), rehearsal);
      return execFileSync(
        fileURLToPath(new URL(".ci/plan-comment", root)),
        [join(folder, "plan.md"), join(folder, "rehearsal.md")],
        {
          encoding: "utf8",
        },
      );
    };
    expect(comment("the plan\n", "the rehearsal\n")).toBe(
      "the plan\n\n### Rehearsal on real history\n\nthe rehearsal\n",
    );
    const timelines = `\n${SAMPLE_BEGINS}\n${"timeline\n".repeat(9_000)}${SAMPLE_ENDS}\n`;
    expect(comment("the plan", `lead${timelines}limits`)).toBe(
      "the plan\n\n### Rehearsal on real history\n\nlead\nlimits\n",
    );
    const cut = comment("the plan", `lead${timelines}${"→".repeat(30_000)}`);
    expect(Buffer.byteLength(cut)).toBeLessThan(65_536);
    expect(cut).toMatch(/^the plan\n\n### Rehearsal on real history\n\nlead\n→+\n$/);
  });
});

/** Runs the script of a step as GitHub does, with stand-ins for tools. */
function runStep(script = "exit 9", { env, tools }: { env: Record<string, string>; tools: Record<string, string> }) {
  using made = testFolder();
  const folder = made.path;
  for (const [tool, code] of Object.entries(tools))
    writeFileSync(join(folder, tool), `#!/bin/sh\n${code}\n`, { mode: 0o755 });
  for (const file of ["output", "summary"]) writeFileSync(join(folder, file), "");
  const { status } = spawnSync("bash", ["-e", "-c", script], {
    // With a pipe of Node as its input, bash takes itself for a remote shell, and runs the user's .bashrc first.
    stdio: "ignore",
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      RUNNER_TEMP: folder,
      GITHUB_OUTPUT: join(folder, "output"),
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
      GITHUB_REPOSITORY: "acme/messages",
      ...env,
    },
  });
  const written = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]);
  return { status, files: Object.fromEntries(written) as Record<string, string> };
}

it("npm run rehearse has each option that a workflow uses", () => {
  const commands = names.flatMap((name) => {
    const joined = read(`.github/workflows/${name}`).replaceAll(/\\\n\s*/g, "");
    return [...joined.matchAll(/npm run --silent rehearse -- (.*)/g)].map(([, options = ""]) => options);
  });
  expect(commands).toHaveLength(2);
  const used = commands.flatMap((options) => [...options.matchAll(/--([\w-]+)/g)].map(([, option = ""]) => option));
  expect(used.filter((option) => !Object.hasOwn(OPTIONS, option))).toEqual([]);
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
