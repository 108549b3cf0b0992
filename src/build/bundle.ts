import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// The last step of `npm run build`: bundles the built files that are started, each with the packages and files that it
// imports. Otherwise Node loads some 1,500 files at each start, which takes a second of CPU, and an email loads all of
// `@react-email/components`, with Tailwind, Prism and a Markdown parser. The arguments are these files, such as
// src/main.js.

const BUILT = fileURLToPath(new URL("../../", import.meta.url));
/** Packages with binaries of their own, and a package that `pg` loads only where it is installed. */
const LOADED_BY_NODE = ["libsql", "pg-native"];
/** Some packages call `require`, which ES modules do not have. */
const REQUIRE = `import { createRequire } from "node:module";const require = createRequire(import.meta.url);`;

await build({
  entryPoints: process.argv.slice(2).map((file) => join(BUILT, file)),
  outdir: BUILT,
  outbase: BUILT,
  allowOverwrite: true,
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: LOADED_BY_NODE,
  banner: { js: REQUIRE },
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});
