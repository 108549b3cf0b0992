import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from "vitest/config";
import { leftOut } from "./test/support/left-out.ts";

type Options = NonNullable<Extract<TestProjectConfiguration, { test?: unknown }>["test"]>;
type RunOptions = NonNullable<ViteUserConfig["test"]> & { tagsFilter?: string[] };

const tests = (folder: string) => `test/${folder}/**/*.test.{ts,tsx}`;
const build = "test/support/build.ts";

/** `npm test` runs these as one, without PostgreSQL: within one project, files share what is transformed and imported. */
const QUICK = {
  /** Pure: no socket, no build. */
  unit: { include: [tests("unit")] },
  /** The app, over real sockets, in the sandbox, and the stories of the workflows. */
  app: { include: [tests("app"), tests("workflows")] },
  /** The store's promises, on each engine. */
  engines: { include: [tests("engines")], globalSetup: [build, "test/support/postgres-template.ts"] },
  /** The commands, in the process. */
  commands: { include: [tests("commands")] },
} satisfies Record<string, Options>;

/** `npm run test:all` runs these as well. */
const LONG = {
  /** What is started as a process of its own: the app, the commands, the demo. */
  processes: { include: [tests("processes")], globalSetup: [build] },
  /** The studio and the emails in Chromium. */
  browser: { include: [tests("browser")] },
  /** Kills, outages, full disks, races, real pauses. */
  trouble: { include: [tests("trouble")], globalSetup: [build] },
  /** The stories once more, told by Segment. */
  segment: { include: [tests("workflows/stories")], env: { STORIES_BY: "segment" } },
  /** The first day of a fork, in a copy of the checkout. */
  fork: { include: [tests("fork")] },
} satisfies Record<string, Options>;

const words = process.argv.slice(2).join(" ");
/** A test that is named is run, whatever its project. Each project reads this file again, in a mode of its own. */
const runsAll = /--mode[ =]all\b|--project\b|\.test\b|\btest\//.test(words);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // More than the usual two cores, because tests wait for sockets.
    maxWorkers: 3,
    // Modules hold no state, so that files can share them.
    isolate: false,
    // Most of what a test makes is garbage at its end: a tenth less CPU.
    execArgv: ["--max-semi-space-size=32"],
    tags: [{ name: "long", description: "Takes seconds: real pauses, every order of events, weeks for many people." }],
    ...(runsAll ? everything() : quick()),
  },
});

function quick(): RunOptions {
  const all: Options[] = Object.values(QUICK);
  return {
    include: all.flatMap(({ include }) => include ?? []),
    globalSetup: all.flatMap(({ globalSetup }) => globalSetup ?? []),
    env: { TEST_DATABASE_URL: "" },
    tagsFilter: ["!long"],
    reporters: ["default", leftOut([...Object.keys(LONG), "PostgreSQL", "what is tagged long"])],
  };
}

function everything(): RunOptions {
  const all = Object.entries({ ...QUICK, ...LONG });
  return { projects: all.map(([name, test]) => ({ extends: true, test: { name, ...test } })) };
}
