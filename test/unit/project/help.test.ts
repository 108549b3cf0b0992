import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/commands/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { scripts: Record<string, string> };

/** The files that define, start and print a command. */
const SHARED = ["clock", "command", "command-io", "durations", "env-file", "errors", "import-own", "run-as-main"];

/** What starts a command, and the files with its help. */
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
  let inputs: Metafile["inputs"];
  beforeAll(async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: Object.keys(FILES),
      ...{ bundle: true, splitting: true, format: "esm", platform: "node", packages: "external" },
      ...{ outdir: "unwritten", write: false, metafile: true, logLevel: "silent" },
    });
    inputs = metafile.inputs;
  });

  it.each(Object.entries(FILES))("%s loads only its own text, and no package", (entry, own) => {
    const { files, packages } = loadedBy(entry, inputs);
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

/** All files and packages that are imported before the file runs. */
function loadedBy(entry: string, inputs: Metafile["inputs"]): { files: string[]; packages: string[] } {
  const [files, packages] = [new Set([entry]), new Set<string>()];
  // A set that grows meanwhile is read to its end.
  for (const file of files)
    for (const { path, kind, external } of inputs[file]?.imports ?? []) {
      if (kind === "dynamic-import" || path.startsWith("node:")) continue;
      (external ? packages : files).add(path);
    }
  return { files: [...files], packages: [...packages] };
}
