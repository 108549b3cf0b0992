import { configDefaults, defineConfig, type TestProjectConfiguration, type ViteUserConfig } from "vitest/config";
import { leftOut } from "./test/support/left-out.ts";
import { LongestFirst } from "./test/support/longest-first.ts";

type Filtered = { tagsFilter?: string[] };
type Options = NonNullable<Extract<TestProjectConfiguration, { test?: unknown }>["test"]> & Filtered;
type RunOptions = NonNullable<ViteUserConfig["test"]> & Filtered;

const tests = (folder: string) => `test/${folder}/**/*.test.{ts,tsx}`;
const build = "test/support/build.ts";

/** `npm test` runs these, without PostgreSQL. */
const QUICK = {
  /** No socket, no build. */
  unit: { include: [tests("unit")] },
  /** The app, over real sockets, in the sandbox, and the stories of the workflows. */
  app: { include: [tests("app"), tests("workflows")] },
  /** The store's promises, on each engine. */
  engines: { include: [tests("engines")], globalSetup: [build, "test/support/postgres-template.ts"] },
  /** The commands, in the process. */
  commands: { include: [tests("commands")] },
} satisfies Record<string, Options>;

/** `npm run test:long` runs these, the engines with PostgreSQL, and the tests with the tag. */
const LONG = {
  /** The app, the commands, the build and the demo as processes. */
  processes: { include: [tests("processes")], globalSetup: [build] },
  /** The studio and the emails in Chromium. */
  browser: { include: [tests("browser")] },
  /** Kills, outages, full disks, races, real pauses. */
  trouble: { include: [tests("trouble")], globalSetup: [build] },
  /** A copy of the checkout that is changed as a fork changes it. */
  fork: { include: [tests("fork")] },
} satisfies Record<string, Options>;

/** The engine tests that need no PostgreSQL: `npm test` has run those without the tag. */
const WITHOUT_POSTGRES = "test/engines/sqlite*.test.ts";

/** The stories again, with Segment as their source. */
const SEGMENT: Options = { include: [tests("workflows/stories")], env: { STORIES_BY: "segment" } };

/** From the command line: each project reads this file again, and vitest gives it another mode. */
const words = process.argv.slice(2).join(" ");
/** `--project` needs each part as a project. */
const namesParts = /--project\b/.test(words);
/** A named file runs, also one of a long part. */
const runsAll = /\.test\b|\btest\//.test(words);
const runsLong = /--mode[ =]long\b/.test(words);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // No test reads the checkout's own settings.
    env: { ENV_FILE: "" },
    // More than the usual two cores, because tests wait for sockets.
    maxWorkers: 3,
    // Modules hold no state, so that files can share them.
    isolate: false,
    // Projects do not share their transformed modules otherwise, nor do the runs in one checkout.
    experimental: { fsModuleCache: true, fsModuleCachePath: ".vitest" },
    // Saves a tenth of the CPU: most objects of a test are garbage at its end.
    execArgv: ["--max-semi-space-size=32"],
    tags: [{ name: "long", description: "Takes seconds: real pauses, every order of events, weeks for many people." }],
    sequence: { sequencer: LongestFirst },
    ...(namesParts ? parts() : runsLong ? long() : runsAll ? everything() : quick()),
  },
});

function quick(): RunOptions {
  return {
    ...asOne(QUICK),
    env: { ENV_FILE: "", TEST_DATABASE_URL: "" },
    tagsFilter: ["!long"],
    reporters: ["default", leftOut([...Object.keys(LONG), "segment", "PostgreSQL", "what is tagged long"])],
  };
}

/** All that `npm test` leaves out. */
function long(): RunOptions {
  const { engines, ...others } = QUICK;
  return projects({
    long: { ...asOne({ engines, ...LONG }), exclude: [...configDefaults.exclude, WITHOUT_POSTGRES] },
    tagged: { ...asOne({ ...others, sqlite: { include: [WITHOUT_POSTGRES] } }), tagsFilter: ["long"] },
    segment: SEGMENT,
  });
}

function everything(): RunOptions {
  return projects({ all: asOne({ ...QUICK, ...LONG }), segment: SEGMENT });
}

function parts(): RunOptions {
  return projects({ ...QUICK, ...LONG, segment: SEGMENT });
}

/** The files of one project share their transformed and imported modules. */
function asOne(parts: Record<string, Options>): Options {
  const all = Object.values(parts);
  return {
    include: all.flatMap(({ include }) => include ?? []),
    globalSetup: [...new Set(all.flatMap(({ globalSetup }) => globalSetup ?? []))],
  };
}

function projects(all: Record<string, Options>): RunOptions {
  return { projects: Object.entries(all).map(([name, test]) => ({ extends: true, test: { name, ...test } })) };
}
