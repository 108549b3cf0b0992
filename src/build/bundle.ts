import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

// The last step of `npm run build`: bundles the sources that are started, such as src/main.ts, each with the files and
// packages that it imports. Otherwise Node loads some 1,500 files at each start, which takes a second of CPU, and an
// email loads all of `@react-email/components`, with Tailwind, Prism and a Markdown parser.

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** A package that `pg` loads only where it is installed. */
const NOT_INSTALLED = ["pg-native"];
/** Some packages call `require`, which ES modules do not have. libsql requires its binary, a package per platform. */
const REQUIRE = `import { createRequire } from "node:module";const require = createRequire(import.meta.url);`;

const { values, positionals } = parseArgs({
  options: { outdir: { type: "string", default: "dist" } },
  allowPositionals: true,
});

await build({
  absWorkingDir: PROJECT,
  entryPoints: positionals,
  outdir: values.outdir,
  outbase: ".",
  // The tests' build has the compiled files there.
  allowOverwrite: true,
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: NOT_INSTALLED,
  // Leaves out what React has for development.
  define: { "process.env.NODE_ENV": '"production"' },
  // Names stay, for stack traces. Node prints the line of an uncaught error, so lines are short.
  minifyWhitespace: true,
  lineLimit: 160,
  banner: { js: REQUIRE },
  logLevel: "warning",
});
