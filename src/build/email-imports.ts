import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// The last step of `npm run build`. `@react-email/components` loads Tailwind, Prism and a Markdown parser into each
// process: 0.4 CPU seconds and 30 MB that no shipped email needs. The sources import from this package; the built files
// import each component from the package of the component.

const BUILT = fileURLToPath(new URL("../../", import.meta.url));
const WHOLE = "@react-email/components";
const NAMED_IMPORT = new RegExp(`^import \\{([^}]*)\\} from "${WHOLE}";`, "gm");

const packageOf = await findPackages();
for (const file of builtFiles()) {
  const text = readFileSync(file, "utf8");
  // On one line, so that the source maps stay right.
  const light = text.replace(NAMED_IMPORT, (_, names: string) => names.split(",").map(importOf).join(" "));
  if (light !== text) writeFileSync(file, light);
}

function builtFiles(): string[] {
  return readdirSync(BUILT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: folder }) =>
      readdirSync(join(BUILT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(BUILT, folder, name)),
    )
    .filter((file) => file.endsWith(".js"));
}

/** Turns `Button as EmailButton` into an import from the package of Button. */
function importOf(specifier: string): string {
  const [exported = ""] = specifier.trim().split(" as ");
  return `import { ${specifier.trim()} } from "${packageOf.get(exported) ?? WHOLE}";`;
}

/** The package of each export, without packages that the built files cannot load. */
async function findPackages(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const index = indexOfWhole();
  // A fork with other components may not have this package.
  if (index === null) return found;
  const reexports = readFileSync(index, "utf8").matchAll(/export \* from "([^"]+)"/g);
  for (const [, part = ""] of reexports)
    for (const name of Object.keys(await import(part).catch(() => ({})))) found.set(name, part);
  return found;
}

function indexOfWhole(): string | null {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(WHOLE)), "index.mjs");
  } catch {
    return null;
  }
}
