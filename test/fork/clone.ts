import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const BIN = "node_modules/.bin";
/** In a folder that git does not read. */
const TYPES_IN = ["--tsBuildInfoFile", ".git/types.tsbuildinfo"];

interface Ended {
  code: number;
  output: string;
}

/** A copy of this checkout that a test may change, with its programs. */
export interface Clone extends Disposable {
  read(file: string): string;
  write(file: string, text: string): void;
  /** Throws when `change` changes nothing. */
  edit(file: string, change: (text: string) => string): void;
  /** Throws for a path that does not exist. */
  remove(path: string): void;
  /** The files in a folder, at every depth. */
  files(folder: string): string[];
  /** The path of a file. */
  path(file: string): string;
  commit(message: string): void;
  /** The lines of git's output. */
  git(...args: string[]): string[];
  /** The paths of the files that differ from the last commit. */
  changes(): string[];
  /** Undoes all changes since the last commit. */
  reset(): void;
  /** Runs a program of node_modules to its end. */
  run(program: string, ...args: string[]): Promise<Ended>;
  /** Checks all types. From the second time on, only of files that a change since then concerns. */
  typecheck(): Promise<Ended>;
  /** Runs vitest with these options, and test files that start no built process. Returns the failed files. */
  vitest(...args: string[]): Promise<{ passed: number; red: string[] }>;
}

/** Copies the files that git has or would add; node_modules is a link to ours. */
export function cloneCheckout(): Clone {
  const folder = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-fork-"));
  for (const file of listFiles(PROJECT)) cpSync(join(PROJECT, file), join(folder, file));
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  git(folder, "init");
  commit("As it was forked");

  const clone: Clone = {
    read: (file) => readFileSync(join(folder, file), "utf8"),
    write(file, text) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    },
    edit(file, change) {
      const before = clone.read(file);
      const after = change(before);
      if (after === before) throw new Error(`${file} is not as this test expects it`);
      clone.write(file, after);
    },
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
    path: (file) => join(folder, file),
    commit,
    git: (...args) => git(folder, ...args),
    changes: () =>
      git(folder, "status", "--porcelain", "--untracked-files=all")
        .map((line) => line.slice(3))
        .sort(),
    reset() {
      git(folder, "reset", "--hard");
      git(folder, "clean", "-d", "--force");
    },
    files: (below) => listFiles(folder, below),
    run: (program, ...args) => run({}, program, ...args),
    // A half of the CPU goes into threads that check the same types, and into Go's garbage collection.
    typecheck: () => run({ GOGC: "off" }, "tsc", "-p", "test", "--singleThreaded", "--incremental", ...TYPES_IN),
    vitest: report,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  return clone;

  function commit(message: string): void {
    git(folder, "add", "--all");
    const author = ["-c", "user.name=A fork", "-c", "user.email=fork@example.com"];
    git(folder, ...author, "commit", "--no-gpg-sign", "-m", message);
  }

  async function run(env: Record<string, string>, program: string, ...args: string[]): Promise<Ended> {
    const child = spawn(join(folder, BIN, program), args, { cwd: folder, env: { ...ownEnvironment(), ...env } });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const [code] = await once(child, "close");
    return { code: code as number, output };
  }

  async function report(...args: string[]): Promise<{ passed: number; red: string[] }> {
    const file = join(folder, "vitest-report.json");
    // One worker, because each imports all modules again; --maxWorkers is ignored where there are projects.
    const options = ["--no-file-parallelism", "--reporter=json", `--outputFile=${file}`];
    const env = { TEST_BUILD: "none", TEST_DATABASE_URL: "" };
    const { output } = await run(env, "vitest", "run", ...options, ...args);
    if (!existsSync(file)) throw new Error(`vitest did not come to its end: ${output.slice(-2_000)}`);
    const { numPassedTests, testResults } = JSON.parse(readFileSync(file, "utf8")) as Report;
    rmSync(file);
    const red = testResults
      .filter(({ status }) => status === "failed")
      .map(({ name }) => name.slice(folder.length + 1));
    return { passed: numPassedTests, red: [...new Set(red)].sort() };
  }
}

/** The files that git has or would add. */
function listFiles(checkout: string, ...below: string[]): string[] {
  const files = git(checkout, "ls-files", "--cached", "--others", "--exclude-standard", ...below);
  return [...new Set(files)].filter((file) => existsSync(join(checkout, file)));
}

/** The lines of its output. */
function git(checkout: string, ...args: string[]): string[] {
  const output = execFileSync("git", args, { cwd: checkout, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return output.split("\n").filter(Boolean);
}

interface Report {
  numPassedTests: number;
  testResults: Array<{ name: string; status: "passed" | "failed" }>;
}

/** Ours, without vitest's variables for its tests. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|TEST_BUILD|STORIES_BY|NODE_ENV|VITE)/.test(name),
  );
  return Object.fromEntries(own);
}
