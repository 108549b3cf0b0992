import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";

export interface Loaded {
  files: string[];
  packages: string[];
}

/** The files and packages that each of these sources imports before it runs. */
export async function loadedBy(entries: string[]): Promise<Map<string, Loaded>> {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    entryPoints: entries,
    ...{ bundle: true, splitting: true, format: "esm", platform: "node", packages: "external" },
    ...{ outdir: "unwritten", write: false, metafile: true, logLevel: "silent" },
  });
  return new Map(entries.map((entry) => [entry, importsOf(entry, metafile.inputs)]));
}

function importsOf(entry: string, inputs: Metafile["inputs"]): Loaded {
  const [files, packages] = [new Set([entry]), new Set<string>()];
  // A set that grows meanwhile is read to its end.
  for (const file of files)
    for (const { path, kind, external } of inputs[file]?.imports ?? []) {
      if (kind === "dynamic-import" || path.startsWith("node:")) continue;
      (external ? packages : files).add(path);
    }
  return { files: [...files], packages: [...packages] };
}
