import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { leftOut } from "./test/support/left-out.ts";

/** `npm test` runs these, without PostgreSQL; `npm run test:all` runs all. */
const QUICK = ["unit", "app", "engines", "commands"];

const project = (name: string, test: object = {}): TestProjectConfiguration => ({
  extends: true,
  test: { name, include: [`test/${name}/**/*.test.{ts,tsx}`], ...test },
});
const build = { globalSetup: "test/support/build.ts" };
const stories = "test/workflows/**/*.test.{ts,tsx}";

const projects = {
  /** Pure: no socket, no file, no build. */
  unit: project("unit"),
  /** The app, over real sockets, in the sandbox. */
  app: project("app", { include: ["test/app/**/*.test.{ts,tsx}", stories] }),
  /** The store's promises, on each engine. */
  engines: project("engines", { globalSetup: [build.globalSetup, "test/support/postgres-template.ts"] }),
  /** The commands, in the process; one test of each starts the real thing. */
  commands: project("commands", build),
  /** The studio and the emails in Chromium. */
  browser: project("browser", { isolate: true }),
  /** Kills, outages, full disks, real pauses. */
  trouble: project("trouble", { ...build, isolate: true }),
  /** The first day of a fork, in a copy of the checkout. */
  fork: project("fork"),
  /** The stories once more, told by Segment. */
  segment: project("segment", { include: ["test/workflows/stories/*.test.ts"], env: { STORIES_BY: "segment" } }),
};

/** A test that somebody names is run, whatever its project. */
const isNamed = process.argv.slice(2).some((word) => word.startsWith("--project") || /\.test\b|^test\//.test(word));

export default defineConfig(({ mode }) => {
  const runsAll = mode === "all" || isNamed;
  const left = runsAll ? [] : Object.keys(projects).filter((name) => !QUICK.includes(name));
  return {
    test: {
      testTimeout: 60_000,
      maxWorkers: 2,
      // Modules hold no state, so that the files of a project can share them.
      isolate: false,
      env: runsAll ? {} : { TEST_DATABASE_URL: "" },
      reporters: ["default", leftOut(left)],
      projects: Object.entries(projects).flatMap(([name, project]) => (left.includes(name) ? [] : [project])),
    },
  };
});
