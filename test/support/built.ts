import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

/**
 * The built file of a source, such as "src/main.ts"; it starts in half the time of the source. Tests have a build of
 * their own (build.ts); `npm run bench` and `npm run chaos` use that of `npm run build`.
 */
export function built(source: string): string {
  return join(process.env.TEST_BUILD ?? DIST, source.replace(/\.tsx?$/, ".js"));
}
