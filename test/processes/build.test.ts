import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { environment, startApp } from "../support/app-process.ts";
import { built } from "../support/built.ts";
import { testFolder } from "../support/folder.ts";
import { testSandbox } from "../support/shipped.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** A busy machine needs this long to check all types. */
const WITHIN_MS = 240_000;

it("built emails import each component from the package that exports it", () => {
  const email = readFileSync(built("test/support/product/letter.tsx"), "utf8");
  const packages = [...email.matchAll(/from "(@react-email\/[^"]+)"/g)].map(([, name]) => name);
  expect(packages).toEqual(["body", "head", "html", "link", "preview", "text"].map((name) => `@react-email/${name}`));
});

it("the production build has no file of the sandbox, and starts without it", { timeout: WITHIN_MS }, async () => {
  using checkout = testFolder();
  for (const path of ["package.json", "tsconfig.json", "src", "emails"])
    cpSync(join(PROJECT, path), join(checkout.path, path), { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(checkout.path, "node_modules"));
  execFileSync("npm", ["run", "build"], { cwd: checkout.path });

  const dist = join(checkout.path, "dist");
  expect(["src/main.js", "src/cli.js", "src/workflows/index.js"].filter((file) => !has(file))).toEqual([]);
  expect(["src/sandbox", "src/workflows/demo"].filter(has)).toEqual([]);

  await using sandbox = await testSandbox();
  await using app = await startApp(environment(sandbox, join(checkout.path, "data")), [join(dist, "src/main.js")]);
  expect(await (await fetch(`${app.url}/healthz`)).json()).toEqual({ status: "ok" });

  function has(path: string): boolean {
    return existsSync(join(dist, path));
  }
});
