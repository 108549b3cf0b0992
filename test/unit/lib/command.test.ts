import { describe, expect, expectTypeOf, it } from "vitest";
import { defineCommand, type OptionValues, UsageError } from "../../../src/lib/command.ts";
import { runAsMain } from "../../../src/lib/run-as-main.ts";
import { run } from "../../support/command.ts";

const HELP = "npm run greet -- [options]";
const OPTIONS = {
  loud: { type: "boolean" },
  name: { type: "string" },
  "how-often": { type: "string", default: "1" },
  also: { type: "string", multiple: true },
} as const;

const greet = defineCommand({
  name: "greet",
  help: HELP,
  options: OPTIONS,
  async run({ options, positionals, env, io }) {
    if (options.name === "nobody") throw new UsageError("nobody is no name");
    if (options.name === "trouble") throw new Error("cannot greet", { cause: new Error("no voice") });
    io.print(JSON.stringify({ options, positionals, greeting: env.GREETING }));
    return options.loud ? 3 : 0;
  },
});
const NOTHING_GIVEN = { loud: false, "how-often": "1", also: [], json: false, help: false };

describe("a command", () => {
  it("has typed options, absent ones included, and the environment", async () => {
    expectTypeOf<OptionValues<typeof OPTIONS>>().toEqualTypeOf<{
      readonly loud: boolean;
      readonly name: string | undefined;
      readonly "how-often": string;
      readonly also: string[];
    }>();
    const { code, stdout, stderr } = await run(greet, [], { env: { GREETING: "Hello" } });
    expect([code, stderr, JSON.parse(stdout)]).toEqual([
      0,
      "",
      { options: NOTHING_GIVEN, positionals: [], greeting: "Hello" },
    ]);
  });

  it.each<[string[], object]>([
    [["--loud", "--name", "Ada"], { loud: true, name: "Ada" }],
    [["--how-often=3", "--json"], { "how-often": "3", json: true }],
    [["--also", "Bo", "--also", "Cy"], { also: ["Bo", "Cy"] }],
  ])("reads %j, and ends with the code that it answers", async (args, given) => {
    const { code, stdout } = await run(greet, args);
    expect(code).toBe(args.includes("--loud") ? 3 : 0);
    expect(JSON.parse(stdout).options).toEqual({ ...NOTHING_GIVEN, ...given });
  });

  it.each<[string, string[]]>([
    ["alone", ["--help"]],
    ["with other options", ["--name", "nobody", "--help"]],
    ["with --json", ["--json", "--help"]],
  ])("prints its help %s, and does nothing else", async (_, args) => {
    expect(await run(greet, args)).toMatchObject({ code: 0, stdout: `${HELP}\n`, stderr: "" });
  });

  it.each<[string, string[], string | RegExp]>([
    ["an unknown option", ["--lout"], /^Unknown option '--lout'/],
    ["an unknown option beside --help", ["--lout", "--help"], /^Unknown option '--lout'/],
    ["a value that is missing", ["--name"], /^Option '--name <value>' argument missing/],
    ["a value where none belongs", ["--loud=yes"], /^Option '--loud' does not take an argument/],
    ["an argument that it does not take", ["Ada"], /^Unexpected argument 'Ada'/],
    ["what it does not accept itself", ["--name", "nobody"], /^nobody is no name\n/],
  ])("ends with 2 and the help on stderr after %s", async (_, args, message) => {
    const { code, stdout, stderr } = await run(greet, args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(new RegExp(`\n\n${HELP.replaceAll("[", "\\[")}\n$`));
  });

  it.each([[[]], [["--json"]]])("ends with 1 after trouble, said in one line on stderr, with %j", async (args) => {
    expect(await run(greet, ["--name", "trouble", ...args])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "cannot greet: no voice\n",
    });
  });

  it("has positionals where it takes them", async () => {
    const echo = defineCommand({
      name: "echo",
      help: "",
      options: {},
      takesPositionals: true,
      async run({ positionals, io }) {
        io.print(positionals.join(" "));
        return 0;
      },
    });
    expect((await run(echo, ["export", "--json", "ada"])).stdout).toBe("export ada\n");
  });

  it("listens to signals from the moment that it reads the signal", async () => {
    let reads = 0;
    const context = {
      surroundings: async () => ({ env: {}, now: Date.now, notes: [] }),
      io: {} as never,
      get signal() {
        reads += 1;
        return AbortSignal.abort(new Error("interrupted"));
      },
    };
    const common = { name: "wait", help: "", options: {} };
    expect(await defineCommand({ ...common, run: async () => 0 }).run([], context)).toBe(0);
    expect(reads).toBe(0);
    expect(
      await defineCommand({ ...common, run: async ({ signal }) => (signal.aborted ? 4 : 0) }).run([], context),
    ).toBe(4);
    expect(reads).toBe(1);
  });

  it("ends with 1 when it is interrupted while it sleeps", async () => {
    const interruption = new AbortController();
    const waiting = defineCommand({
      name: "wait",
      help: "",
      options: {},
      async run({ io, signal }) {
        interruption.abort(new Error("interrupted"));
        await io.sleep(60_000, signal);
        return 0;
      },
    });
    expect(await run(waiting, [], { signal: interruption.signal })).toMatchObject({ code: 1, stderr: "interrupted\n" });
  });

  it("is not started by an import", async () => {
    const before = process.exitCode;
    await runAsMain(greet, import.meta.url);
    expect(process.exitCode).toBe(before);
  });
});

describe("the terminal of a command", () => {
  const ask = defineCommand({
    name: "ask",
    help: "",
    options: {},
    async run({ io }) {
      io.print(String(await io.ask("Who? ")));
      return 0;
    },
  });

  it.each<[string, string, boolean, string]>([
    ["answers what is typed", "ada\n", true, "ada\n"],
    ["answers null when it ends before the answer", "", true, "null\n"],
    ["is asked nothing where it is no terminal", "ada\n", false, "null\n"],
  ])("%s", async (_, input, isTerminal, stdout) => {
    expect(await run(ask, [], { input, isTerminal })).toMatchObject({ stdout, stderr: isTerminal ? "Who? " : "" });
  });
});
