import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/commands/index.ts";
import { type Loaded, loadedBy } from "../../support/loaded-by.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { scripts: Record<string, string> };

/** The files that define, start and print a command. */
const SHARED = ["clock", "command", "command-io", "durations", "env-file", "errors", "import-own", "run-as-main"];

/** The file that starts each command, and the other files that have its help. */
const FILES: Record<string, string[]> = {
  ...Object.fromEntries(Object.keys(COMMANDS).map((name) => [`src/commands/${name}.ts`, []])),
  "src/commands/reconcile.ts": ["src/commands/reconcile/report.ts"],
  "src/commands/sync.ts": ["src/commands/sync/novu-cli-version.ts"],
  "src/cli.ts": ["src/commands/index.ts"],
  "src/fork/new.ts": [],
  "src/fork/remove.ts": [],
  "src/fork/upgrade.ts": ["src/fork/own-paths.ts"],
  "src/rehearsal/rehearse.ts": ["src/rehearsal/command.ts"],
  "src/sandbox/demo/demo.ts": ["src/sandbox/demo/demo-command.ts"],
  "src/sandbox/dev/dev.ts": ["src/sandbox/dev/dev-options.ts", "src/sandbox/dev/watch-command.ts"],
  "src/sandbox/event.ts": ["src/sandbox/dev/dev-options.ts", "src/sandbox/event-command.ts"],
};

describe("the help of a command", () => {
  let loaded: Map<string, Loaded>;
  beforeAll(async () => {
    loaded = await loadedBy(Object.keys(FILES));
  });

  it.each(Object.entries(FILES))("%s loads only its own text, and no package", (entry, own) => {
    const { files = [], packages } = loaded.get(entry) ?? {};
    const shared = SHARED.map((name) => `src/lib/${name}.ts`);
    expect(files.filter((file) => file !== entry && !shared.includes(file)).sort()).toEqual(own);
    expect(packages).toEqual([]);
  });

  it("is tested for every script that starts a command", () => {
    const started = Object.values(scripts).flatMap((script) => /--import tsx (\S+)/.exec(script)?.[1] ?? []);
    const others = ["src/build/bundle.ts", "src/sandbox/preview-emails.ts"];
    expect([...new Set(started)].filter((file) => FILES[file] === undefined).sort()).toEqual(others);
  });
});
